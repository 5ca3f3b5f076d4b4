/** What fast-check makes up: messages, bundles and what stands in them. */
import fc from 'fast-check';
import { type BundleDraft, type Descriptor, encodeBundle, kinds, type Sample, sealBundle, toHex } from '@starling/gossip';
import type { Message } from '../../services/gossip/src/wire/message.js';

export const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const anyBytes = (maxLength: number) => fc.uint8Array({ maxLength });
/** Numbers of every length as a varint. */
export const varint = fc.oneof(fc.nat(300), fc.maxSafeNat(), fc.constantFrom(127, 128, 16_383, 16_384, 2 ** 32, Number.MAX_SAFE_INTEGER));
const positive = varint.map((value) => Math.max(1, value));
const prefix = bytes(8);
const announcement = fc.record({ prefix, incarnation: varint, sequence: varint });
const few = <T>(items: fc.Arbitrary<T>) => fc.array(items, { maxLength: 12 });
const utf8Text = (maxBytes: number) => fc.string({ unit: 'grapheme', maxLength: maxBytes }).filter((text) => new TextEncoder().encode(text).length <= maxBytes);

export const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record({ type: fc.constant('hello' as const), clusterTag: bytes(8), nodeId: bytes(32), incarnation: varint, nonce: bytes(32), peers: varint, credential: anyBytes(300) }),
  fc.record({ type: fc.constant('proof' as const), signature: bytes(64) }),
  fc.record({
    type: fc.constant('push' as const),
    path: fc.constantFrom('eager' as const, 'graft' as const, 'anti-entropy' as const),
    passages: few(fc.record({ hops: fc.nat(255), ageMs: fc.nat(86_400_000), bytes: anyBytes(200) })),
  }),
  fc.record({ type: fc.constant('announce' as const), rumors: few(fc.record({ prefix, incarnation: varint, sequence: varint, hops: fc.nat(255) })) }),
  fc.record({ type: fc.constant('graft' as const), wanted: few(announcement) }),
  fc.record({ type: fc.constant('prune' as const), prefixes: few(prefix) }),
  fc.record({ type: fc.constant('digest' as const), from: prefix, to: prefix, entries: few(fc.record({ prefix, incarnation: varint, sequence: varint, fingerprint: fc.nat(0xffffffff) })) }),
  fc.record({ type: fc.constant('request' as const), prefixes: few(prefix), continueAt: fc.option(prefix, { nil: null }) }),
  fc.record({ type: fc.constant('join' as const), steps: fc.nat(255), address: utf8Text(64) }),
);

const record = fc.record({ kind: fc.nat(kinds.end - 1), payload: anyBytes(60) });
const draft: fc.Arbitrary<BundleDraft> = fc.record({
  clusterTag: bytes(8),
  origin: bytes(32).map(toHex),
  incarnation: positive,
  sequence: positive,
  timeMs: varint,
  lifetimeS: varint,
  records: fc.uniqueArray(record, { minLength: 1, maxLength: 8, selector: ({ kind }) => kind }).map((records) => records.sort((a, b) => a.kind - b.kind)),
});
export const bundle = fc.tuple(draft, bytes(64)).map(([of, signature]) => ({ draft: of, bytes: sealBundle(encodeBundle(of), signature) }));

export const descriptor: fc.Arbitrary<Descriptor> = fc.record({
  name: utf8Text(63).filter((text) => text !== ''),
  version: utf8Text(32),
  labels: fc.dictionary(utf8Text(63).filter((text) => text !== ''), utf8Text(100), { maxKeys: 8, noNullPrototype: true }),
  metrics: few(fc.record({ name: fc.stringMatching(/^[a-z0-9_.]{1,80}$/), unit: utf8Text(24), type: fc.constantFrom('counter' as const, 'gauge' as const), exponent: fc.integer({ min: -9, max: 9 }) })),
});

const largest = 2 ** 52 - 1;
export const sample: fc.Arbitrary<Sample> = fc.record({
  descriptorSequence: positive,
  viewDigest: bytes(8),
  multiples: fc.array(fc.option(fc.oneof(fc.integer({ min: -largest, max: largest }), fc.integer({ min: -200, max: 200 })), { nil: undefined }), { maxLength: 128 }),
});
