/** The nodes that the gateway offers to look from, and what was last known of each. */
import type { NetworkView } from './network-view.js';
import { isSilent, nodeStates, type NodeState } from './node-state.js';

export interface Outlook {
  readonly name: string;
  /** Null while no node of this name is known. */
  readonly state: NodeState | null;
}

/** Offered at once, where another node has to be chosen. */
export const maxWaysOut = 4;

/** @param view null while nothing was ever known */
export function outlooksOf(names: readonly string[], view: NetworkView | null): Outlook[] {
  const states = new Map<string, NodeState | null>(names.map((name) => [name, null]));
  for (const { node } of view?.nodes.values() ?? []) {
    const other = states.get(node.name);
    // A node that took the name of one that is gone is the one that would answer.
    if (other === null || (other !== undefined && nodeStates.indexOf(node.state) < nodeStates.indexOf(other))) states.set(node.name, node.state);
  }
  return [...states].map(([name, state]) => ({ name, state }));
}

/** Whom to look from instead; those that will not answer only when there is nobody else. */
export function waysOut(outlooks: readonly Outlook[], current: string): Outlook[] {
  const others = outlooks.filter(({ name }) => name !== current);
  const well = others.filter(({ state }) => state === null || !isSilent(state));
  return (well.length > 0 ? well : others).slice(0, maxWaysOut);
}
