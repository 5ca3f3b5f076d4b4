/** A certificate authority that signs requests (PKCS#10), and changes in them what a test wants. */
import 'reflect-metadata';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Pkcs10CertificateRequest,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
export const serverAuth = '1.3.6.1.5.5.7.3.1';
export const clientAuth = '1.3.6.1.5.5.7.3.2';

export interface LeafChanges {
  readonly uris?: readonly string[];
  readonly usages?: readonly string[];
  readonly authority?: boolean;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

export interface Authority {
  readonly pem: string;
  /** Signs the key of the request; names and usages are the request's unless changed. */
  sign(signingRequestPem: string, changes?: LeafChanges): Promise<string>;
  intermediate(name: string): Promise<Authority>;
}

const hour = 3_600_000;

export async function makeAuthority(name: string): Promise<Authority> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const root = await X509CertificateGenerator.createSelfSigned(
    { name: `CN=${name}`, keys, signingAlgorithm: algorithm, notAfter: new Date(Date.now() + 10 * hour), extensions: [new BasicConstraintsExtension(true, undefined, true)] },
    crypto,
  );
  return authorityOf(root, keys);
}

function authorityOf(certificate: X509Certificate, keys: CryptoKeyPair): Authority {
  const issue = { issuer: certificate.subject, signingKey: keys.privateKey, signingAlgorithm: algorithm };
  return {
    pem: `${certificate.toString('pem')}\n`,
    sign: async (signingRequestPem, changes = {}) => {
      const request = new Pkcs10CertificateRequest(signingRequestPem);
      const leaf = await X509CertificateGenerator.create(
        {
          ...issue,
          publicKey: await request.publicKey.export(crypto),
          notBefore: changes.notBefore ?? new Date(Date.now() - hour),
          notAfter: changes.notAfter ?? new Date(Date.now() + hour),
          extensions: [
            new BasicConstraintsExtension(changes.authority === true, undefined, true),
            new KeyUsagesExtension(changes.authority === true ? KeyUsageFlags.keyCertSign : KeyUsageFlags.digitalSignature, true),
            new ExtendedKeyUsageExtension([...(changes.usages ?? usagesOf(request))]),
            new SubjectAlternativeNameExtension((changes.uris ?? urisOf(request)).map((value) => ({ type: 'url' as const, value }))),
          ],
        },
        crypto,
      );
      return `${leaf.toString('pem')}\n`;
    },
    intermediate: async (name) => {
      const below = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
      const made = await X509CertificateGenerator.create(
        { ...issue, subject: `CN=${name}`, publicKey: below.publicKey, notAfter: new Date(Date.now() + 5 * hour), extensions: [new BasicConstraintsExtension(true, undefined, true)] },
        crypto,
      );
      return authorityOf(made, below);
    },
  };
}

export function urisOf(request: Pkcs10CertificateRequest): string[] {
  const names = request.extensions.find((one) => one instanceof SubjectAlternativeNameExtension);
  return (names?.names.items ?? []).filter((one) => one.type === 'url').map((one) => one.value);
}

export function usagesOf(request: Pkcs10CertificateRequest): string[] {
  const usages = request.extensions.find((one) => one instanceof ExtendedKeyUsageExtension);
  return (usages?.usages ?? []).map(String);
}
