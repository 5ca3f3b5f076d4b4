/**
 * From bytes to a merge, or to a reason why not (docs/PROTOCOL.md 5.1, 5.2): cheap checks first, the signature once,
 * the credential when it is new. A node's own bundles come the same way, and nothing is passed on but what was merged
 * (docs/PROTOCOL.md 5.4, 5.7).
 */
import type { Context } from '../context.js';
import type { CredentialVerdict, NodeId } from '../input.js';
import { limits } from '../limits.js';
import type { Peer } from '../membership/peers.js';
import type { MemberState } from '../output.js';
import { exceededLimit, mergeBundle, type OriginLimit, supersedingKinds } from '../store/merge.js';
import type { HeldBundle, HeldCredential, Origin } from '../store/origin.js';
import { type BundleHead, type ReadBundle, decodeBundle, messageOfBundle, originAt, peekBundle, signatureOfBundle } from './bundle.js';
import { type Arrival, Check, Checks } from './check.js';
import type { CredentialRefusal } from './credential.js';
import { kinds } from './kinds.js';
import { equalBytes, toHex } from './node-id.js';
import { faults, reasonOfLimit, type RefusalReason } from './refusal-reason.js';
import { RefusedCredentials } from './refused-credentials.js';
import type { Vouching } from './vouching.js';

const none: readonly number[] = [];
/** What one bundle uses up of its origin's rate, and how much may be used up in advance, milliseconds. */
const bundleMs = 1_000 / limits.maxBundlesPerSecond;
const burstMs = limits.maxBundleBurst * bundleMs;

/** What the rest of the core does about the outcome. */
export interface AdmissionListener {
  /** `before`: how its origin was judged until now; null when it was unknown. */
  onMerged(origin: Origin, held: HeldBundle, arrival: Arrival, before: MemberState | null): void;
  onRepeated(via: Peer, path: Arrival['path'], origin: Origin): void;
  /** The sender holds what we lack to judge this origin. */
  onCredentialMissing(via: Peer, prefix: Uint8Array): void;
  onFault(via: Peer, reason: RefusalReason): void;
  /** A validly signed bundle of our own key that we did not make. */
  onOwnConflict(incarnation: number, sequence: number): void;
}

export class Admission {
  readonly #context: Context;
  readonly #listener: AdmissionListener;
  readonly #checks = new Checks();
  readonly #refused = new RefusedCredentials();
  readonly #vouching: Vouching;

  constructor(context: Context, vouching: Vouching, listener: AdmissionListener) {
    this.#context = context;
    this.#vouching = vouching;
    this.#listener = listener;
  }

  get pending(): number {
    return this.#checks.size;
  }

  receive(arrival: Arrival): void {
    const head = peekBundle(arrival.bytes);
    if (head === null) {
      const decoding = decodeBundle(arrival.bytes);
      return this.#refuse(arrival, null, decoding.ok ? 'malformed' : decoding.reason);
    }
    const origin = this.#context.origins.find(arrival.bytes, originAt);
    const id = origin?.id ?? toHex(head.origin);
    if (!head.isOfCluster(this.#context.config.clusterTag)) return this.#refuse(arrival, id, 'wrong-cluster');
    if (this.#isRepeated(arrival, head, origin)) {
      if (arrival.via !== null) this.#repeat(arrival.via, id, arrival);
      return;
    }
    const decoding = decodeBundle(arrival.bytes, id);
    if (!decoding.ok) return this.#refuse(arrival, id, decoding.reason);
    this.#judge(arrival, decoding.bundle, origin, head);
  }

  /** Known to the byte, superseded without a trace, or being checked right now. */
  #isRepeated(arrival: Arrival, head: BundleHead, origin: Origin | undefined): boolean {
    if (origin !== undefined && !origin.isNews(head.incarnation, head.sequence)) {
      const held = head.incarnation === origin.incarnation ? origin.holding(head.sequence) : undefined;
      if (held !== undefined && equalBytes(held.bundle.bytes, arrival.bytes)) return true;
      if (head.incarnation < origin.incarnation) return true;
    }
    return this.#checks.has(arrival.bytes);
  }

  #repeat(via: Peer, id: NodeId, arrival: Arrival): void {
    this.#context.emit({ type: 'record-repeated', origin: id, via: via.id ?? '' });
    const origin = this.#context.origins.get(id);
    if (origin !== undefined) this.#listener.onRepeated(via, arrival.path, origin);
  }

