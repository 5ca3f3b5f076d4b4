/** The states of a node, as the designated node judges them. */
import type { Absence, Node } from '@starling/contract';

export type NodeState = Node['state'];

/** In the order of the top bar. */
export const nodeStates: readonly NodeState[] = ['alive', 'suspect', 'failed', 'left'];

/** The more, the more it wants attention. */
export function severityOf(state: NodeState): number {
  return { left: 0, alive: 1, suspect: 2, failed: 3 }[state];
}

/** Whether nothing new is expected of a node: what it said last was true then, and may not be now. */
export function isSilent(state: NodeState): boolean {
  return state === 'failed' || state === 'left';
}

/** How a node's view compares with `own`, that of the node that is looked from. Views of different times do not compare. */
export function agreementWord(node: Node, own: string | null): string {
  if (isSilent(node.state)) return '–';
  if (node.view === null) return 'not settled';
  return node.view === own ? 'agrees' : 'differs';
}

/** What a state means, for whoever meets it the first time. */
export const meaningOf: Readonly<Record<NodeState, string>> = {
  alive: 'Its news comes as expected',
  suspect: 'Its news is late: it may be down or cut off',
  failed: 'Suspected for too long: taken for down',
  left: 'Said goodbye',
};

/** Said of a node of which it is proven (docs/PROTOCOL.md 5.6), whatever its state. */
export const meaningOfEquivocation = 'signed two contents under one sequence: its key is in other hands';

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
