/** records.json (docs/PROTOCOL.md 12.3). */
import {
  type BundleRecord, decodeBundle, decodeDescriptor, decodeSample, decodeTrust, type Descriptor, encodeBundle, encodeDescriptor, encodeSample, encodeTrust, fromHex, kinds,
  messageOfBundle, messageOfUnsigned, sealBundle, signedMessage, toHex,
} from '@starling/gossip';
import { clusterTagOf } from '../../services/node/src/certificates/credential.js';
import { nodeCredential } from './credential-vectors.js';
import { keyOf, plain, type Plain, type SigningKey, signWith } from './keys.js';

const cluster = 'vectors';
const clusterTag = new Uint8Array(clusterTagOf(cluster));
const first = keyOf('first');
const second = keyOf('second');
const timeMs = Date.UTC(2026, 10, 24, 12);

const descriptor: Descriptor = {
  name: 'röntgen-1',
  version: '1.2.3',
  labels: { zone: 'a', 'app.kubernetes.io/name': 'starling', __proto__x: 'ü' },
  metrics: [
    { name: 'system.cpu.utilization', unit: '1', type: 'gauge', exponent: -4 },
    { name: 'system.network.io', unit: 'By', type: 'counter', exponent: 0 },
    ...Array.from({ length: 8 }, (_, i) => ({ name: `m_${i}`, unit: 's', type: 'gauge' as const, exponent: i - 9 })),
  ],
};
const viewDigest = fromHex('0102030405060708') as Uint8Array;
const largest = 2 ** 52 - 1;

function recordsOf(credential: Uint8Array): Record<'credential' | 'descriptor' | 'sample' | 'empty' | 'farewell' | 'trust' | 'report' | 'last', BundleRecord> {
  return {
    credential: { kind: kinds.credential, payload: credential },
    descriptor: { kind: kinds.descriptor, payload: encodeDescriptor(descriptor) },
    sample: { kind: kinds.sample, payload: encodeSample({ descriptorSequence: 1, viewDigest, multiples: [1_234, 987_654_321, undefined, -1, 0, largest, -largest, undefined, 63, -65] }) },
    empty: { kind: kinds.sample, payload: encodeSample({ descriptorSequence: 300, viewDigest: new Uint8Array(8), multiples: [] }) },
    farewell: { kind: kinds.farewell, payload: new Uint8Array(0) },
    trust: { kind: kinds.trust, payload: encodeTrust([new Uint8Array(32).fill(9), new Uint8Array(32).fill(1)]) },
    report: { kind: kinds.firstReport, payload: Uint8Array.from([1, 2, 3]) },
    last: { kind: kinds.end - 1, payload: new Uint8Array(0) },
  };
}

function bundle(key: SigningKey, incarnation: number, sequence: number, records: readonly BundleRecord[]): Uint8Array {
  const unsigned = encodeBundle({ clusterTag, origin: toHex(key.publicKey), incarnation, sequence, timeMs, lifetimeS: 600, records });
  return sealBundle(unsigned, signWith(key, messageOfUnsigned(unsigned)));
}

function valueOf({ kind, payload }: BundleRecord): Plain {
  if (kind === kinds.descriptor) return plain(decodeDescriptor(payload));
  if (kind === kinds.sample) return plain(decodeSample(payload));
  return kind === kinds.trust ? plain(decodeTrust(payload)) : null;
}

function described(name: string, bytes: Uint8Array): Plain {
  const decoding = decodeBundle(bytes);
  if (!decoding.ok) throw new Error(`${name} is ${decoding.reason}`);
  const { origin, incarnation, sequence, lifetimeS, records } = decoding.bundle;
  return { name, nodeId: origin, bytes: plain(bytes), signed: plain(messageOfBundle(bytes)), incarnation, sequence, timeMs: decoding.bundle.timeMs, lifetimeS, records: records.map((record) => ({ kind: record.kind, payload: plain(record.payload), value: valueOf(record) })) };
}

