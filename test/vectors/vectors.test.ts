/** What is in the files holds: read as a second implementation would read them (docs/PROTOCOL.md section 12). */
import { createHash, createPublicKey, verify, X509Certificate as NodeCertificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { verify as nobleVerify, hashes } from '@noble/ed25519';
import { decodeBundle, decodeDescriptor, decodeSample, decodeTrust, encodeBundle, encodeDescriptor, encodeSample, fromHex, kinds, messageOfBundle, peekBundle, sealBundle, signatureOfBundle, signedMessage } from '@starling/gossip';
import { describe, expect, it } from 'vitest';
import { decodeMessage, encodeMessage } from '../../services/gossip/src/wire/codec.js';
import { clusterTagOf, verifyCredential } from '../../services/node/src/certificates/credential.js';
import { TrustedRoots } from '../../services/certificates/src/trusted-roots.js';
import { createSignatureVerifier } from '../../services/node/src/identity/verify-signature.js';
import { linksOf } from '../../services/verification/src/certificate-chain.js';
import { checkCredential } from '../../services/verification/src/credential-check.js';
import { isNodeSignature } from '../../services/verification/src/node-signature.js';
import { plain } from './keys.js';

hashes.sha512 = (message) => new Uint8Array(createHash('sha512').update(message).digest());

const read = <T>(name: string) => JSON.parse(readFileSync(join(import.meta.dirname, name), 'utf8')) as T;
const bytesOf = (hex: string) => fromHex(hex) as Uint8Array;
const verifySignature = createSignatureVerifier();

function nodeCryptoVerify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(publicKey).toString('base64url') }, format: 'jwk' });
  return verify(null, message, key, signature);
}

describe('messages', () => {
  const messages = read<{ name: string; bytes: string; message: { type: string } }[]>('messages.json');
  it.each(messages)('$name', ({ bytes, message }) => {
    const decoded = decodeMessage(bytesOf(bytes));
    expect(plain(decoded)).toEqual(message);
    expect(plain(decoded === null ? null : encodeMessage(decoded))).toBe(bytes);
  });

  it('has every type', () => {
    expect(new Set(messages.map(({ message }) => message.type))).toEqual(new Set(['hello', 'proof', 'push', 'announce', 'graft', 'prune', 'digest', 'request', 'join']));
  });

  it.each(read<{ name: string; bytes: string }[]>('refused-messages.json'))('refuses $name', ({ bytes }) => {
    expect(decodeMessage(bytesOf(bytes))).toBeNull();
  });
});

interface RecordFile {
  readonly cluster: string;
  readonly clusterTag: string;
  readonly bundles: { name: string; nodeId: string; bytes: string; signed: string; incarnation: number; sequence: number; timeMs: number; lifetimeS: number; records: { kind: number; payload: string; value: unknown }[] }[];
  readonly proofs: { role: 0 | 1; dialler: End; acceptor: End; signed: string; signature: string }[];
  readonly refused: { name: string; bytes: string; reason: string }[];
}
type End = { fingerprint: string; nonce: string; nodeId: string };

