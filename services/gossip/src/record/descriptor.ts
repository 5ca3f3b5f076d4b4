/** Kind 1: what a node says of itself that changes rarely (docs/PROTOCOL.md 4.6). */
import { limits } from '../limits.js';
import { Reader } from '../wire/reader.js';
import { encodeUtf8 } from '../wire/utf8.js';
import { Writer } from '../wire/writer.js';
import { compareBytes } from './node-id.js';

/** A cumulative count since some start, or a value of the moment. */
export type MetricType = 'counter' | 'gauge';

export interface MetricDefinition {
  /** Semantic-convention name, such as `system.cpu.utilization`; [a-z0-9_.] and at most 80 characters. */
  readonly name: string;
  /** UCUM unit, such as `1`, `By`, `s`, `By/s`; at most 24 bytes. */
  readonly unit: string;
  readonly type: MetricType;
  /** Values are multiples of 10^exponent; -9 to 9. A sample carries the multiple as an integer. */
  readonly exponent: number;
}

export interface Descriptor {
  /** What people call the node; 1 to 63 bytes. */
  readonly name: string;
  /** Version of the software; at most 32 bytes. */
  readonly version: string;
  /** At most limits.maxLabels pairs; keys 1 to 63 bytes, values at most 256. */
  readonly labels: Readonly<Record<string, string>>;
  /** The metrics of a sample, in order. */
  readonly metrics: readonly MetricDefinition[];
}

const most = { nameBytes: 63, versionBytes: 32, keyBytes: 63, valueBytes: 256, metricNameBytes: 80, unitBytes: 24, exponent: 9 } as const;
const metricName = /^[a-z0-9_.]+$/;

/** Why a descriptor cannot be encoded, in words for the one who configured it; null when it can. */
export function descriptorFault(descriptor: Descriptor): string | null {
  const bytes = (text: string) => encodeUtf8(text).length;
  const labels = Object.entries(descriptor.labels);
  if (descriptor.name === '' || bytes(descriptor.name) > most.nameBytes) return `the name must have 1 to ${most.nameBytes} bytes`;
  if (bytes(descriptor.version) > most.versionBytes) return `the version must have at most ${most.versionBytes} bytes`;
  if (labels.length > limits.maxLabels) return `at most ${limits.maxLabels} labels, not ${labels.length}`;
  for (const [key, value] of labels) {
    if (key === '' || bytes(key) > most.keyBytes) return `the label key "${key}" must have 1 to ${most.keyBytes} bytes`;
    if (bytes(value) > most.valueBytes) return `the value of label "${key}" must have at most ${most.valueBytes} bytes`;
  }
  if (descriptor.metrics.length > limits.maxMetrics) return `at most ${limits.maxMetrics} metrics, not ${descriptor.metrics.length}`;
  const wrong = descriptor.metrics.find((metric) => !metricName.test(metric.name) || metric.name.length > most.metricNameBytes || bytes(metric.unit) > most.unitBytes || !Number.isInteger(metric.exponent) || Math.abs(metric.exponent) > most.exponent);
  if (wrong !== undefined) return `the metric "${wrong.name}" has a name, unit or exponent out of bounds`;
  const total = encodeDescriptor(descriptor).length;
  return total > limits.maxDescriptorBytes ? `name, labels and metrics together take ${total} bytes, more than ${limits.maxDescriptorBytes}: use fewer or shorter labels` : null;
}

export function encodeDescriptor(descriptor: Descriptor): Uint8Array {
  const writer = new Writer(new Uint8Array(1_024));
  const labels = Object.entries(descriptor.labels).sort(([a], [b]) => compareBytes(encodeUtf8(a), encodeUtf8(b)));
  writer.text(descriptor.name).text(descriptor.version).varint(labels.length);
  for (const [key, value] of labels) writer.text(key).text(value);
  writer.varint(descriptor.metrics.length);
  for (const metric of descriptor.metrics) {
    writer.text(metric.name).text(metric.unit).u8(metric.type === 'counter' ? 1 : 0).svarint(metric.exponent);
  }
  return writer.finish();
}

/** Null for bytes that are no descriptor. */
export function decodeDescriptor(payload: Uint8Array): Descriptor | null {
  if (payload.length > limits.maxDescriptorBytes) return null;
  const reader = new Reader(payload);
  const name = reader.text(most.nameBytes);
  const version = reader.text(most.versionBytes);
  const labels = readLabels(reader);
  const metrics: MetricDefinition[] = [];
  const count = reader.varintUpTo(limits.maxMetrics);
  for (let i = 0; i < count && !reader.failed; i++) metrics.push(readMetric(reader));
  return reader.ended && name !== '' ? { name, version, labels, metrics } : null;
}

function readLabels(reader: Reader): Record<string, string> {
  const pairs: [string, string][] = [];
  const count = reader.varintUpTo(limits.maxLabels);
  let last = new Uint8Array(0);
  for (let i = 0; i < count && !reader.failed; i++) {
    const key = reader.text(most.keyBytes);
    const bytes = encodeUtf8(key);
    if (compareBytes(bytes, last) <= 0) reader.fail();
    last = bytes as Uint8Array<ArrayBuffer>;
    pairs.push([key, reader.text(most.valueBytes)]);
  }
  // fromEntries defines own properties: a key of "__proto__" is a key like any other.
  return Object.fromEntries(pairs);
}

function readMetric(reader: Reader): MetricDefinition {
  const name = reader.text(most.metricNameBytes);
  const unit = reader.text(most.unitBytes);
  const type = reader.u8();
  const exponent = reader.svarint();
  if (!metricName.test(name) || type > 1 || Math.abs(exponent) > most.exponent) reader.fail();
  return { name, unit, type: type === 1 ? 'counter' : 'gauge', exponent };
}
