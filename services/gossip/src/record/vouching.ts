/**
 * Which credential vouches for which origin (docs/PROTOCOL.md 3.4, 5.8, 5.9): a leaf serves one node id, the credential
 * that ends last is kept, and all are looked at again when the trusted roots change.
 */
import type { Context } from '../context.js';
import type { Input, NodeId, RequestId } from '../input.js';
import type { Origin } from '../store/origin.js';
import type { CredentialFacts } from './credential.js';
import { toHex } from './node-id.js';

export class Vouching {
  readonly #context: Context;
  readonly #onUntrusted: (origin: Origin) => void;
  readonly #rechecks = new Map<RequestId, NodeId>();
  /** Which node id each leaf that may serve only one has vouched for, by what the authority signed of the leaf. */
  readonly #leaves = new Map<string, NodeId>();

  constructor(context: Context, onUntrusted: (origin: Origin) => void) {
    this.#context = context;
    this.#onUntrusted = onUntrusted;
  }

  /** Whether this leaf has vouched for somebody else before; reports it when so. Shared leaves serve many. */
  isLeafReused(facts: CredentialFacts): boolean {
    if (facts.binding === 'shared') return false;
    const first = this.#leaves.get(toHex(facts.leafContent));
    if (first === undefined || first === facts.nodeId) return false;
    this.#context.emit({ type: 'leaf-reused', fingerprint: facts.leafFingerprint, first, second: facts.nodeId });
    return true;
  }

  /** Takes a credential that was admitted, unless the one in force lasts longer. */
  adopt(origin: Origin, bytes: Uint8Array, facts: CredentialFacts): void {
    if (origin.credential !== null && facts.notAfterMs < origin.credential.facts.notAfterMs) return;
    this.forget(origin);
    if (facts.binding !== 'shared') this.#leaves.set(toHex(facts.leafContent), origin.id);
    origin.credential = { bytes, facts };
    this.#context.emit({ type: 'credential-admitted', origin: origin.id, credential: bytes, facts });
  }

  forget(origin: Origin): void {
    if (origin.credential !== null) this.#leaves.delete(toHex(origin.credential.facts.leafContent));
  }

  /** Has every credential judged again but our own: whether that one is good is for the others to say. */
  recheck(): void {
    for (const origin of this.#context.origins.all()) {
      if (origin.credential === null || origin.id === this.#context.config.self) continue;
      const request = this.#context.nextRequest();
      this.#rechecks.set(request, origin.id);
      this.#context.emit({ type: 'verify-credential', request, credential: origin.credential.bytes });
    }
  }

  /** Returns false when the request was not one of these. */
  onCredentialVerified(request: RequestId, result: Extract<Input, { type: 'credential-verified' }>['result']): boolean {
    const id = this.#rechecks.get(request);
    if (id === undefined) return false;
    this.#rechecks.delete(request);
    const origin = this.#context.origins.get(id);
    if (origin !== undefined && !result.admitted) this.#onUntrusted(origin);
    return true;
  }
}
