/** A certificate authority for one test: P-256, in memory; it issues what a test wants, sound or not. */
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

const crypto = webcrypto as Crypto;
x509.cryptoProvider.set(crypto);

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const weakAlgorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } as const;
const hourMs = 3_600_000;
export const serverAuth = '1.3.6.1.5.5.7.3.1';
export const clientAuth = '1.3.6.1.5.5.7.3.2';

export interface IssuedLeaf {
  /** PEM. */
  readonly cert: string;
  /** PKCS#8 PEM. */
  readonly key: string;
}

/** What a leaf has otherwise: it begins an hour ago, ends in an hour, and is for client and server. */
export interface LeafChanges {
  readonly uris?: readonly string[];
  /** Addresses, for a client that checks the host. */
  readonly ips?: readonly string[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** Extended key usages; none at all when empty. */
  readonly usages?: readonly string[];
  readonly isAuthority?: boolean;
}

export interface IntermediateChanges {
  /** False for one that may sign nothing, and does. */
  readonly isAuthority?: boolean;
  /** Only names below `example`. */
  readonly nameConstraints?: boolean;
  /** A key of RSA with 512 bits, which can be broken. */
  readonly isWeak?: boolean;
  readonly pathLength?: number;
  /** Basic constraints a second time, which no certificate may have. */
  readonly constraintsTwice?: boolean;
}

export interface TestAuthority {
  /** PEM of its certificate. */
  readonly root: string;
  /** A key, and a leaf with these URIs. */
  issue(uris: readonly string[], changes?: LeafChanges): Promise<IssuedLeaf>;
  /** Signs the key of a request (PKCS#10, PEM); names and usages are the request's unless changed. PEM. */
  sign(signingRequestPem: string, changes?: LeafChanges): Promise<string>;
  /** Signs a public key, of SPKI in DER. PEM. */
  signKey(spki: Uint8Array, changes: LeafChanges): Promise<string>;
  /** PEM of this authority, which made itself, with the same name and key, and another end. */
  renewed(notAfter: Date): Promise<string>;
  intermediate(name: string, changes?: IntermediateChanges): Promise<TestAuthority>;
}

/** { permittedSubtrees [0] { { uniformResourceIdentifier [6] "example" } } } of RFC 5280, 4.2.1.10. */
const belowExample = Buffer.from('300da00b30098607' + Buffer.from('example').toString('hex'), 'hex');

export async function createTestAuthority(name = 'Test root'): Promise<TestAuthority> {
  const keys = await newKeys();
  return authorityOf(await selfSigned(`CN=${name}`, keys, new Date(Date.now() + 24 * hourMs)), keys);
}

function newKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

function selfSigned(name: string, keys: CryptoKeyPair, notAfter: Date): Promise<x509.X509Certificate> {
  const extensions = [new x509.BasicConstraintsExtension(true, undefined, true), new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true)];
  return x509.X509CertificateGenerator.createSelfSigned({ name, keys, signingAlgorithm: algorithm, notBefore: new Date(Date.now() - hourMs), notAfter, extensions });
}

