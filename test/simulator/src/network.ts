/** Links of the simulated network: latency, loss, duplication, reordering; every fault can be off. */
import type { Channel, Random } from '@starling/gossip';

export interface LinkFaults {
  /** Latency of a message, milliseconds: at least this, and an exponential tail of this mean on top. */
  leastLatencyMs: number;
  tailLatencyMs: number;
  /** Chance that a datagram is lost; a stream is delivered late instead, as retransmission does it. */
  loss: number;
  duplication: number;
  /** Chance that a message is held back for up to 50 ms. */
  reordering: number;
}

/** The largest datagram payload that a connection carries, bytes: a packet of the transport without what QUIC puts around it. */
export const maxDatagramBytes = 1_306;

export const calmLinks: Readonly<LinkFaults> = { leastLatencyMs: 0.5, tailLatencyMs: 0.5, loss: 0, duplication: 0, reordering: 0 };

export const retransmissionMs = 60;
const heldBackMs = 50;

/** When the first copy of a message arrives, milliseconds from now; infinite when it is lost. */
export function arrival(faults: LinkFaults, channel: Channel, random: Random): number {
  let delayMs = latency(faults, random);
  if (faults.reordering > 0 && random() < faults.reordering) delayMs += random() * heldBackMs;
  if (faults.loss === 0) return delayMs;
  if (channel === 'datagram') return random() < faults.loss ? Number.POSITIVE_INFINITY : delayMs;
  while (random() < faults.loss) delayMs += retransmissionMs;
  return delayMs;
}

/** When a second copy of a datagram arrives, milliseconds from now; infinite when there is none. */
export function echo(faults: LinkFaults, channel: Channel, random: Random): number {
  if (faults.duplication === 0 || channel === 'stream' || random() >= faults.duplication) return Number.POSITIVE_INFINITY;
  return latency(faults, random) + latency(faults, random);
}

function latency(faults: LinkFaults, random: Random): number {
  return faults.tailLatencyMs === 0 ? faults.leastLatencyMs : faults.leastLatencyMs - faults.tailLatencyMs * Math.log(1 - random());
}