describe('records', () => {
  const file = read<RecordFile>('records.json');

  it('have the tag of the cluster', () => {
    expect(Buffer.from(clusterTagOf(file.cluster)).toString('hex')).toBe(file.clusterTag);
  });

  it.each(file.bundles)('$name', async (vector) => {
    const bytes = bytesOf(vector.bytes);
    const decoding = decodeBundle(bytes);
    if (!decoding.ok) throw new Error(decoding.reason);
    const { origin, incarnation, sequence, timeMs, lifetimeS, records } = decoding.bundle;
    expect({ nodeId: origin, incarnation, sequence, timeMs, lifetimeS }).toEqual({ nodeId: vector.nodeId, incarnation: vector.incarnation, sequence: vector.sequence, timeMs: vector.timeMs, lifetimeS: vector.lifetimeS });
    expect(records.map(({ kind, payload }) => ({ kind, payload: plain(payload) }))).toEqual(vector.records.map(({ kind, payload }) => ({ kind, payload })));
    const encoded = encodeBundle({ clusterTag: peekBundle(bytes)?.clusterTag ?? new Uint8Array(0), origin, incarnation, sequence, timeMs, lifetimeS, records });
    expect(plain(sealBundle(encoded, signatureOfBundle(bytes)))).toBe(vector.bytes);
    const signed = messageOfBundle(bytes);
    expect(plain(signed)).toBe(vector.signed);
    const verdicts = [nodeCryptoVerify(bytesOf(origin), signed, signatureOfBundle(bytes)), nobleVerify(signatureOfBundle(bytes), signed, bytesOf(origin)), await verifySignature(bytesOf(origin), signed, signatureOfBundle(bytes))];
    expect(verdicts).toEqual([true, true, true]);
  });

  it.each(file.bundles.flatMap(({ records }) => records).filter(({ value }) => value !== null))('a payload of kind $kind means what it says', ({ kind, payload, value }) => {
    const bytes = bytesOf(payload);
    const [descriptor, sample] = [kind === kinds.descriptor ? decodeDescriptor(bytes) : null, kind === kinds.sample ? decodeSample(bytes) : null];
    expect(plain(descriptor ?? sample ?? decodeTrust(bytes))).toEqual(value);
    if (descriptor !== null) expect(plain(encodeDescriptor(descriptor))).toBe(payload);
    if (sample !== null) expect(plain(encodeSample(sample))).toBe(payload);
  });

  it.each(file.proofs)('the proof of role $role', ({ role, dialler, acceptor, signed, signature }) => {
    const body = bytesOf(`0${role}${dialler.fingerprint}${acceptor.fingerprint}${dialler.nonce}${acceptor.nonce}${dialler.nodeId}${acceptor.nodeId}`);
    expect(plain(signedMessage('starling/proof/1', body))).toBe(signed);
    const signer = bytesOf(role === 0 ? dialler.nodeId : acceptor.nodeId);
    expect([nodeCryptoVerify(signer, bytesOf(signed), bytesOf(signature)), nobleVerify(bytesOf(signature), bytesOf(signed), signer)]).toEqual([true, true]);
  });

  it.each(file.refused)('refuses $name', ({ bytes, reason }) => {
    expect(decodeBundle(bytesOf(bytes))).toEqual({ ok: false, reason });
  });
});

interface CredentialFile {
  readonly cluster: string;
  readonly nowMs: number;
  readonly root: string;
  readonly credentials: { name: string; nodeId: string; bytes: string; verdict: string; roots?: string[] }[];
}

describe('credentials, judged by the node and by the page', () => {
  const { cluster, nowMs, root, credentials } = read<CredentialFile>('credentials.json');
  const clusterTag = clusterTagOf(cluster);
  it.each(credentials)('$name: $verdict', async ({ nodeId, bytes, verdict, roots: ofItsOwn }) => {
    const trusted = (ofItsOwn ?? [root]).map(bytesOf);
    const roots = new TrustedRoots(trusted.map((der) => new NodeCertificate(der)));
    const judged = verifyCredential(bytesOf(bytes), { roots, cluster, clusterTag, acceptsShared: true, wallMs: nowMs });
    expect(judged.admitted ? 'admitted' : judged.reason).toBe(verdict);
    const checked = await checkCredential({ bytes: bytesOf(bytes), nodeId, cluster, clusterTag, roots: linksOf(trusted) ?? [], nowMs });
    expect(checked.checks.every(({ outcome }) => outcome === 'passed')).toBe(verdict === 'admitted');
    expect(checked.rootFingerprint).toBe(judged.admitted ? plain(judged.facts.rootFingerprint) : null);
  });
});

describe('signatures, verified by the node and by the page', () => {
  const signatures = read<{ name: string; publicKey: string; message: string; signature: string; valid: boolean }[]>('signatures.json');
  it.each(signatures)('$name: $valid', async ({ publicKey, message, signature, valid }) => {
    const asked = [bytesOf(publicKey), bytesOf(message), bytesOf(signature)] as const;
    expect({ node: await verifySignature(...asked), page: await isNodeSignature(...asked) }).toEqual({ node: valid, page: valid });
  });

  it('has those on which the libraries themselves differ', () => {
    const lenient = signatures.filter(({ publicKey, message, signature, valid }) => {
      const asked = [bytesOf(publicKey), bytesOf(message), bytesOf(signature)] as const;
      const accepts = (verifier: () => boolean) => {
        try {
          return verifier();
        } catch {
          return false;
        }
      };
      return accepts(() => nodeCryptoVerify(...asked)) !== valid || accepts(() => nobleVerify(asked[2], asked[1], asked[0])) !== valid;
    });
    expect(lenient.length).toBeGreaterThan(20);
  });
});
