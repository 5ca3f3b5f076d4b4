/**
 * What this node says itself: numbers it, encodes it once, asks for the signature, and hands it to admission like
 * anybody's (docs/ARCHITECTURE.md, "The path of a record"). All that there is to say at one moment is one bundle.
 */
import type { Context } from './context.js';
import { limits } from './limits.js';
import { compareViews, viewDigest } from './membership/view.js';
import { type BundleRecord, encodeBundle, messageOfUnsigned, sealBundle } from './record/bundle.js';
import { type Descriptor, encodeDescriptor } from './record/descriptor.js';
import { kinds } from './record/kinds.js';
import { encodeSample, toMultiple } from './record/sample.js';

/** Bytes left for the head of a bundle, its signature and the framing of its records. */
const headBytes = 512;
/** What the protocol itself says of a node leaves so many fewer kinds to applications. */
const protocolKinds = 8;
/** A sample with every metric at its longest. */
const maxSampleBytes = 8 + 8 + 2 + limits.maxMetrics / 8 + limits.maxMetrics * 8;

export interface VoiceListener {
  /** A bundle of our own, signed, that goes to admission. */
  onSpoken(bytes: Uint8Array): void;
}

export class Voice {
  readonly #context: Context;
  readonly #listener: VoiceListener;
  #descriptor: Descriptor;
  #credential: Uint8Array;
  /** Said with the next bundle, by kind. */
  readonly #pending = new Map<number, Uint8Array>();
  /** Reports and trust, the newest of each kind: said again with every introduction. */
  readonly #said = new Map<number, Uint8Array>();
  /** Encoded, and without their signatures so far. */
  readonly #unsigned = new Set<Uint8Array>();
  #descriptorSequence = 0;
  #conflictAtMs = Number.NEGATIVE_INFINITY;
  #introduceAtMs = 0;
  /** The latest time stamp since everything was said, by our wall clock. */
  #stampedMs = Number.NEGATIVE_INFINITY;
  #leaving = false;

  constructor(context: Context, listener: VoiceListener) {
    this.#context = context;
    this.#listener = listener;
    this.#descriptor = context.config.descriptor;
    this.#credential = context.config.credential;
    this.#introduce();
  }

  describe(descriptor: Descriptor): void {
    this.#descriptor = descriptor;
    this.#pending.set(kinds.descriptor, encodeDescriptor(descriptor));
  }

  renewCredential(credential: Uint8Array): void {
    this.#credential = credential;
    this.#pending.set(kinds.credential, credential);
  }

  /** Trust records and those of applications; they go with the next sample. */
  report(records: readonly { readonly kind: number; readonly payload: Uint8Array }[]): void {
    for (const { kind, payload } of records) {
      if (kind !== kinds.trust && (kind < kinds.firstReport || kind >= kinds.end)) continue;
      // One that fits in no bundle would keep all that come after it from being said.
      if (headBytes + payload.length > limits.maxBundleBytes - maxSampleBytes) {
        this.#context.limitReached('maxBundleBytes');
        continue;
      }
      if (!this.#said.has(kind) && this.#said.size >= limits.maxKindsPerOrigin - protocolKinds) {
        this.#context.limitReached('maxKindsPerOrigin');
        continue;
      }
      this.#said.set(kind, payload);
      this.#pending.set(kind, payload);
    }
  }

