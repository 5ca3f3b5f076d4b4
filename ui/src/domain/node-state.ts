/** The states of a node, as the designated node judges them. */
import type { Absence, Node } from '@starling/contract';

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

/** Why a node is away, by what Kubernetes says. */
export const meaningOfAbsence: Readonly<Record<Absence['reason'], string>> = {
  'scaled-down': 'Its StatefulSet was made smaller',
  updated: 'Its pod is replaced by one of a newer revision',
  evicted: 'Its pod was evicted, by a drain or for want of resources on its machine',
  preempted: 'Its pod made room for one of higher priority',
  'machine-lost': 'Its machine is gone, does not report, or has a taint that it may not bear',
  'machine-shutdown': 'Its machine was shut down',
  'container-ended': 'Its container has ended, and was not started again yet',
  deleted: 'Its pod was deleted, for no other reason that was written down',
};

/** A few words; null while nothing is known. */
export function absenceWords(node: Node): string | null {
  return node.absence === undefined ? null : node.absence.reason.replaceAll('-', ' ');
}
