/** A certificate authority and nodes that speak under it, for the tests of this folder. */
import './x509.js';
import { getPublicKeyAsync, signAsync } from '@noble/ed25519';
import { BasicConstraintsExtension, ExtendedKeyUsageExtension, SubjectAlternativeNameExtension, X509Certificate, X509CertificateGenerator } from '@peculiar/x509';
import type { Node, RecordAnswer, TrustAnswer } from '@starling/contract';
import { encodeBundle, encodeCredential, encodeDescriptor, encodeSample, fromMultiple, kinds, messageOfUnsigned, messageOfUnsignedCredential, sealBundle, toHex, type BundleRecord } from '@starling/gossip';
import { clusterTagOf, type RecordQuestion } from './record-check.js';

export const cluster = 'test';
export const nowMs = Date.parse('2026-11-24T12:00:00Z');
const hour = 3_600_000;
const p256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const serverAuth = '1.3.6.1.5.5.7.3.1';
const clientAuth = '1.3.6.1.5.5.7.3.2';

export interface Authority {
  readonly certificate: X509Certificate;
  readonly keys: CryptoKeyPair;
}

/** What a test may have otherwise. */
export interface Wishes {
  readonly uris?: readonly string[];
  readonly usages?: readonly string[];
  readonly isAuthority?: boolean;
  readonly leafUntilMs?: number;
  readonly credentialUntilMs?: number;
  readonly credentialCluster?: string;
  readonly vouchesFor?: string;
  readonly algorithm?: 'P-256' | 'Ed25519';
  readonly intermediates?: readonly X509Certificate[];
}

const generateKeys = (algorithm: 'P-256' | 'Ed25519' = 'P-256') => crypto.subtle.generateKey(algorithm === 'P-256' ? p256 : { name: 'Ed25519' }, true, ['sign', 'verify']) as Promise<CryptoKeyPair>;

/** Self-signed, or under another. An `impostor` is issued like a leaf and tries to issue all the same. */
export async function makeAuthority(subject: string, parent?: Authority, kind: 'authority' | 'impostor' = 'authority'): Promise<Authority> {
  const keys = await generateKeys();
  const common = { serialNumber: '01', notBefore: new Date(nowMs - hour), notAfter: new Date(nowMs + 24 * hour), signingAlgorithm: p256, extensions: [new BasicConstraintsExtension(kind === 'authority', undefined, true)] };
  const certificate = await (parent === undefined
    ? X509CertificateGenerator.createSelfSigned({ ...common, name: subject, keys })
    : X509CertificateGenerator.create({ ...common, subject, issuer: parent.certificate.subject, publicKey: keys.publicKey, signingKey: parent.keys.privateKey }));
  return { certificate, keys };
}

/** Everything that the page has in hand when it checks a node: sound, but for what was wished for. */
export async function makeQuestion(root: Authority, issuer: Authority = root, wishes: Wishes = {}): Promise<RecordQuestion> {
  const secret = crypto.getRandomValues(new Uint8Array(32));
  const publicKey = await getPublicKeyAsync(secret);
  const nodeId = toHex(publicKey);
  const credential = await makeCredential(issuer, nodeId, wishes);
  const metrics = [{ name: 'system.cpu.utilization', unit: '1', type: 'gauge' as const, exponent: -4 }, { name: 'system.memory.usage', unit: 'By', type: 'gauge' as const, exponent: 0 }];
  const speak = async (sequence: number, records: readonly BundleRecord[]) => {
    const unsigned = encodeBundle({ clusterTag: await clusterTagOf(cluster), origin: nodeId, incarnation: 1, sequence, timeMs: nowMs, lifetimeS: 60, records });
    const bytes = sealBundle(unsigned, await signAsync(messageOfUnsigned(unsigned), secret));
    return { bytes: toBase64(bytes), incarnation: 1, sequence, kinds: records.map(({ kind }) => kind) };
  };
  const introduction = await speak(1, [
    { kind: kinds.credential, payload: credential },
    { kind: kinds.descriptor, payload: encodeDescriptor({ name: 'node-1', version: '1', labels: {}, metrics }) },
  ]);
  const sample = await speak(9, [{ kind: kinds.sample, payload: encodeSample({ descriptorSequence: 1, viewDigest: new Uint8Array(8), multiples: [1_234, undefined] }) }]);
  const shown = shownAs(nodeId, { 'system.cpu.utilization': fromMultiple(1_234, metrics[0] as (typeof metrics)[number]), 'system.memory.usage': null });
  const record: RecordAnswer = { asOf: { node: '0'.repeat(64), name: 'node-0', time: new Date(nowMs).toISOString() }, id: nodeId, cluster, bundles: [sample, introduction], credential: toBase64(credential), equivocation: null };
  return { nodeId, cluster, record, trust: trustIn(root), shown: [shown], nowMs };
}

/** What a page shows of the node that spoke in `makeQuestion`. */
function shownAs(id: string, values: Node['values']): Node {
  return { id, name: 'node-1', state: 'alive', stateSinceSeconds: 60, ageSeconds: 0.5, incarnation: 1, sequence: 9, hops: 1, via: null, values, view: '00', verified: true };
}

export function trustIn(...roots: readonly Authority[]): TrustAnswer {
  return { roots: roots.map(({ certificate }) => ({ fingerprint: '', pem: certificate.toString('pem') })) };
}

async function makeCredential(issuer: Authority, nodeId: string, wishes: Wishes): Promise<Uint8Array> {
  const algorithm = wishes.algorithm ?? 'P-256';
  const keys = await generateKeys(algorithm);
  const uris = wishes.uris ?? [`spiffe://${cluster}/node/${nodeId}`];
  const untilMs = wishes.leafUntilMs ?? nowMs + hour;
  const leaf = await X509CertificateGenerator.create({
    serialNumber: '02',
    subject: 'CN=leaf',
    issuer: issuer.certificate.subject,
    notBefore: new Date(nowMs - hour),
    notAfter: new Date(untilMs),
    signingAlgorithm: p256,
    publicKey: keys.publicKey,
    signingKey: issuer.keys.privateKey,
    extensions: [
      new BasicConstraintsExtension(wishes.isAuthority ?? false),
      new ExtendedKeyUsageExtension([...(wishes.usages ?? [serverAuth, clientAuth])]),
      new SubjectAlternativeNameExtension(uris.map((value) => ({ type: 'url' as const, value }))),
    ],
  });
  const chain = [leaf, ...(wishes.intermediates ?? [])].map((certificate) => new Uint8Array(certificate.rawData));
  const unsigned = encodeCredential({
    clusterTag: await clusterTagOf(wishes.credentialCluster ?? cluster),
    nodeId: wishes.vouchesFor ?? nodeId,
    notBeforeS: (nowMs - hour) / 1_000,
    notAfterS: (wishes.credentialUntilMs ?? untilMs) / 1_000,
    chain,
  });
  const message = messageOfUnsignedCredential(unsigned).slice();
  return sealBundle(unsigned, new Uint8Array(await crypto.subtle.sign(algorithm === 'P-256' ? p256 : { name: 'Ed25519' }, keys.privateKey, message)));
}

export function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
