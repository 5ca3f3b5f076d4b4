/** The states of a node, as the designated node judges them. */
import type { Node } from '@starling/contract';

export type NodeState = Node['state'];

/** In the order of the top bar. */
export const nodeStates: readonly NodeState[] = ['alive', 'suspect', 'failed', 'left'];

/** The more, the more it wants attention. */
export function severityOf(state: NodeState): number {
  return { left: 0, alive: 1, suspect: 2, failed: 3 }[state];
}

/** What a state means, for whoever meets it the first time. */
export const meaningOf: Readonly<Record<NodeState, string>> = {
  alive: 'Its news comes as expected',
  suspect: 'Its news is late: it may be down or cut off',
  failed: 'Suspected for too long: taken for down',
  left: 'Said goodbye',
};
