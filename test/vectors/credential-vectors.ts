/** credentials.json (docs/PROTOCOL.md 12.4). Everything is signed by Ed25519, or on P-256 with a nonce from a hash, so that it comes out the same each time. */
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { Point } from '@noble/ed25519';
import * as x509 from '@peculiar/x509';
import { encodeCredential, messageOfUnsignedCredential, sealBundle, toHex } from '@starling/gossip';
import { clusterTagOf } from '../../services/node/src/certificates/credential.js';
import { clientAuth, serverAuth } from '../support/authority.js';
import { keyOf, plain, type Plain, type SigningKey, signWith } from './keys.js';
import { p256Of, signP256 } from './p256.js';

const crypto = webcrypto as Crypto;
x509.cryptoProvider.set(crypto);

const cluster = 'vectors';
const nowMs = Date.UTC(2026, 10, 24, 12);
const hourMs = 3_600_000;
const algorithm = { name: 'Ed25519' };
const nodeId = (name: string) => toHex(keyOf(name).publicKey);

interface Authority {
  readonly certificate: x509.X509Certificate;
  readonly keys: CryptoKeyPair;
}

async function importPair(key: SigningKey): Promise<CryptoKeyPair> {
  const pkcs8 = key.privateKey.export({ type: 'pkcs8', format: 'der' });
  return { publicKey: await crypto.subtle.importKey('spki', spkiOf(key.publicKey), algorithm, true, ['verify']), privateKey: await crypto.subtle.importKey('pkcs8', new Uint8Array(pkcs8), algorithm, true, ['sign']) };
}

async function authority(name: string, parent?: Authority): Promise<Authority> {
  const keys = await importPair(keyOf(name));
  const common = { serialNumber: '01', notBefore: new Date(nowMs - 10 * hourMs), notAfter: new Date(nowMs + 1_000 * hourMs), signingAlgorithm: algorithm, extensions: [new x509.BasicConstraintsExtension(true, undefined, true)] };
  const certificate = await (parent === undefined
    ? x509.X509CertificateGenerator.createSelfSigned({ ...common, name: `CN=${name}`, keys })
    : x509.X509CertificateGenerator.create({ ...common, subject: `CN=${name}`, issuer: parent.certificate.subject, publicKey: keys.publicKey, signingKey: parent.keys.privateKey }));
  return { certificate, keys };
}

type LeafKey = 'Ed25519' | 'P-256' | 'small order';

/** What a credential has otherwise than a sound one. */
interface Wishes {
  readonly uris?: readonly string[];
  readonly usages?: readonly string[];
  readonly isAuthority?: boolean;
  /** Hours from now. */
  readonly leafFrom?: number;
  readonly leafUntil?: number;
  readonly from?: number;
  readonly until?: number;
  readonly tagOf?: string;
  readonly key?: LeafKey;
  readonly intermediates?: readonly Authority[];
  readonly damage?: (bytes: Uint8Array) => Uint8Array;
}

async function credential(issuer: Authority, id: string, wishes: Wishes = {}): Promise<Uint8Array> {
  const leafKey = leafKeyOf(wishes.key ?? 'Ed25519');
  const at = (hours: number) => new Date(nowMs + hours * hourMs);
  const leaf = await x509.X509CertificateGenerator.create({
    serialNumber: '02',
    subject: 'CN=leaf',
    issuer: issuer.certificate.subject,
    notBefore: at(wishes.leafFrom ?? -1),
    notAfter: at(wishes.leafUntil ?? 24),
    signingAlgorithm: algorithm,
    publicKey: new x509.PublicKey(new Uint8Array(leafKey.spki)),
    signingKey: issuer.keys.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(wishes.isAuthority ?? false, undefined, true),
      new x509.ExtendedKeyUsageExtension([...(wishes.usages ?? [serverAuth, clientAuth])]),
      new x509.SubjectAlternativeNameExtension((wishes.uris ?? [`spiffe://${cluster}/node/${id}`]).map((value) => ({ type: 'url' as const, value }))),
    ],
  });
  const chain = [leaf, ...(wishes.intermediates ?? []).map(({ certificate }) => certificate)].map(({ rawData }) => new Uint8Array(rawData));
  const seconds = (hours: number) => at(hours).getTime() / 1_000;
  const unsigned = encodeCredential({ clusterTag: clusterTagOf(wishes.tagOf ?? cluster), nodeId: id, notBeforeS: seconds(wishes.from ?? wishes.leafFrom ?? -1), notAfterS: seconds(wishes.until ?? wishes.leafUntil ?? 24), chain });
  const bytes = sealBundle(unsigned, leafKey.sign(messageOfUnsignedCredential(unsigned)));
  return wishes.damage?.(bytes) ?? bytes;
}

