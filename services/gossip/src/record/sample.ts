/** Kind 2: the values of one moment, by index into the descriptor (docs/PROTOCOL.md 4.7). */
import { limits } from '../limits.js';
import { Reader } from '../wire/reader.js';
import { Writer } from '../wire/writer.js';
import type { MetricDefinition } from './descriptor.js';

export interface Sample {
  /** Sequence of the bundle, of the same incarnation, whose descriptor the multiples refer to. */
  readonly descriptorSequence: number;
  /** Digest of the settled view of the origin, 8 bytes (docs/PROTOCOL.md section 10). */
  readonly viewDigest: Uint8Array;
  /** One integer for each metric of the descriptor, to be multiplied by 10^exponent; undefined where nothing was measured. */
  readonly multiples: readonly (number | undefined)[];
}

export const viewDigestBytes = 8;
/** The largest magnitude of a multiple: what zigzag leaves of 53 bits. */
const maxMultiple = 2 ** 52 - 1;

/** The nearest multiple; undefined for what cannot be said (not finite, beyond 2^52). */
export function toMultiple(value: number | undefined, metric: MetricDefinition): number | undefined {
  if (value === undefined || !Number.isFinite(value)) return undefined;
  const multiple = Math.round(metric.exponent < 0 ? value * 10 ** -metric.exponent : value / 10 ** metric.exponent);
  if (Math.abs(multiple) > maxMultiple) return undefined;
  return multiple === 0 ? 0 : multiple;
}

export function fromMultiple(multiple: number, metric: MetricDefinition): number {
  return metric.exponent < 0 ? multiple / 10 ** -metric.exponent : multiple * 10 ** metric.exponent;
}

export function encodeSample(sample: Sample): Uint8Array {
  const count = sample.multiples.length;
  const presence = new Uint8Array(Math.ceil(count / 8));
  sample.multiples.forEach((multiple, i) => {
    if (multiple !== undefined) presence[i >> 3] = (presence[i >> 3] as number) | (1 << (i & 7));
  });
  const writer = new Writer();
  writer.varint(sample.descriptorSequence).bytes(sample.viewDigest).varint(count).bytes(presence);
  for (const multiple of sample.multiples) if (multiple !== undefined) writer.svarint(multiple);
  return writer.finish();
}

/** Null for bytes that are no sample. */
export function decodeSample(payload: Uint8Array): Sample | null {
  const reader = new Reader(payload);
  const descriptorSequence = reader.varint();
  const viewDigest = reader.bytes(viewDigestBytes);
  const count = reader.varintUpTo(limits.maxMetrics);
  const presence = reader.bytes(Math.ceil(count / 8));
  if (reader.failed || descriptorSequence === 0) return null;
  if (count % 8 !== 0 && (presence[count >> 3] as number) >> (count & 7) !== 0) return null;
  const multiples: (number | undefined)[] = [];
  for (let i = 0; i < count; i++) {
    const present = ((presence[i >> 3] as number) >> (i & 7)) & 1;
    const multiple = present === 1 ? reader.svarint() : undefined;
    if (multiple !== undefined && Math.abs(multiple) > maxMultiple) return null;
    multiples.push(multiple);
  }
  return reader.ended ? { descriptorSequence, viewDigest, multiples } : null;
}
