/** What no core may exceed, whatever happens to it: asked in simulated networks and under fuzz. */
import { type EngineStatistics, limits } from '@starling/gossip';

/** Each bound that these figures exceed, in words. `dials`: those under way. */
export function excesses(figures: EngineStatistics, dials: number): string[] {
  const bounds: readonly [string, number, number][] = [
    ['origins', figures.origins, limits.maxOrigins],
    ['tombstones', figures.tombstones, limits.maxTombstones],
    ['connections', figures.connections, limits.maxConnections],
    ['peers', figures.peers, figures.connections],
    ['checks under way', figures.pendingVerifications, limits.maxPendingVerifications],
    ['addresses', figures.addresses, limits.maxDiscoveredAddresses + limits.maxLearnedAddresses],
    ['dials', dials, limits.maxDials],
    // All that is in force of each origin may wait for each peer (docs/PROTOCOL.md 7.4).
    ['queued bytes', figures.queuedBytes, figures.peers * figures.origins * limits.maxOriginBytes],
  ];
  return bounds.filter(([, value, most]) => value < 0 || value > most).map(([what, value, most]) => `${value} ${what}, not 0 to ${most}`);
}
