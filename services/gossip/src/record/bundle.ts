/**
 * What one origin says at one moment: one or more records under one signature (docs/PROTOCOL.md 4.1, 4.3). The bytes
 * are the truth: they are passed on exactly as they came and never encoded again.
 */
import type { NodeId } from '../input.js';
import { limits } from '../limits.js';
import type { Memory } from '../memory.js';
import { Reader } from '../wire/reader.js';
import { Writer } from '../wire/writer.js';
import { kinds } from './kinds.js';
import { equalBytesAt, fromHex, nodeIdBytes, toHex, word } from './node-id.js';
import { signedMessage } from './signed-message.js';

export interface BundleRecord {
  readonly kind: number;
  /** A view into the bundle's bytes. */
  readonly payload: Uint8Array;
}

export interface Bundle {
  readonly origin: NodeId;
  readonly incarnation: number;
  readonly sequence: number;
  /** Wall time of the origin when it spoke, milliseconds since 1970; for display and a bounded window only. */
  readonly timeMs: number;
  /** How long these records mean something without news, seconds. */
  readonly lifetimeS: number;
  readonly records: readonly BundleRecord[];
  /** Everything, signature included, as it travels. */
  readonly bytes: Uint8Array;
}

/** What an origin decides about a bundle before it is encoded. */
export interface BundleDraft {
  readonly clusterTag: Uint8Array;
  readonly origin: NodeId;
  readonly incarnation: number;
  readonly sequence: number;
  readonly timeMs: number;
  readonly lifetimeS: number;
  /** In increasing order of kind. */
  readonly records: readonly BundleRecord[];
}

/** The fields that decide whether a bundle is news, read without decoding the rest. */
export class BundleHead {
  readonly #bytes: Uint8Array;
  readonly incarnation: number;
  readonly sequence: number;

  constructor(bytes: Uint8Array, incarnation: number, sequence: number) {
    this.#bytes = bytes;
    this.incarnation = incarnation;
    this.sequence = sequence;
  }

  /** Views into the bundle, made anew at each call. */
  get clusterTag(): Uint8Array {
    return this.#bytes.subarray(1, originAt);
  }

  get origin(): Uint8Array {
    return this.#bytes.subarray(originAt, originAt + nodeIdBytes);
  }

  isOfCluster(tag: Uint8Array): boolean {
    return equalBytesAt(this.#bytes, 1, tag);
  }
}

export type BundleDecoding =
  | { readonly ok: true; readonly bundle: ReadBundle }
  | { readonly ok: false; readonly reason: 'oversized' | 'malformed' | 'unsupported-version' };

const version = 1;
const tagBytes = 8;
const signatureBytes = 64;
/** Where the origin stands in a bundle. */
export const originAt = 1 + tagBytes;

/** Null when the bytes are no bundle of this version. What it reads is claimed, not proven. */
export function peekBundle(bytes: Uint8Array): BundleHead | null {
  if (bytes.length < originAt + nodeIdBytes + 2 + signatureBytes || bytes[0] !== version) return null;
  const reader = new Reader(bytes, originAt + nodeIdBytes);
  const incarnation = reader.varint();
  const sequence = reader.varint();
  if (reader.failed || incarnation === 0 || sequence === 0) return null;
  return new BundleHead(bytes, incarnation, sequence);
}

/** A bundle over its bytes: the head is read once, records are cut out when somebody asks for them. */
export class ReadBundle implements Bundle {
  readonly origin: NodeId;
  readonly incarnation: number;
  readonly sequence: number;
  readonly timeMs: number;
  readonly lifetimeS: number;
  readonly bytes: Uint8Array;
  /** Where the number of records stands in the bytes. */
  readonly #recordsAt: number;
  /** Kinds of its records, in increasing order. */
  readonly kinds: readonly number[];

  constructor(origin: NodeId, incarnation: number, sequence: number, timeMs: number, lifetimeS: number, bytes: Uint8Array, recordsAt: number, kindsIn: readonly number[]) {
    this.origin = origin;
    this.incarnation = incarnation;
    this.sequence = sequence;
    this.timeMs = timeMs;
    this.lifetimeS = lifetimeS;
    this.bytes = bytes;
    this.#recordsAt = recordsAt;
    this.kinds = kindsIn;
  }