function leafKeyOf(type: LeafKey): { readonly spki: Uint8Array; readonly sign: (message: Uint8Array) => Uint8Array } {
  if (type === 'P-256') {
    const key = p256Of('leaf');
    return { spki: key.spki, sign: (message) => signP256(key, message) };
  }
  if (type === 'Ed25519') return { spki: spkiOf(keyOf('leaf').publicKey), sign: (message) => signWith(keyOf('leaf'), message) };
  // The neutral element as key: R = S B satisfies the equation for every message.
  const neutral = new Uint8Array(32).fill(1, 0, 1);
  return { spki: spkiOf(neutral), sign: () => Buffer.concat([Point.BASE.multiply(5n).toBytes(), new Uint8Array(32).fill(5, 0, 1)]) };
}

const spkiOf = (publicKey: Uint8Array) => Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), publicKey]);

/** A sound one, for bundles. */
export async function nodeCredential(name: string): Promise<Uint8Array> {
  return credential(await authority('root'), nodeId(name));
}

const flipped = (at: number) => (bytes: Uint8Array) => bytes.map((byte, i) => (i === (at + bytes.length) % bytes.length ? byte ^ 1 : byte));

export async function credentialVectors(): Promise<Plain> {
  const root = await authority('root');
  const stranger = await authority('stranger');
  const intermediate = await authority('intermediate', root);
  const id = nodeId('first');
  const uri = (rest: string, of = cluster) => [`spiffe://${of}/${rest}`];
  const cases: readonly (readonly [string, string, Authority, Wishes])[] = [
    ['named', 'admitted', root, {}],
    ['named, on P-256', 'admitted', root, { key: 'P-256' }],
    ['first-come', 'admitted', root, { uris: uri('leaf/machine_1.example') }],
    ['shared', 'admitted', root, { uris: uri('shared') }],
    ['by an intermediate', 'admitted', intermediate, { intermediates: [intermediate] }],
    ['a minute too early, within the tolerance', 'admitted', root, { leafFrom: 1 / 60 }],
    ['a byte after its end', 'malformed', root, { damage: (bytes) => Uint8Array.from([...bytes, 0]) }],
    ['cut', 'malformed', root, { damage: (bytes) => bytes.subarray(0, bytes.length - 1) }],
    ['of another version', 'malformed', root, { damage: flipped(0) }],
    ['of another cluster by its tag', 'wrong-cluster', root, { tagOf: 'other' }],
    ['by an authority that is not trusted', 'untrusted-chain', stranger, {}],
    ['by an intermediate that is missing', 'untrusted-chain', intermediate, {}],
    ['of a leaf that ended', 'expired', root, { leafFrom: -3, leafUntil: -1 }],
    ['ended before its leaf', 'expired', root, { leafFrom: -3, until: -1 }],
    ['of a leaf that begins in an hour', 'not-yet-valid', root, { leafFrom: 1 }],
    ['for clients only', 'wrong-usage', root, { usages: [clientAuth] }],
    ['of an authority', 'wrong-usage', root, { isAuthority: true }],
    ['of two names', 'wrong-uri', root, { uris: [...uri('shared'), ...uri('leaf/x')] }],
    ['of a gateway', 'wrong-uri', root, { uris: uri('gateway/page') }],
    ['of no known form', 'wrong-uri', root, { uris: uri('nodes/x') }],
    ['of another cluster by its name', 'wrong-cluster', root, { uris: uri('shared', 'other') }],
    ['naming another node', 'wrong-node', root, { uris: uri(`node/${nodeId('second')}`) }],
    ['longer than its leaf', 'malformed', root, { until: 25 }],
    ['not signed by its leaf', 'bad-signature', root, { damage: flipped(-64) }],
    ['signed by a leaf of small order', 'bad-signature', root, { key: 'small order' }],
    ['not signed by its leaf, on P-256', 'bad-signature', root, { key: 'P-256', damage: flipped(-1) }],
  ];
  const made: Plain[] = [];
  for (const [name, verdict, issuer, wishes] of cases) made.push({ name, nodeId: id, bytes: plain(await credential(issuer, id, wishes)), verdict });
  return { cluster, nowMs, root: plain(new Uint8Array(root.certificate.rawData)), credentials: made };
}
