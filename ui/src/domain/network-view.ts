/** What the page knows of the network, built from the messages of the stream. Pure: every step gives a new view. */
import type { Agreement, AsOf, ChangesMessage, Counts, Node, Peer, SnapshotMessage } from '@starling/contract';
import { withGrowth, type RefusalGrowth } from './refusals.js';

/** What changes rarely about a node. */
export type NodeParticulars = SnapshotMessage['details'][string];

export interface KnownNode {
  readonly node: Node;
  readonly particulars: NodeParticulars | null;
  /** When `node` was read, by the clock of this page (page-clock.ts), milliseconds. Its ages count on from here. */
  readonly readAtMs: number;
}

export interface NetworkView {
  readonly session: string;
  readonly sequence: number;
  readonly asOf: AsOf;
  readonly readAtMs: number;
  readonly cluster: string;
  readonly sampleIntervalSeconds: number;
  readonly counts: Counts;
  readonly agreement: Agreement;
  readonly nodes: ReadonlyMap<string, KnownNode>;
  readonly peers: readonly Peer[];
  /** Records refused by the designated node since its start, by reason. */
  readonly refused: Readonly<Record<string, number>>;
  readonly refusalGrowth: RefusalGrowth;
}

/** More than any node keeps (docs/PROTOCOL.md section 11, limits.maxOrigins): a view that exceeds it is not of this network. */
export const maxNodes = 25_000;
/** Likewise for its connections (limits.maxConnections). */
export const maxPeers = 256;

/** @param before what the page knew of the same node; null when it begins to look from it */
export function viewOfSnapshot(message: SnapshotMessage, readAtMs: number, before: NetworkView | null = null): NetworkView {
  const { session, sequence, asOf, cluster, sampleIntervalSeconds, counts, agreement, peers, refused } = message;
  const nodes = new Map<string, KnownNode>();
  for (const node of message.nodes) nodes.set(node.id, { node, particulars: message.details[node.id] ?? null, readAtMs });
  const refusalGrowth = before === null ? new Map<string, number>() : withGrowth(before.refusalGrowth, before.refused, refused, readAtMs);
  return { session, sequence, asOf, readAtMs, cluster, sampleIntervalSeconds, counts, agreement, nodes, peers: distinct(peers), refused, refusalGrowth };
}

/** Null when the changes do not follow on this view: another session, a sequence that was already applied, or more nodes than there can be. */
export function viewWithChanges(view: NetworkView, message: ChangesMessage, readAtMs: number): NetworkView | null {
  if (message.session !== view.session || message.sequence < view.sequence) return null;
  const nodes = new Map(view.nodes);
  for (const id of message.forgotten) nodes.delete(id);
  for (const node of message.nodes) {
    nodes.set(node.id, { node, particulars: message.details[node.id] ?? nodes.get(node.id)?.particulars ?? null, readAtMs });
  }
  for (const [id, particulars] of Object.entries(message.details)) {
    const known = nodes.get(id);
    if (known !== undefined && known.particulars !== particulars) nodes.set(id, { ...known, particulars });
  }
  if (nodes.size > maxNodes) return null;
  return {
    ...view,
    sequence: message.sequence,
    asOf: message.asOf,
    readAtMs,
    counts: message.counts,
    agreement: message.agreement,
    nodes,
    peers: message.peers === null ? view.peers : distinct(message.peers),
    refused: message.refused ?? view.refused,
    refusalGrowth: message.refused === null ? view.refusalGrowth : withGrowth(view.refusalGrowth, view.refused, message.refused, readAtMs),
  };
}

/** Lists of the page know a peer by its id. */
function distinct(peers: readonly Peer[]): Peer[] {
  return [...new Map(peers.map((peer) => [peer.id, peer])).values()].slice(0, maxPeers);
}

/** Age of a node's newest record at `nowMs`, seconds. */
export function ageSeconds(known: KnownNode, nowMs: number): number {
  return known.node.ageSeconds + Math.max(0, nowMs - known.readAtMs) / 1_000;
}

/** How long a node has been in its state at `nowMs`, seconds. */
export function stateSeconds(known: KnownNode, nowMs: number): number {
  return known.node.stateSinceSeconds + Math.max(0, nowMs - known.readAtMs) / 1_000;
}

export interface AgeSummary {
  readonly medianSeconds: number;
  readonly worstSeconds: number;
  /** Who is the oldest. */
  readonly worstId: string;
}

/** Over the nodes that are expected to speak (alive and suspect); null when there are none. */
export function summarizeAges(view: NetworkView, nowMs: number): AgeSummary | null {
  const ages: { id: string; age: number }[] = [];
  for (const known of view.nodes.values()) {
    if (known.node.state === 'alive' || known.node.state === 'suspect') ages.push({ id: known.node.id, age: ageSeconds(known, nowMs) });
  }
  ages.sort((a, b) => a.age - b.age);
  const median = ages[Math.floor((ages.length - 1) / 2)];
  const worst = ages.at(-1);
  if (median === undefined || worst === undefined) return null;
  return { medianSeconds: median.age, worstSeconds: worst.age, worstId: worst.id };
}

/** What to call a node: its name, or the beginning of its id for one that is only known as a neighbour. */
export function nameOf(view: NetworkView, id: string): string {
  const name = view.nodes.get(id)?.node.name ?? view.peers.find((peer) => peer.id === id)?.name;
  return name ?? id.slice(0, 8);
}

/** By way of whom a node's news came: a peer brings its own directly, and nobody brings those of the node that is looked from. */
export function wayOf(view: NetworkView, node: Node): string {
  if (node.via === null) return '–';
  return node.via === node.id ? 'directly' : nameOf(view, node.via);
}