function authorityOf(certificate: x509.X509Certificate, keys: CryptoKeyPair): TestAuthority {
  const signingAlgorithm = keys.privateKey.algorithm.name === algorithm.name ? algorithm : weakAlgorithm;
  const issuer = { issuer: certificate.subject, signingKey: keys.privateKey, signingAlgorithm };
  const leafOf = async (publicKey: x509.PublicKeyType, changes: LeafChanges) => {
    const usages = changes.usages ?? [clientAuth, serverAuth];
    const leaf = await x509.X509CertificateGenerator.create({
      ...issuer,
      subject: 'CN=test leaf',
      publicKey,
      notBefore: changes.notBefore ?? new Date(Date.now() - hourMs),
      notAfter: changes.notAfter ?? new Date(Date.now() + hourMs),
      extensions: [
        new x509.BasicConstraintsExtension(changes.isAuthority === true, undefined, true),
        new x509.KeyUsagesExtension(changes.isAuthority === true ? x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature : x509.KeyUsageFlags.digitalSignature, true),
        ...(usages.length > 0 ? [new x509.ExtendedKeyUsageExtension([...usages])] : []),
        new x509.SubjectAlternativeNameExtension([...(changes.uris ?? []).map((value) => ({ type: 'url' as const, value })), ...(changes.ips ?? []).map((value) => ({ type: 'ip' as const, value }))]),
      ],
    });
    return `${leaf.toString('pem')}\n`;
  };
  return {
    root: `${certificate.toString('pem')}\n`,
    issue: async (uris, changes = {}) => {
      const leafKeys = await newKeys();
      const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', leafKeys.privateKey)).toString('base64');
      return { cert: await leafOf(leafKeys.publicKey, { ...changes, uris }), key: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n` };
    },
    sign: async (signingRequestPem, changes = {}) => {
      const request = new x509.Pkcs10CertificateRequest(signingRequestPem);
      return leafOf(await request.publicKey.export(crypto), { uris: urisOf(request), usages: usagesOf(request), ...changes });
    },
    signKey: (spki, changes) => leafOf(new x509.PublicKey(new Uint8Array(spki)), changes),
    renewed: async (notAfter) => `${(await selfSigned(certificate.subject, keys, notAfter)).toString('pem')}\n`,
    intermediate: async (name, changes = {}) => {
      const below = changes.isWeak === true ? await crypto.subtle.generateKey({ ...weakAlgorithm, modulusLength: 512, publicExponent: Uint8Array.of(1, 0, 1) }, true, ['sign', 'verify']) : await newKeys();
      const extensions = [new x509.BasicConstraintsExtension(changes.isAuthority !== false, changes.pathLength, true), ...(changes.nameConstraints === true ? [new x509.Extension('2.5.29.30', true, belowExample)] : []), ...(changes.constraintsTwice === true ? [new x509.BasicConstraintsExtension(true)] : [])];
      const made = await x509.X509CertificateGenerator.create({ ...issuer, subject: `CN=${name}`, publicKey: below.publicKey, notAfter: new Date(Date.now() + 5 * hourMs), extensions });
      return authorityOf(made, below);
    },
  };
}

const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** The same certificate, its signature written the other way: with (r, s) of ECDSA (r, order - s) holds as well, and anybody can tell it. PEM. */
export function writtenOtherwise(cert: string): string {
  const { rawData, signature } = new x509.X509Certificate(cert);
  const [der, old] = [Buffer.from(rawData), Buffer.from(signature)];
  const sAt = 4 + (old[3] as number);
  const s = (order - BigInt(`0x${old.subarray(sAt + 2).toString('hex')}`)).toString(16);
  const digits = s.length % 2 === 0 ? s : `0${s}`;
  const number = Buffer.from(digits >= '8' ? `00${digits}` : digits, 'hex');
  const pair = Buffer.concat([old.subarray(2, sAt), Buffer.of(0x02, number.length), number]);
  const bits = Buffer.concat([Buffer.of(0x03, pair.length + 3, 0, 0x30, pair.length), pair]);
  const body = Buffer.concat([der.subarray(4, -(old.length + 3)), bits]);
  const header = Buffer.of(0x30, 0x82, body.length >> 8, body.length & 0xff);
  return `${new x509.X509Certificate(Buffer.concat([header, body])).toString('pem')}\n`;
}

export function urisOf(request: x509.Pkcs10CertificateRequest): string[] {
  const names = request.extensions.find((one) => one instanceof x509.SubjectAlternativeNameExtension);
  return (names?.names.items ?? []).filter((one) => one.type === 'url').map((one) => one.value);
}

export function usagesOf(request: x509.Pkcs10CertificateRequest): string[] {
  const usages = request.extensions.find((one) => one instanceof x509.ExtendedKeyUsageExtension);
  return (usages?.usages ?? []).map(String);
}
