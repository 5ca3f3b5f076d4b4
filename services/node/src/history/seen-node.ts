/** One node as this one sees it: its records in force, decoded, and how they came. */
import type { Absence, Certificate, Node, NodeDetail, RecordAnswer } from '@starling/contract';
import {
  type Bundle, type CredentialFacts, type Descriptor, type MemberState, type NodeId, type Now, type Sample,
  decodeDescriptor, decodeSample, decodeTrust, fromMultiple, kinds, toHex,
} from '@starling/gossip';

/** A bundle and how it came here. */
export interface ReceivedBundle {
  readonly bundle: Bundle;
  readonly hops: number;
  readonly via: NodeId | null;
  /** Age on arrival, milliseconds. */
  readonly ageMs: number;
  /** When it was merged, on the monotonic clock, milliseconds. */
  readonly mergedAtMs: number;
}

interface HeldDescriptor {
  readonly sequence: number;
  readonly descriptor: Descriptor;
}

/**
 * Descriptors kept per node: a sample that was signed just before the descriptor changed may arrive just after it, and
 * its values can be read only with the older one.
 */
const maxDescriptors = 2;
/** Digits of its id by which a node is called until its descriptor arrives. */
const shortIdDigits = 8;

export class SeenNode {
  readonly id: NodeId;
  state: MemberState = 'alive';
  /** On the monotonic clock, milliseconds. */
  stateSinceMs: number;
  facts: CredentialFacts | null = null;
  credential: Uint8Array | null = null;
  equivocation: { readonly first: Uint8Array; readonly second: Uint8Array } | null = null;
  readonly #byKind = new Map<number, ReceivedBundle>();
  #newest: ReceivedBundle | null = null;
  #descriptors: HeldDescriptor[] = [];
  #samplePayload: Uint8Array | null = null;
  /** What the sample says, read when somebody asks: most samples are superseded before anybody does. */
  #reading: Pick<Node, 'values' | 'view'> | null = null;
  #roots: string[] = [];

  constructor(id: NodeId, nowMs: number) {
    this.id = id;
    this.stateSinceMs = nowMs;
  }

  get name(): string {
    return this.#descriptors[0]?.descriptor.name ?? this.id.slice(0, shortIdDigits);
  }

  /** What the node says of itself; undefined when it does not. */
  label(name: string): string | undefined {
    return this.#descriptors[0]?.descriptor.labels[name];
  }

  get incarnation(): number {
    return this.#newest?.bundle.incarnation ?? 0;
  }

  /** Puts the bundle in force for some of its kinds; `dropped` are no longer. Returns whether what changes rarely may have changed. */
  merge(received: ReceivedBundle, superseding: readonly number[], dropped: readonly number[]): { readonly details: boolean } {
    const { bundle } = received;
    if (bundle.incarnation > this.incarnation) this.#beginLife();
    if (this.#newest === null || bundle.sequence > this.#newest.bundle.sequence) this.#newest = received;
    for (const kind of dropped) this.#byKind.delete(kind);
    for (const kind of superseding) this.#byKind.set(kind, received);
    for (const { kind, payload } of bundle.records) if (superseding.includes(kind)) this.#read(kind, payload, bundle.sequence);
    return { details: superseding.includes(kinds.descriptor) || superseding.includes(kinds.trust) };
  }

  /** Of a former life nothing holds; it is only called and described as before until it describes itself anew. */
  #beginLife(): void {
    this.#byKind.clear();
    this.#newest = null;
    this.#samplePayload = null;
    this.#reading = null;
    this.#roots = [];
    this.#descriptors = this.#descriptors.slice(0, 1).map(({ descriptor }) => ({ sequence: 0, descriptor }));
  }

  #read(kind: number, payload: Uint8Array, sequence: number): void {
    if (kind === kinds.trust) {
      this.#roots = (decodeTrust(payload) ?? []).map(toHex);
    } else if (kind === kinds.sample) {
      this.#samplePayload = payload;
      this.#reading = null;
    } else if (kind === kinds.descriptor) {
      const descriptor = decodeDescriptor(payload);
      if (descriptor === null) return;
      this.#descriptors = [{ sequence, descriptor }, ...this.#descriptors].slice(0, maxDescriptors);
      this.#reading = null;
    }
  }

  #readSample(): Pick<Node, 'values' | 'view'> {
    const sample = this.#samplePayload === null ? null : decodeSample(this.#samplePayload);
    return sample === null ? { values: {}, view: null } : { values: this.#valuesOf(sample), view: toHex(sample.viewDigest) };
  }

  /** Empty while the descriptor that the sample refers to has not arrived: another one would give wrong values. */
  #valuesOf(sample: Sample): Node['values'] {
    const metrics = this.#descriptors.find((held) => held.sequence === sample.descriptorSequence)?.descriptor.metrics ?? [];
    return Object.fromEntries(
      metrics.map((metric, i) => {
        const multiple = sample.multiples[i];
        return [metric.name, multiple === undefined ? null : fromMultiple(multiple, metric)];
      }),
    );
  }

  /** `absence`: why it is away, by what the platform says; null when it says nothing. */
  brief(now: Now, absence: Absence | null): Node {
    const newest = this.#newest;
    this.#reading ??= this.#readSample();
    return {
      id: this.id,
      name: this.name,
      state: this.state,
      stateSinceSeconds: seconds(now.monotonicMs - this.stateSinceMs),
      ageSeconds: newest === null ? 0 : seconds(newest.ageMs + now.monotonicMs - newest.mergedAtMs),
      incarnation: this.incarnation,
      sequence: newest?.bundle.sequence ?? 0,
      hops: newest?.hops ?? 0,
      via: newest?.via ?? null,
      values: this.#reading.values,
      view: this.#reading.view,
      verified: true,
      ...(absence !== null && { absence }),
    };
  }

  detail(now: Now, absence: Absence | null): NodeDetail {
    const descriptor = this.#descriptors[0]?.descriptor;
    return {
      ...this.brief(now, absence),
      version: descriptor?.version ?? '',
      labels: { ...descriptor?.labels },
      metrics: (descriptor?.metrics ?? []).map(({ name, unit, type }) => ({ name, unit, type })),
      certificate: this.facts === null ? null : certificateOf(this.facts),
      equivocated: this.equivocation !== null,
      roots: [...this.#roots],
    };
  }

  /** What a third party checks the node's word with; each bundle once, newest first. */
  proof(): Pick<RecordAnswer, 'bundles' | 'credential' | 'equivocation'> {
    const bundles = [...new Set([...this.#byKind.values()].map((received) => received.bundle))];
    bundles.sort((a, b) => b.incarnation - a.incarnation || b.sequence - a.sequence);
    return {
      bundles: bundles.map((bundle) => ({
        bytes: base64(bundle.bytes),
        incarnation: bundle.incarnation,
        sequence: bundle.sequence,
        kinds: bundle.records.map((record) => record.kind),
      })),
      credential: this.credential === null ? '' : base64(this.credential),
      equivocation: this.equivocation === null ? null : { first: base64(this.equivocation.first), second: base64(this.equivocation.second) },
    };
  }
}

function certificateOf(facts: CredentialFacts): Certificate {
  return {
    fingerprint: toHex(facts.leafFingerprint),
    uri: facts.uri,
    binding: facts.binding,
    notBefore: new Date(facts.notBeforeMs).toISOString(),
    notAfter: new Date(facts.notAfterMs).toISOString(),
    rootFingerprint: toHex(facts.rootFingerprint),
  };
}

/** To the millisecond, and never negative. */
function seconds(milliseconds: number): number {
  return Math.max(0, Math.round(milliseconds)) / 1_000;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
