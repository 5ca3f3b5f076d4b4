/** What the API asks for; the history of the node answers it. */
import type { Agreement, Arrival, AsOf, Counts, Node, NodeDetail, Peer, RecordAnswer, TimelineEvent } from '@starling/contract';
import type { NodeId } from '@starling/gossip';

/** Told from inside the fold of an event: takes a note and returns. */
export interface SourceListener {
  onNodeChanged(id: NodeId, change: { readonly details: boolean }): void;
  onNodeForgotten(id: NodeId): void;
  onPeersChanged(): void;
  onTimelineEvent(event: TimelineEvent): void;
  onRecordArrived(arrival: Arrival): void;
  onFiguresChanged(change: { readonly refused: boolean }): void;
}

export interface ApiSource {
  /** Returns the end of the subscription. */
  subscribe(listener: SourceListener): () => void;
  asOf(): AsOf;
  sampleIntervalSeconds(): number;
  counts(): Counts;
  agreement(): Agreement;
  /** Records refused since the start, by reason. */
  refused(): Readonly<Record<string, number>>;
  self(): NodeDetail;
  nodes(): Node[];
  /** These three are null for a node that is not known. */
  node(id: NodeId): Node | null;
  detail(id: NodeId): NodeDetail | null;
  proof(id: NodeId): Pick<RecordAnswer, 'bundles' | 'credential' | 'equivocation'> | null;
  peers(): Peer[];
  /** Oldest first. */
  timeline(): TimelineEvent[];
}
