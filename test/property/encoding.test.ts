/** Bytes and values: a round trip for what is of the form; for anything else a verdict, never an exception; one form only for each value. */
import fc from 'fast-check';
import {
  type Descriptor, decodeBundle, decodeCredential, decodeDescriptor, decodeSample, decodeTrust, descriptorFault, encodeBundle, encodeCredential, encodeDescriptor, encodeSample, encodeTrust, limits, peekBundle, sealBundle,
  seededRandom, signatureOfBundle, toHex,
} from '@starling/gossip';
import { describe, expect, it } from 'vitest';
import { decodeMessage, encodeMessage } from '../../services/gossip/src/wire/codec.js';
import { mutated } from '../fuzz/mutation.js';
import * as arbitrary from './arbitraries.js';

type Again = (bytes: Uint8Array) => Uint8Array | null;

/** What was decoded, encoded again; null for what was refused. */
const forms: Readonly<Record<string, { readonly made: fc.Arbitrary<Uint8Array>; readonly again: Again }>> = {
  message: {
    made: arbitrary.message.map(encodeMessage),
    again: (bytes) => {
      const message = decodeMessage(bytes);
      return message === null ? null : encodeMessage(message);
    },
  },
  bundle: {
    made: arbitrary.bundle.map(({ bytes }) => bytes),
    again: (bytes) => {
      const decoding = decodeBundle(bytes);
      return decoding.ok ? sealBundle(encodeBundle({ ...decoding.bundle, records: decoding.bundle.records, clusterTag: peekBundle(bytes)?.clusterTag ?? new Uint8Array(0) }), signatureOfBundle(bytes)) : null;
    },
  },
  descriptor: {
    made: arbitrary.descriptor.map(encodeDescriptor),
    again: (bytes) => {
      const descriptor = decodeDescriptor(bytes);
      return descriptor === null ? null : encodeDescriptor(descriptor);
    },
  },
  sample: {
    made: arbitrary.sample.map(encodeSample),
    again: (bytes) => {
      const sample = decodeSample(bytes);
      return sample === null ? null : encodeSample(sample);
    },
  },
  trust: {
    made: fc.array(arbitrary.bytes(32), { maxLength: 16 }).map(encodeTrust),
    again: (bytes) => {
      const trust = decodeTrust(bytes);
      return trust === null ? null : encodeTrust(trust);
    },
  },
  credential: {
    made: fc
      .record({ clusterTag: arbitrary.bytes(8), nodeId: arbitrary.bytes(32).map(toHex), notBeforeS: arbitrary.varint, notAfterS: arbitrary.varint, chain: fc.array(fc.uint8Array({ maxLength: 100 }), { minLength: 1, maxLength: 4 }) })
      .map((credential) => sealBundle(encodeCredential(credential), new Uint8Array(64).fill(7))),
    again: (bytes) => {
      const credential = decodeCredential(bytes);
      return credential === null ? null : sealBundle(encodeCredential(credential), credential.leafSignature);
    },
  },
};

describe.each(Object.entries(forms))('a %s', (_, { made, again }) => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(made, (bytes) => {
        expect(again(bytes)).toEqual(bytes);
      }),
    );
  });

  it('has one form: damaged bytes are refused, or another value in its only form', () => {
    fc.assert(
      fc.property(made, fc.noBias(fc.nat()), (bytes, seed) => {
        const damaged = mutated(seededRandom(seed), bytes, []);
        const encoded = again(damaged);
        if (encoded !== null) expect(encoded).toEqual(damaged);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is refused or in its only form when the bytes are arbitrary', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(9), (rest, first) => {
        const bytes = Uint8Array.from([first, ...rest]);
        const encoded = again(bytes);
        if (encoded !== null) expect(encoded).toEqual(bytes);
      }),
      { numRuns: 1_000 },
    );
  });
});

it.each(['bundle', 'credential', 'trust'])('a %s that is cut or has bytes after it is refused', (name) => {
  const { made, again } = forms[name] as (typeof forms)[string];
  fc.assert(
    fc.property(made, fc.nat(), fc.nat(255), (bytes, place, value) => {
      expect(again(bytes.slice(0, place % bytes.length))).toBeNull();
      expect(again(Uint8Array.from([...bytes, value]))).toBeNull();
    }),
  );
});

it('a descriptor without fault is read as it was said', () => {
  const sorted = (descriptor: Descriptor) => ({ ...descriptor, labels: Object.entries(descriptor.labels).sort() });
  fc.assert(
    fc.property(arbitrary.descriptor, (descriptor) => {
      fc.pre(descriptorFault(descriptor) === null);
      const decoded = decodeDescriptor(encodeDescriptor(descriptor));
      expect(decoded === null ? null : sorted(decoded)).toEqual(sorted(descriptor));
    }),
  );
});

it('a sample with a multiple beyond 2^52 - 1 in magnitude is refused (PROTOCOL 4.7)', () => {
  const fine = encodeSample({ descriptorSequence: 1, viewDigest: new Uint8Array(8), multiples: [-(2 ** 52 - 1)] });
  expect(decodeSample(fine)?.multiples).toEqual([-(2 ** 52 - 1)]);
  // The next number in zigzag is -2^52.
  const beyond = fine.map((byte, i) => (i === fine.length - 8 ? byte + 2 : byte));
  expect(decodeSample(beyond)).toBe(null);
});

it('a descriptor of more than 8,192 bytes is refused, whatever its parts are (PROTOCOL 4.6)', () => {
  const described = (metrics: number) => encodeDescriptor({ name: 'n', version: '', labels: {}, metrics: Array.from({ length: metrics }, () => ({ name: 'm'.repeat(80), unit: 'u'.repeat(10), type: 'gauge' as const, exponent: 0 })) });
  expect(decodeDescriptor(described(80))?.metrics).toHaveLength(80);
  expect(described(100).length).toBeGreaterThan(limits.maxDescriptorBytes);
  expect(decodeDescriptor(described(100))).toBe(null);
});