  sampled(values: readonly (number | undefined)[]): void {
    if (this.#leaving) return;
    if (this.#context.nowMs >= this.#introduceAtMs || this.#isAheadOfClock) this.#introduce();
    const digest = viewDigest(this.#context);
    compareViews(this.#context, digest);
    const multiples = this.#descriptor.metrics.map((metric, i) => toMultiple(values[i], metric));
    const describes = this.#pending.has(kinds.descriptor);
    const descriptorSequence = describes ? this.#context.sequence + 1 : this.#descriptorSequence;
    if (this.#speak(new Map([[kinds.sample, encodeSample({ descriptorSequence, viewDigest: digest, multiples })]])) && describes) this.#descriptorSequence = descriptorSequence;
  }

  /** Our clock was set back: what we said before is from the future for the others, and none of them will admit it for a long time. */
  get #isAheadOfClock(): boolean {
    return this.#stampedMs > this.#context.now.wallMs + limits.maxFutureMs / 2;
  }

  /** The last word of this life. */
  leave(): void {
    this.#leaving = true;
    this.#pending.clear();
    this.#speak(new Map([[kinds.farewell, new Uint8Array(0)]]));
  }

  #onSigned(unsigned: Uint8Array, signature: Uint8Array): void {
    // What an earlier life wanted to say is said no more.
    if (this.#unsigned.delete(unsigned)) this.#listener.onSpoken(sealBundle(unsigned, signature));
  }

  /** A bundle of our key that we did not make: a new life above it (docs/PROTOCOL.md 8.5). */
  onConflict(incarnation: number, sequence: number): void {
    const { nowMs } = this.#context;
    const repeated = nowMs - this.#conflictAtMs < limits.conflictIntervalMs;
    this.#context.emit({ type: 'own-identity-conflict', incarnation, sequence, repeated });
    if (repeated) return;
    this.#conflictAtMs = nowMs;
    this.#context.incarnation = Math.max(incarnation, this.#context.incarnation) + 1;
    this.#context.sequence = 0;
    this.#context.emit({ type: 'persist-incarnation', incarnation: this.#context.incarnation });
    this.#unsigned.clear();
    // A farewell that was not yet signed has gone with the rest.
    if (this.#leaving) this.leave();
    else this.#introduce();
  }

  /** Everything goes with the next sample. What went with an old one is admitted nowhere any more where it is not known yet (docs/PROTOCOL.md 8.8). */
  #introduce(): void {
    this.#stampedMs = Number.NEGATIVE_INFINITY;
    this.#introduceAtMs = this.#context.nowMs + limits.introduceIntervalMs * this.#spread();
    for (const [kind, payload] of this.#said) this.#pending.set(kind, payload);
    this.#pending.set(kinds.descriptor, encodeDescriptor(this.#descriptor));
    this.#pending.set(kinds.credential, this.#credential);
  }

  /** Between a half and 1, by the own id: nodes that began together do not all say everything in the same second. */
  #spread(): number {
    return 0.5 + (this.#context.selfBytes[0] as number) / 512;
  }

  /** Says these records and what is pending, as far as one bundle holds it. Returns whether it was said. */
  #speak(records: Map<number, Uint8Array>): boolean {
    const { config, now } = this.#context;
    if (this.#unsigned.size >= limits.maxUnsigned) {
      this.#context.limitReached('maxUnsigned');
      return false;
    }
    let bytes = headBytes;
    for (const payload of records.values()) bytes += payload.length;
    // Those that wait longest come first, so that none waits for ever behind others that are said anew each time.
    for (const [kind, payload] of [...this.#pending].sort(([a], [b]) => Number(introduces(b)) - Number(introduces(a)))) {
      if (bytes + payload.length > limits.maxBundleBytes || records.size >= limits.maxRecordsPerBundle) continue;
      bytes += payload.length;
      records.set(kind, payload);
      this.#pending.delete(kind);
    }
    const ordered: BundleRecord[] = [...records].map(([kind, payload]) => ({ kind, payload })).sort((a, b) => a.kind - b.kind);
    this.#context.sequence += 1;
    this.#stampedMs = Math.max(this.#stampedMs, now.wallMs);
    const unsigned = encodeBundle({
      clusterTag: config.clusterTag,
      origin: config.self,
      incarnation: this.#context.incarnation,
      sequence: this.#context.sequence,
      timeMs: Math.max(0, Math.round(now.wallMs)),
      lifetimeS: limits.retentionMs / 1_000,
      records: ordered,
    });
    this.#unsigned.add(unsigned);
    this.#context.requests.sign(messageOfUnsigned(unsigned), (signature) => this.#onSigned(unsigned, signature));
    return true;
  }
}

/** Without these nobody admits or understands the rest. */
function introduces(kind: number): boolean {
  return kind === kinds.credential || kind === kinds.descriptor;
}
