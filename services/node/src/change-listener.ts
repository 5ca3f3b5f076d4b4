/** What somebody who follows the network wants to hear: which node to read again, and what cannot be read again. */
import type { Arrival, TimelineEvent } from '@starling/contract';
import type { NodeId } from '@starling/gossip';

/** Called from inside the fold of an event: must not throw, and should only take a note. */
export interface ChangeListener {
  /** A newer record or another state; `details` when what changes rarely changed too (version, labels, certificate). */
  onNodeChanged(id: NodeId, change: { readonly details: boolean }): void;
  onNodeForgotten(id: NodeId): void;
  /** A connection came, went, or changed sides of the broadcast tree. */
  onPeersChanged(): void;
  onTimelineEvent(event: TimelineEvent): void;
  onRecordArrived(arrival: Arrival): void;
  /** A record was refused, or the views were compared anew. */
  onFiguresChanged(change: { readonly refused: boolean }): void;
}
