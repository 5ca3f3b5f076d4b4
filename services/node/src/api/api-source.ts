/** What the API asks for; the history of the node answers it. */
import type { Agreement, AsOf, Counts, Node, NodeDetail, Peer, RecordAnswer, TimelineEvent } from '@starling/contract';
import type { NodeId } from '@starling/gossip';
import type { ChangeListener } from '../change-listener.js';

export interface ApiSource {
  /** Returns the end of the subscription. */
  subscribe(listener: ChangeListener): () => void;
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
