/** Credentials that were refused of late (docs/PROTOCOL.md 5.11). */
import type { NodeId } from '../input.js';
import { limits } from '../limits.js';
import { putLast } from '../put-last.js';
import { equalBytes } from './node-id.js';
import type { RefusalReason } from './refusal-reason.js';

interface Refused {
  readonly credential: Uint8Array;
  readonly reason: RefusalReason;
  readonly atMs: number;
}

export class RefusedCredentials {
  /** The last one of each origin; the oldest comes first. */
  readonly #last = new Map<NodeId, Refused>();

  /** Why this very credential of this origin was refused a moment ago; null when it was not. */
  reasonOf(origin: NodeId, credential: Uint8Array, nowMs: number): RefusalReason | null {
    const last = this.#last.get(origin);
    return last !== undefined && nowMs - last.atMs < limits.refusedCredentialMs && equalBytes(last.credential, credential) ? last.reason : null;
  }

  remember(origin: NodeId, credential: Uint8Array, reason: RefusalReason, nowMs: number): void {
    putLast(this.#last, origin, { credential: credential.slice(), reason, atMs: nowMs }, limits.maxRefusedRemembered);
  }

  /** The trusted roots changed: what was refused may be admitted now. */
  clear(): void {
    this.#last.clear();
  }
}
