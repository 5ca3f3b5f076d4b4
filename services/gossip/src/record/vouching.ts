/**
 * Which credential vouches for which node (docs/PROTOCOL.md 3.4, 5.8, 5.9): a leaf serves one node id, at handshakes and
 * for records alike; of an origin the credential that ends last is kept, and all are looked at again when the trusted roots
 * change.
 */
import type { Context } from '../context.js';
import type { CredentialVerdict, NodeId } from '../input.js';
import { limits } from '../limits.js';
import { putLast } from '../put-last.js';
import type { HeldCredential, Origin } from '../store/origin.js';
import type { CredentialFacts } from './credential.js';
import { kinds } from './kinds.js';
import { equalBytes, toHex } from './node-id.js';

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

export interface VouchingListener {
  /** Nothing vouches for it any more. */
  onUntrusted(origin: Origin): void;
  /** Another credential is in force now, which may end sooner. */
  onReplaced(origin: Origin): void;
}

/** Leaves are told apart by what the authority signed of them (docs/PROTOCOL.md 3.6). */
export class Vouching {
  readonly #context: Context;
  readonly #listener: VouchingListener;
  /** Of which origin the credential in force is of this leaf. */
  readonly #leaves = new Map<string, NodeId>();
  /** In the order in which they ended. */
  readonly #partings = new Map<string, Parting>();

  constructor(context: Context, listener: VouchingListener) {
    this.#context = context;
    this.#listener = listener;
  }

  /** Whether this leaf has vouched for somebody else before; reports it when so. Shared leaves serve many: they are not noted. */
  reportReuse(facts: CredentialFacts): boolean {
    const first = this.#holderOf(facts.leafContent);
    if (first === undefined || first === facts.nodeId) return false;
    this.#context.emit({ type: 'leaf-reused', fingerprint: facts.leafFingerprint, first, second: facts.nodeId });
    return true;
  }

  #holderOf(leafContent: Uint8Array): NodeId | undefined {
    this.#forgetPartings();
    const leaf = toHex(leafContent);
    return this.#leaves.get(leaf) ?? this.#greeterWith(leafContent) ?? this.#partings.get(leaf)?.nodeId;
  }

  /** As whom this leaf greeted over a connection that is there: from its handshake on it is that node's, whether or not anything is ever said under it. */
  #greeterWith(leafContent: Uint8Array): NodeId | undefined {
    for (const { facts } of this.#context.peers.all()) if (facts !== null && facts.binding !== 'shared' && equalBytes(facts.leafContent, leafContent)) return facts.nodeId;
    return undefined;
  }

  /** A connection ended over which this leaf greeted: from the last of them on it is remembered for as long as a node that failed. */
  part(facts: CredentialFacts): void {
    if (facts.binding === 'shared') return;
    this.#forgetPartings();
    const gone = putLast(this.#partings, toHex(facts.leafContent), { nodeId: facts.nodeId, atMs: this.#context.nowMs }, limits.maxPartedLeaves);
    if (gone !== null) this.#context.limitReached('maxPartedLeaves');
  }

  #forgetPartings(): void {
    for (const [leaf, { atMs }] of this.#partings) {
      if (this.#context.nowMs - atMs < limits.retentionMs) return;
      this.#partings.delete(leaf);
    }
  }

  /** An origin that was unknown, by a credential that was admitted. */
  admit(id: NodeId, judged: HeldCredential): Origin {
    return this.#context.origins.add(id, this.#keep(id, judged));
  }

  /** Takes another credential that was admitted, unless the one in force lasts longer. */
  adopt(origin: Origin, judged: HeldCredential): void {
    if (judged.facts.notAfterMs >= origin.credential.facts.notAfterMs) this.#exchange(origin, judged);
  }

  #exchange(origin: Origin, judged: HeldCredential): void {
    this.freeLeaf(origin);
    origin.credential = this.#keep(origin.id, judged);
  }

  #keep(origin: NodeId, { bytes, facts }: HeldCredential): HeldCredential {
    if (facts.binding !== 'shared') this.#leaves.set(toHex(facts.leafContent), origin);
    const credential = this.#context.memory.copy(bytes);
    this.#context.emit({ type: 'credential-admitted', origin, credential, facts });
    return { bytes: credential, facts };
  }

  /** Another node may come with its leaf from now on. */
  freeLeaf(origin: Origin): void {
    this.#leaves.delete(toHex(origin.credential.facts.leafContent));
  }

  /** Has every credential judged again but our own: whether that one is good is for the others to say. */
  recheck(): void {
    for (const origin of this.#context.origins.all()) {
      if (!origin.isSelf) this.#ask(origin, origin.credential.bytes, origin.credential.bytes);
    }
  }

  #ask(origin: Origin, inForce: Uint8Array, credential: Uint8Array): void {
    const recheck = { id: origin.id, inForce, credential };
    this.#context.requests.verifyCredential(credential, (verdict) => this.#onRechecked(recheck, verdict));
  }

  #onRechecked(recheck: Recheck, verdict: CredentialVerdict): void {
    const origin = this.#context.origins.get(recheck.id);
    // Another was admitted meanwhile, and judged by the roots of now.
    if (origin === undefined || origin.credential.bytes !== recheck.inForce) return;
    if (!verdict.admitted) this.#onRefused(origin, recheck);
    else if (recheck.credential !== recheck.inForce) this.#replace(origin, { bytes: recheck.credential, facts: verdict.facts });
  }

  /** What the origin said last may end sooner than what is in force, and be of a root that is still trusted. */
  #onRefused(origin: Origin, { inForce, credential }: Recheck): void {
    const said = origin.inForce(kinds.credential)?.bundle.payload(kinds.credential) ?? null;
    if (said === null || equalBytes(said, credential)) this.#listener.onUntrusted(origin);
    else this.#ask(origin, inForce, said);
  }

  #replace(origin: Origin, judged: HeldCredential): void {
    if (this.reportReuse(judged.facts)) return this.#listener.onUntrusted(origin);
    this.#exchange(origin, judged);
    this.#listener.onReplaced(origin);
  }
}
