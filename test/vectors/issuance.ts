/** Makes authorities and credentials. All is signed by Ed25519, or on P-256 with a nonce from a hash, so that it comes out the same each time. */
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { Point } from '@noble/ed25519';
import * as x509 from '@peculiar/x509';
import { encodeCredential, messageOfUnsignedCredential, sealBundle, toHex } from '@starling/gossip';
import { clusterTagOf } from '../../services/node/src/certificates/credential.js';
import { clientAuth, serverAuth } from '../support/authority.js';
import { keyOf, type SigningKey, signWith } from './keys.js';
import { p256Of, signP256 } from './p256.js';

const crypto = webcrypto as Crypto;
x509.cryptoProvider.set(crypto);

export const cluster = 'vectors';
export const nowMs = Date.UTC(2026, 10, 24, 12);
const hourMs = 3_600_000;
const algorithm = { name: 'Ed25519' };
const at = (hours: number) => new Date(nowMs + hours * hourMs);
export const nodeId = (name: string) => toHex(keyOf(name).publicKey);

export interface Authority {
  readonly certificate: x509.X509Certificate;
  readonly keys: CryptoKeyPair;
}

async function importPair(key: SigningKey): Promise<CryptoKeyPair> {
  const pkcs8 = key.privateKey.export({ type: 'pkcs8', format: 'der' });
  return { publicKey: await crypto.subtle.importKey('spki', spkiOf(key.publicKey), algorithm, true, ['verify']), privateKey: await crypto.subtle.importKey('pkcs8', new Uint8Array(pkcs8), algorithm, true, ['sign']) };
}

/** What an authority has otherwise than a plain one, which began 10 hours ago. */
export interface AuthorityWishes {
  readonly isAuthority?: boolean;
  readonly pathLength?: number;
  readonly serial?: string;
  /** Of its certificate; the keys are of the name it is asked for by. */
  readonly subject?: string;
  /** Hours from now. */
  readonly from?: number;
  readonly until?: number;
  readonly spki?: Uint8Array;
  readonly extensions?: readonly x509.Extension[];
}

export async function authority(name: string, parent?: Authority, wishes: AuthorityWishes = {}): Promise<Authority> {
  const keys = await importPair(keyOf(name));
  const subject = `CN=${wishes.subject ?? name}`;
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: wishes.serial ?? '01',
    subject,
    issuer: parent?.certificate.subject ?? subject,
    notBefore: at(wishes.from ?? -10),
    notAfter: at(wishes.until ?? 1_000),
    signingAlgorithm: algorithm,
    publicKey: wishes.spki === undefined ? keys.publicKey : new x509.PublicKey(new Uint8Array(wishes.spki)),
    signingKey: (parent?.keys ?? keys).privateKey,
    extensions: [new x509.BasicConstraintsExtension(wishes.isAuthority ?? true, wishes.pathLength, true), ...(wishes.extensions ?? [])],
  });
  return { certificate, keys };
}

type LeafKey = 'Ed25519' | 'P-256' | 'small order';

/** What a credential has otherwise than a sound one. */
export interface Wishes {
  readonly uris?: readonly string[];
  readonly dnsName?: string;
  readonly usages?: readonly string[];
  readonly isAuthority?: boolean;
  readonly issuerName?: string;
  readonly extensions?: readonly x509.Extension[];
  /** Hours from now. */
  readonly leafFrom?: number;
  readonly leafUntil?: number;
  readonly from?: number;
  readonly until?: number;
  readonly tagOf?: string;
  readonly key?: LeafKey;
  readonly intermediates?: readonly Authority[];
  /** Trusted instead of the root of the file. */
  readonly roots?: readonly Authority[];
  /** Of a certificate of the chain in DER, which the leaf signature covers. */
  readonly rewrite?: (der: Uint8Array, index: number) => Uint8Array;
  readonly damage?: (bytes: Uint8Array) => Uint8Array;
}

/** A name, a verdict, who issues the leaf, and what else there is to it. */
export type Case = readonly [name: string, verdict: string, issuer: Authority, wishes: Wishes];

export async function credential(issuer: Authority, id: string, wishes: Wishes = {}): Promise<Uint8Array> {
  const leafKey = leafKeyOf(wishes.key ?? 'Ed25519');
  const leaf = await x509.X509CertificateGenerator.create({
    serialNumber: '02',
    subject: 'CN=leaf',
    issuer: wishes.issuerName ?? issuer.certificate.subject,
    notBefore: at(wishes.leafFrom ?? -1),
    notAfter: at(wishes.leafUntil ?? 24),
    signingAlgorithm: algorithm,
    publicKey: new x509.PublicKey(new Uint8Array(leafKey.spki)),
    signingKey: issuer.keys.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(wishes.isAuthority ?? false, undefined, true),
      new x509.ExtendedKeyUsageExtension([...(wishes.usages ?? [serverAuth, clientAuth])]),
      new x509.SubjectAlternativeNameExtension([
        ...(wishes.dnsName === undefined ? [] : [{ type: 'dns' as const, value: wishes.dnsName }]),
        ...(wishes.uris ?? [`spiffe://${cluster}/node/${id}`]).map((value) => ({ type: 'url' as const, value })),
      ]),
      ...(wishes.extensions ?? []),
    ],
  });
  const ders = [leaf, ...(wishes.intermediates ?? []).map(({ certificate }) => certificate)].map(({ rawData }) => new Uint8Array(rawData));
  const chain = ders.map((der, i) => wishes.rewrite?.(der, i) ?? der);
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