  #judge(arrival: Arrival, bundle: ReadBundle, origin: Origin | undefined, head: BundleHead): void {
    const refusal = this.#cheapRefusal(arrival, bundle, origin);
    if (refusal === 'superseded' && arrival.via !== null) return this.#repeat(arrival.via, bundle.origin, arrival);
    if (refusal === 'credential-missing' && arrival.via !== null) this.#listener.onCredentialMissing(arrival.via, head.origin.slice(0, 8));
    if (refusal !== null) return this.#refuse(arrival, bundle.origin, refusal);
    this.#verify(arrival, bundle, origin, head.origin);
  }

  /** Everything that can be said without the signature. The order is that of docs/PROTOCOL.md 5.2. */
  #cheapRefusal(arrival: Arrival, bundle: ReadBundle, origin: Origin | undefined): RefusalReason | null {
    const { now } = this.#context;
    if (bundle.origin === this.#context.config.self && arrival.path !== 'own') return this.#isOwnPast(bundle, origin) ? 'superseded' : null;
    if (bundle.timeMs > now.wallMs + limits.maxFutureMs) return 'from-the-future';
    if (bundle.has(kinds.sample) && bundle.timeMs < now.wallMs - limits.maxSampleAgeMs) return 'too-old';
    const shut = this.#shutOut(bundle, origin);
    if (shut !== null) return shut;
    const credential = this.#credentialToJudge(bundle, origin);
    if (origin === undefined) return credential === null ? 'credential-missing' : null;
    const contested = this.#rivalOf(bundle, origin) !== undefined;
    const superseding = supersedingKinds(origin, bundle);
    if (!contested && superseding.length === 0) return 'superseded';
    const exceeded = contested ? null : exceededLimit(origin, bundle, superseding);
    if (exceeded !== null) return this.#exceed(exceeded);
    if (!contested && arrival.path !== 'own' && origin.spentUntilMs + bundleMs > now.monotonicMs + burstMs) {
      this.#context.limitReached('maxBundlesPerSecond');
      return 'too-frequent';
    }
    return credential === null && origin.credential.facts.notAfterMs < now.wallMs - limits.maxFutureMs ? 'credential-expired' : null;
  }

  /** Its origin has gone or is not believed any more in this life, or there is no room for it. */
  #shutOut(bundle: ReadBundle, origin: Origin | undefined): 'departed' | 'equivocation' | 'too-many-origins' | null {
    const { origins, nowMs } = this.#context;
    if (origin !== undefined) {
      if (origin.state === 'left' && bundle.incarnation <= origin.incarnation) return 'departed';
      return origin.equivocatedIncarnation === bundle.incarnation ? 'equivocation' : null;
    }
    if (origins.isDeparted(bundle.origin, bundle, nowMs)) return 'departed';
    if (!origins.isFull) return null;
    this.#context.limitReached('maxOrigins');
    return 'too-many-origins';
  }

  /** Something that we may well have said; what we hold of ourselves under the same number, but not the same, is not. */
  #isOwnPast(bundle: ReadBundle, self: Origin | undefined): boolean {
    const { incarnation, sequence } = this.#context;
    if (bundle.incarnation !== incarnation) return bundle.incarnation < incarnation;
    return bundle.sequence <= sequence && self?.holding(bundle.sequence) === undefined;
  }

  #verify(arrival: Arrival, bundle: ReadBundle, origin: Origin | undefined, publicKey: Uint8Array): void {
    const { via } = arrival;
    const refusal = this.#credentialRefusal(arrival, bundle, origin);
    if (refusal !== null) return this.#refuse(arrival, bundle.origin, refusal);
    if (this.#checks.size >= limits.maxPendingVerifications) {
      this.#context.limitReached('maxPendingVerifications');
      return this.#refuse(arrival, bundle.origin, 'overloaded');
    }
    if (via !== null && via.allowance.pendingVerifications >= limits.maxPeerPendingVerifications) {
      this.#context.limitReached('maxPeerPendingVerifications');
      return this.#refuse(arrival, bundle.origin, 'overloaded');
    }
    const check = new Check(arrival, bundle, this.#context.nowMs);
    this.#checks.begin(check);
    const { bytes } = bundle;
    this.#context.requests.verifySignature({ publicKey, message: messageOfBundle(bytes, this.#context.memory), signature: signatureOfBundle(bytes) }, (valid) => this.#onSignatureVerified(check, valid));
  }

  #onSignatureVerified(check: Check, valid: boolean): void {
    const { bundle, arrival } = check;
    const origin = this.#context.origins.get(check.id);
    const isOurs = check.id === this.#context.config.self;
    // Two valid signatures prove an equivocation, whatever credential came along: to judge that as well would cost a check for each that a liar makes up.
    const mayMerge = valid && (arrival.via === null || !isOurs) && this.#rivalOf(bundle, origin) === undefined;
    const credential = mayMerge ? this.#credentialToJudge(bundle, origin) : null;
    if (credential !== null) return this.#context.requests.verifyCredential(credential, (verdict) => this.#onCredentialVerified(check, credential, verdict));
    this.#checks.end(check);
    if (!valid) this.#refuse(arrival, check.id, 'signature-invalid');
    else if (arrival.via !== null && isOurs) this.#meetOurselves(check, arrival.via, origin);
    else this.#merge(check, null);
  }

  /** A bundle of our own key that came from elsewhere. */
  #meetOurselves({ arrival, bundle, id }: Check, via: Peer, self: Origin | undefined): void {
    // What a former life said is met in several bundles at once: the first of them has already set this life above the rest.
    if (this.#isOwnPast(bundle, self)) return this.#repeat(via, id, arrival);
    this.#refuse(arrival, id, 'own-identity');
    this.#listener.onOwnConflict(bundle.incarnation, bundle.sequence);
  }

  /** What is in force under its very number; another content, or it would have been known as repeated. */
  #rivalOf(bundle: ReadBundle, origin: Origin | undefined): HeldBundle | undefined {
    return origin?.incarnation === bundle.incarnation ? origin.holding(bundle.sequence) : undefined;
  }

  /** That of the bundle, unless it is known; for one who was forgotten, what is remembered. Null when there is nothing to judge. */
  #credentialToJudge(bundle: ReadBundle, origin: Origin | undefined): Uint8Array | null {
    const { origins, nowMs } = this.#context;
    const credential = bundle.payload(kinds.credential);
    if (credential === null) return origin === undefined ? (origins.tombstone(bundle.origin, nowMs)?.credential ?? null) : null;
    return origin !== undefined && equalBytes(origin.credential.bytes, credential) ? null : credential;
  }

  /** What can be said of its credential without judging it (docs/PROTOCOL.md 5.11). */
  #credentialRefusal({ via }: Arrival, bundle: ReadBundle, origin: Origin | undefined): RefusalReason | null {
    const { nowMs } = this.#context;
    const credential = via === null ? null : this.#credentialToJudge(bundle, origin);
    if (via === null || credential === null) return null;
    const before = this.#refused.reasonOf(bundle.origin, credential, nowMs);
    if (before !== null) return before;
    if (via.allowance.refusedCredentials.left(nowMs) >= 1) return null;
    this.#context.limitReached('maxRefusedCredentialsPerSecond');
    return 'too-many-refused';
  }

  /** The check is paid for: by its origin if that is known, which signed it, and otherwise by the node that brought it. */
  #refuseCredential({ arrival, id }: Check, credential: Uint8Array, reason: `credential-${CredentialRefusal}` | 'leaf-reused'): void {
    const { origins, nowMs } = this.#context;
    const origin = origins.get(id);
    if (origin !== undefined) this.#charge(origin);
    else if (arrival.via !== null) arrival.via.allowance.refusedCredentials.spend(1, nowMs);
    this.#refused.remember(id, credential, reason, nowMs);
    this.#refuse(arrival, id, reason);
  }

  /** Whatever becomes of it, it cost a check (docs/PROTOCOL.md 5.10). */
  #charge(origin: Origin): void {
    origin.spentUntilMs = Math.max(origin.spentUntilMs, this.#context.nowMs) + bundleMs;
  }

  trustChanged(): void {
    this.#refused.clear();
    this.#context.peers.trustChanged(this.#context.nowMs);
  }

  #onCredentialVerified(check: Check, credential: Uint8Array, verdict: CredentialVerdict): void {
    this.#checks.end(check);
    if (!verdict.admitted) this.#refuseCredential(check, credential, `credential-${verdict.reason}`);
    else if (verdict.facts.nodeId !== check.id) this.#refuseCredential(check, credential, 'credential-wrong-node');
    else if (this.#vouching.reportReuse(verdict.facts)) this.#refuseCredential(check, credential, 'leaf-reused');
    else this.#merge(check, { bytes: credential, facts: verdict.facts });
  }

  /** The same checks once more, since time has passed. `judged`: the credential that was admitted with it, if one was looked at. */
  #merge(check: Check, judged: HeldCredential | null): void {
    const { bundle, arrival, id } = check;
    const known = this.#context.origins.find(bundle.bytes, originAt);
    if (known !== undefined) return this.#mergeInto(known, check, judged);
    const refusal = judged === null ? 'credential-missing' : this.#shutOut(bundle, known);
    if (judged === null || refusal !== null) return this.#refuse(arrival, id, refusal ?? 'credential-missing');
    this.#put(this.#vouching.admit(id, judged), check, bundle.kinds, null);
  }

  #mergeInto(origin: Origin, check: Check, judged: HeldCredential | null): void {
    const { bundle, arrival, id } = check;
    // Not sooner: whoever has a saying that is refused before could use up the rate of its origin with it, again and again.
    this.#charge(origin);
    const shut = this.#shutOut(bundle, origin);
    if (shut !== null) return this.#refuse(arrival, id, shut);
    const rival = this.#rivalOf(bundle, origin);
    if (rival !== undefined) return this.#meetRival(origin, rival.bundle, check);
    const superseding = supersedingKinds(origin, bundle);
    if (superseding.length === 0) return this.#refuse(arrival, id, 'superseded');
    const exceeded = exceededLimit(origin, bundle, superseding);
    if (exceeded !== null) return this.#refuse(arrival, id, this.#exceed(exceeded));
    if (judged !== null) this.#vouching.adopt(origin, judged);
    this.#put(origin, check, superseding, origin.state);
  }

  #put(origin: Origin, { arrival, bundle, arrivedAtMs }: Check, superseding: readonly number[], before: MemberState | null): void {
    const { via, hops, ageMs, path } = arrival;
    const kept = this.#context.memory.keep(bundle);
    const held: HeldBundle = { bundle: kept, hops, madeAtMs: arrivedAtMs - ageMs, kinds: superseding === bundle.kinds ? kept.kinds : superseding };
    const dropped = mergeBundle(origin, held);
    if (dropped !== null) this.#context.limitReached(dropped.limit);
    this.#context.emit({ type: 'record-merged', origin: origin.id, bundle: kept, kinds: superseding, dropped: dropped?.kinds ?? none, via: via?.id ?? null, hops, ageMs, path });
    this.#listener.onMerged(origin, held, arrival, before);
  }

  #exceed(limit: OriginLimit): RefusalReason {
    this.#context.limitReached(limit);
    return reasonOfLimit[limit];
  }

  /** Under its number something is in force: the same, verified twice, or proof that the origin equivocates (docs/PROTOCOL.md 5.6). */
  #meetRival(origin: Origin, first: ReadBundle, { arrival, bundle: second }: Check): void {
    if (equalBytes(first.bytes, second.bytes)) {
      if (arrival.via !== null) this.#repeat(arrival.via, origin.id, arrival);
      return;
    }
    if (origin.equivocatedIncarnation !== first.incarnation) {
      origin.equivocatedIncarnation = first.incarnation;
      this.#context.emit({ type: 'equivocation-proven', origin: origin.id, first: first.bytes, second: second.bytes.slice() });
    }
    this.#refuse(arrival, origin.id, 'equivocation');
  }

  #refuse(arrival: Arrival, origin: NodeId | null, reason: RefusalReason): void {
    const fault = faults.has(reason);
    this.#context.emit({ type: 'record-refused', origin, via: arrival.via?.id ?? null, verdict: fault ? 'reject' : 'ignore', reason });
    if (fault && arrival.via !== null) this.#listener.onFault(arrival.via, reason);
  }
}
