/** A certificate authority for one test: P-256 roots and leaves in memory. */
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto as Parameters<x509.CryptoProvider['set']>[1]);

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const hourMs = 3_600_000;

export interface IssuedLeaf {
  /** PEM. */
  readonly cert: string;
  /** PKCS#8 PEM. */
  readonly key: string;
}

export interface LeafChanges {
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** Extended key usages; none at all when empty. */
  readonly usages?: readonly string[];
  readonly isAuthority?: boolean;
}

export interface TestAuthority {
  /** PEM of the root. */
  readonly root: string;
  /** A leaf with these URIs, for client and server unless changed. */
  issue(uris: readonly string[], changes?: LeafChanges): Promise<IssuedLeaf>;
}

export async function createTestAuthority(name = 'Test root'): Promise<TestAuthority> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: `CN=${name}`,
    notBefore: new Date(Date.now() - hourMs),
    notAfter: new Date(Date.now() + 24 * hourMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true), new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true)],
  });
  let serial = 1;
  return {
    root: root.toString('pem'),
    async issue(uris, changes = {}) {
      const usages = changes.usages ?? [x509.ExtendedKeyUsage.clientAuth, x509.ExtendedKeyUsage.serverAuth];
      const leafKeys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
      serial += 1;
      const leaf = await x509.X509CertificateGenerator.create({
        serialNumber: serial.toString(16).padStart(4, '0'),
        subject: 'CN=test leaf',
        issuer: root.subject,
        notBefore: changes.notBefore ?? new Date(Date.now() - hourMs),
        notAfter: changes.notAfter ?? new Date(Date.now() + hourMs),
        signingAlgorithm: algorithm,
        publicKey: leafKeys.publicKey,
        signingKey: keys.privateKey,
        extensions: [
          new x509.BasicConstraintsExtension(changes.isAuthority ?? false, undefined, true),
          new x509.KeyUsagesExtension(changes.isAuthority === true ? x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature : x509.KeyUsageFlags.digitalSignature, true),
          ...(usages.length > 0 ? [new x509.ExtendedKeyUsageExtension([...usages])] : []),
          new x509.SubjectAlternativeNameExtension(uris.map((value) => ({ type: 'url' as const, value }))),
        ],
      });
      const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', leafKeys.privateKey)).toString('base64');
      return { cert: leaf.toString('pem'), key: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n` };
    },
  };
}
