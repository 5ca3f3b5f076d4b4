/**
 * Which credential vouches for which node (docs/PROTOCOL.md 3.4, 5.8, 5.9): a leaf serves one node id, at handshakes and
 * for records alike; of an origin the credential that ends last is kept, and all are looked at again when the trusted roots
 * change.
 */
import type { Context } from '../context.js';
import type { Input, NodeId, RequestId } from '../input.js';
import { limits } from '../limits.js';
import type { Origin } from '../store/origin.js';
import type { CredentialFacts } from './credential.js';
import { kinds } from './kinds.js';
import { equalBytes, toHex } from './node-id.js';

/** As whom a leaf greets, over so many connections. */
interface Greeting {
  readonly nodeId: NodeId;
  connections: number;
}

/** As whom a leaf greeted, and when the last of its connections ended, on the monotonic clock. */
interface Parting {
  readonly nodeId: NodeId;
  readonly atMs: number;
}

/** A credential of an origin that is judged again, when this one was in force. */
interface Recheck {
  readonly id: NodeId;
  readonly inForce: Uint8Array;
  readonly credential: Uint8Array;
}

/** Leaves are told apart by what the authority signed of them (docs/PROTOCOL.md 3.6). */
export class Vouching {
  readonly #context: Context;
  readonly #onUntrusted: (origin: Origin) => void;
  readonly #rechecks = new Map<RequestId, Recheck>();
  /** Of which origin the credential in force is of this leaf. */
  readonly #leaves = new Map<string, NodeId>();
  readonly #greetings = new Map<string, Greeting>();
  /** In the order in which they ended. */
  readonly #partings = new Map<string, Parting>();

  constructor(context: Context, onUntrusted: (origin: Origin) => void) {
    this.#context = context;
    this.#onUntrusted = onUntrusted;
  }

  /** Whether this leaf has vouched for somebody else before; reports it when so. Shared leaves serve many: they are not noted. */
  isLeafReused(facts: CredentialFacts): boolean {
    const first = this.#holderOf(toHex(facts.leafContent));
    if (first === undefined || first === facts.nodeId) return false;
    this.#context.emit({ type: 'leaf-reused', fingerprint: facts.leafFingerprint, first, second: facts.nodeId });
    return true;
  }

  #holderOf(leaf: string): NodeId | undefined {
    this.#forgetPartings();
    return this.#leaves.get(leaf) ?? this.#greetings.get(leaf)?.nodeId ?? this.#partings.get(leaf)?.nodeId;
  }

  /**
   * A credential was admitted at a handshake: from now on its leaf is that of this node id, whether or not anything is ever
   * said under it. False when it is another's. Each connection for which it was true parts once.
   */
  greet(facts: CredentialFacts): boolean {
    if (this.isLeafReused(facts)) return false;
    if (facts.binding === 'shared') return true;
    const leaf = toHex(facts.leafContent);
    const greeting = this.#greetings.get(leaf) ?? { nodeId: facts.nodeId, connections: 0 };
    greeting.connections += 1;
    this.#greetings.set(leaf, greeting);
    this.#partings.delete(leaf);
    return true;
  }

  /** A connection over which this leaf greeted ended. It is remembered for as long as a node that failed. */
  part(facts: CredentialFacts): void {
    const leaf = toHex(facts.leafContent);
    const greeting = this.#greetings.get(leaf);
    if (greeting === undefined) return;
    greeting.connections -= 1;
    if (greeting.connections > 0) return;
    this.#greetings.delete(leaf);
    this.#forgetPartings();
    const [oldest] = this.#partings.keys();
    if (oldest !== undefined && this.#partings.size >= limits.maxPartedLeaves) {
      this.#context.limitReached('maxPartedLeaves');
      this.#partings.delete(oldest);
    }
    this.#partings.set(leaf, { nodeId: greeting.nodeId, atMs: this.#context.nowMs });
  }

  #forgetPartings(): void {
    for (const [leaf, { atMs }] of this.#partings) {
      if (this.#context.nowMs - atMs < limits.retentionMs) return;
      this.#partings.delete(leaf);
    }
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
      if (origin.credential !== null && !origin.isSelf) this.#ask(origin, origin.credential.bytes, origin.credential.bytes);
    }
  }

  #ask(origin: Origin, inForce: Uint8Array, credential: Uint8Array): void {
    const request = this.#context.nextRequest();
    this.#rechecks.set(request, { id: origin.id, inForce, credential });
    this.#context.emit({ type: 'verify-credential', request, credential });
  }

  /** Returns false when the request was not one of these. */
  onCredentialVerified(request: RequestId, result: Extract<Input, { type: 'credential-verified' }>['result']): boolean {
    const recheck = this.#rechecks.get(request);
    if (recheck === undefined) return false;
    this.#rechecks.delete(request);
    const origin = this.#context.origins.get(recheck.id);
    // Another was admitted meanwhile, and judged by the roots of now.
    if (origin === undefined || origin.credential?.bytes !== recheck.inForce) return true;
    if (!result.admitted) this.#onRefused(origin, recheck);
    else if (recheck.credential !== recheck.inForce) this.#replace(origin, recheck.credential, result.facts);
    return true;
  }

  /** What the origin said last may end sooner than what is in force, and be of a root that is still trusted. */
  #onRefused(origin: Origin, { inForce, credential }: Recheck): void {
    const said = origin.inForce(kinds.credential)?.bundle.payload(kinds.credential) ?? null;
    if (said === null || equalBytes(said, credential)) this.#onUntrusted(origin);
    else this.#ask(origin, inForce, said);
  }

  #replace(origin: Origin, credential: Uint8Array, facts: CredentialFacts): void {
    if (this.isLeafReused(facts)) return this.#onUntrusted(origin);
    this.forget(origin);
    origin.credential = null;
    this.adopt(origin, credential, facts);
  }
}
