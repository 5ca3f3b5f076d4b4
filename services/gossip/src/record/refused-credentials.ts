/** Credentials that were refused of late: which they were, and what those who bring them may cost (docs/PROTOCOL.md 5.11). */
import { Budget } from '../budget.js';
import type { NodeId } from '../input.js';
import { limits } from '../limits.js';
import type { CredentialRefusal } from './credential.js';
import { equalBytes } from './node-id.js';

interface Refused {
  readonly credential: Uint8Array;
  readonly reason: CredentialRefusal;
  readonly atMs: number;
}

export class RefusedCredentials {
  /** What each node may still bring, over whatever connection; who was refused longest ago comes first. */
  readonly #budgets = new Map<NodeId, Budget>();
  /** The last one of each origin; the oldest comes first. */
  readonly #last = new Map<NodeId, Refused>();

  /** Why this very credential of this origin was refused a moment ago; null when it was not. */
  reasonOf(origin: NodeId, credential: Uint8Array, nowMs: number): CredentialRefusal | null {
    const last = this.#last.get(origin);
    return last !== undefined && nowMs - last.atMs < limits.refusedCredentialMs && equalBytes(last.credential, credential) ? last.reason : null;
  }

  remember(origin: NodeId, credential: Uint8Array, reason: CredentialRefusal, nowMs: number): void {
    setLast(this.#last, origin, { credential: credential.slice(), reason, atMs: nowMs });
  }

  /** So many that this node brought were refused that no other one is judged for now. */
  isWornOut(bringer: NodeId, nowMs: number): boolean {
    const budget = this.#budgets.get(bringer);
    return budget !== undefined && budget.left(nowMs) < 1;
  }

  charge(bringer: NodeId, nowMs: number): void {
    const budget = this.#budgets.get(bringer) ?? new Budget(limits.maxRefusedCredentialsPerSecond, limits.maxRefusedCredentialBurst, nowMs);
    budget.spend(1, nowMs);
    setLast(this.#budgets, bringer, budget);
  }

  /** The trusted roots changed: what was refused may be admitted now, and was nobody's fault. */
  clear(): void {
    this.#budgets.clear();
    this.#last.clear();
  }
}

/** Puts it at the end, and drops the first when there are too many. */
function setLast<T>(map: Map<NodeId, T>, id: NodeId, value: T): void {
  map.delete(id);
  const [first] = map.keys();
  if (first !== undefined && map.size >= limits.maxRefusedRemembered) map.delete(first);
  map.set(id, value);
}