  /** Cut out anew at each call. */
  get records(): readonly BundleRecord[] {
    const reader = new Reader(this.bytes, this.#recordsAt + 1);
    return this.kinds.map((kind) => {
      reader.varint();
      return { kind, payload: reader.bytes(reader.varint()) };
    });
  }

  has(kind: number): boolean {
    return this.kinds.includes(kind);
  }

  /** A view into the bytes; null when it has no record of this kind. */
  payload(kind: number): Uint8Array | null {
    const place = this.kinds.indexOf(kind);
    if (place === -1) return null;
    const reader = new Reader(this.bytes, this.#recordsAt + 1);
    for (let i = 0; i < place; i++) {
      reader.varint();
      reader.skip(reader.varint());
    }
    reader.varint();
    return reader.bytes(reader.varint());
  }

  /** The same over bytes of its own, that keep nothing else of the message in memory in which it came. */
  detached(): ReadBundle {
    return new ReadBundle(this.origin, this.incarnation, this.sequence, this.timeMs, this.lifetimeS, this.bytes.slice(), this.#recordsAt, this.kinds);
  }
}

/** `origin`, when given, is the id that the bytes are already known to carry: it saves building the text anew. */
export function decodeBundle(bytes: Uint8Array, origin?: NodeId): BundleDecoding {
  if (bytes.length > limits.maxBundleBytes) return { ok: false, reason: 'oversized' };
  if (bytes.length > 0 && bytes[0] !== version) return { ok: false, reason: 'unsupported-version' };
  const reader = new Reader(bytes, 1);
  reader.skip(tagBytes + nodeIdBytes);
  const incarnation = reader.varint();
  const sequence = reader.varint();
  const timeMs = reader.varint();
  const lifetimeS = reader.varint();
  const recordsAt = reader.offset;
  const kindsIn = readKinds(reader);
  reader.skip(signatureBytes);
  if (!reader.ended || incarnation === 0 || sequence === 0) return { ok: false, reason: 'malformed' };
  return { ok: true, bundle: new ReadBundle(origin ?? toHex(bytes.subarray(originAt, originAt + nodeIdBytes)), incarnation, sequence, timeMs, lifetimeS, bytes, recordsAt, kindsIn) };
}

/** What most bundles hold. */
const sampleAlone: readonly number[] = [kinds.sample];

/** Passes over the records, and returns their kinds. */
function readKinds(reader: Reader): readonly number[] {
  const count = reader.u8();
  if (count === 0 || count > limits.maxRecordsPerBundle) reader.fail();
  const found: number[] = [];
  let last = -1;
  for (let i = 0; i < count && !reader.failed; i++) {
    const kind = reader.varintUpTo(kinds.end - 1);
    reader.skip(reader.varintUpTo(limits.maxBundleBytes));
    if (kind <= last) reader.fail();
    last = kind;
    if (count === 1 && kind === kinds.sample) return sampleAlone;
    found.push(kind);
  }
  return found;
}

/** Everything but the signature. The draft is our own and within its bounds. */
export function encodeBundle(draft: BundleDraft): Uint8Array {
  const writer = new Writer(new Uint8Array(512));
  writer.u8(version).bytes(draft.clusterTag).bytes(fromHex(draft.origin) ?? new Uint8Array(nodeIdBytes));
  writer.varint(draft.incarnation).varint(draft.sequence).varint(draft.timeMs).varint(draft.lifetimeS).u8(draft.records.length);
  for (const record of draft.records) writer.varint(record.kind).blob(record.payload);
  return writer.finish();
}

export function sealBundle(unsigned: Uint8Array, signature: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(unsigned.length + signature.length);
  bytes.set(unsigned);
  bytes.set(signature, unsigned.length);
  return bytes;
}

/** The bytes that the signature covers, given a bundle without its signature. */
export function messageOfUnsigned(unsigned: Uint8Array, memory?: Memory): Uint8Array {
  return signedMessage('starling/bundle/1', unsigned, memory);
}

/** The bytes that the signature covers, given a whole bundle. */
export function messageOfBundle(bytes: Uint8Array, memory?: Memory): Uint8Array {
  return messageOfUnsigned(bytes.subarray(0, bytes.length - signatureBytes), memory);
}

/** The first four bytes of the signature with which bundles and credentials alike end. */
export function wordOfSignature(signed: Uint8Array): number {
  return word(signed, signed.length - signatureBytes);
}

/** A view of the signature of a whole bundle. */
export function signatureOfBundle(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(bytes.length - signatureBytes);
}
