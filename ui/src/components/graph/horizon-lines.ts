/** Which lines the picture has: what the designated node knows, and nothing else. */
import { neighboursOf, type Route } from '../../domain/horizon.js';
import type { NetworkView } from '../../domain/network-view.js';
import type { Line } from './horizon-canvas.js';

/** Beyond so many nodes the ways give way to density. */
const mostWays = 320;
/** A connection that loses more than this shows it. */
const lossyRatio = 0.02;

/**
 * @param chosen the selected node, whose way stands out
 * @param found the nodes that the search finds; lines between others step back
 */
export function linesOf(view: NetworkView, routes: ReadonlyMap<string, Route>, chosen: string | null, found: ReadonlySet<string>): Line[] {
  const selfId = view.asOf.node;
  const peers = new Set(view.peers.map((peer) => peer.id));
  const neighbours = neighboursOf(selfId, [...peers], routes);
  const chosenVia = chosen === null ? null : (routes.get(chosen)?.via ?? null);
  const toneOf = (from: string, to: string) => (found.has(from) || found.has(to) ? 'plain' : 'dimmed');
  const lines: Line[] = [];
  for (const peer of view.peers) {
    if (!view.nodes.has(peer.id)) continue;
    const onWay = peer.id === chosenVia || (peer.id === chosen && chosenVia === null);
    const tone = onWay ? 'chosen' : toneOf(selfId, peer.id);
    const lossy = (peer.lossRatio ?? 0) > lossyRatio && tone !== 'dimmed';
    lines.push({ from: selfId, to: peer.id, kind: 'link', tone: lossy ? 'lossy' : tone });
  }
  for (const [id, { via }] of routes) {
    if (via === null || id === selfId || !neighbours.has(via) || !view.nodes.has(via) || !view.nodes.has(id)) continue;
    const firstHand = via === id;
    // The connection shows this way already.
    if (firstHand && peers.has(id)) continue;
    const to = firstHand ? selfId : via;
    const onWay = id === chosen || (firstHand && id === chosenVia);
    if (view.nodes.size > mostWays && !onWay) continue;
    lines.push({ from: id, to, kind: 'way', tone: onWay ? 'chosen' : toneOf(id, to) });
  }
  return lines;
}

/** The nodes that a light goes by: from the origin by way of the neighbour to the middle. None for the middle itself. */
export function stopsOf(origin: string, via: string | null, selfId: string): string[] {
  return origin === selfId ? [] : [...new Set([origin, via ?? selfId, selfId])];
}