function proof(role: 0 | 1): Plain {
  const end = (key: SigningKey, byte: number) => ({ fingerprint: new Uint8Array(32).fill(byte), nonce: new Uint8Array(32).fill(byte + 1), nodeId: key.publicKey });
  const [dialler, acceptor] = [end(first, 0x10), end(second, 0x20)];
  const parts = [dialler.fingerprint, acceptor.fingerprint, dialler.nonce, acceptor.nonce, dialler.nodeId, acceptor.nodeId];
  const signed = signedMessage('starling/proof/1', Uint8Array.from([role, ...parts.flatMap((part) => [...part])]));
  return { role, dialler: plain(dialler), acceptor: plain(acceptor), signed: plain(signed), signature: plain(signWith(role === 0 ? first : second, signed)) };
}

/** Signed all the same, so that nothing but the form is wrong. */
function misformed(): Plain {
  const head = (incarnation: string, sequence: string) => `01${toHex(clusterTag)}${toHex(first.publicKey)}${incarnation}${sequence}0001`;
  const seal = (text: string) => {
    const unsigned = fromHex(text.replaceAll(' ', '')) as Uint8Array;
    return toHex(sealBundle(unsigned, signWith(first, messageOfUnsigned(unsigned))));
  };
  const good = `${head('01', '01')} 01 02 00`;
  const cases: readonly (readonly [string, string, string])[] = [
    ['no bytes', '', 'malformed'],
    ['version 2', seal(`02${good.slice(2)}`), 'unsupported-version'],
    ['incarnation 0', seal(`${head('00', '01')} 01 02 00`), 'malformed'],
    ['sequence 0', seal(`${head('01', '00')} 01 02 00`), 'malformed'],
    ['a sequence in more bytes than it needs', seal(`${head('01', '8100')} 01 02 00`), 'malformed'],
    ['no record', seal(`${head('01', '01')} 00`), 'malformed'],
    ['65 records', seal(`${head('01', '01')} 41 ${Array.from({ length: 65 }, (_, i) => `${(i + 16).toString(16)}00`).join('')}`), 'malformed'],
    ['a kind twice', seal(`${head('01', '01')} 02 02 00 02 00`), 'malformed'],
    ['kinds that fall', seal(`${head('01', '01')} 02 02 00 01 00`), 'malformed'],
    ['kind 16,384', seal(`${head('01', '01')} 01 808001 00`), 'malformed'],
    ['a payload that is cut', seal(`${head('01', '01')} 01 02 7f`), 'malformed'],
    ['a byte after the signature', `${seal(good)}00`, 'malformed'],
    ['a signature of 63 bytes', seal(good).slice(0, -2), 'malformed'],
  ];
  return cases.map(([name, bytes, reason]) => ({ name, bytes, reason }));
}

export async function recordVectors(): Promise<Plain> {
  const records = recordsOf(await nodeCredential('first'));
  const others = recordsOf(await nodeCredential('second'));
  return {
    cluster,
    clusterTag: plain(clusterTag),
    keys: [first, second].map(({ seed, publicKey }) => ({ seed: plain(seed), nodeId: plain(publicKey) })),
    bundles: [
      described('the first word of a life', bundle(first, 1, 1, [records.credential, records.descriptor, records.sample])),
      described('a sample alone', bundle(first, 1, 2, [records.sample])),
      described('a sample of no metrics', bundle(first, 1, 301, [records.empty])),
      described('a farewell', bundle(first, 1, 302, [records.farewell])),
      described('trust', bundle(first, 2, 1, [records.trust])),
      described('reports, with the largest numbers', bundle(second, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, [records.report, records.last])),
      described('everything', bundle(second, 3, 128, [others.credential, others.descriptor, others.sample, others.trust, others.report])),
    ],
    proofs: [proof(0), proof(1)],
    refused: misformed(),
  };
}
