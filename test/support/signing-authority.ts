/** A certificate authority that signs requests (PKCS#10), and changes in them what a test wants. */
import 'reflect-metadata';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Pkcs10CertificateRequest,
  PublicKey,
  type PublicKeyType,
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
  /** Signs a public key, of SPKI in DER. */
  signKey(spki: Uint8Array, changes: LeafChanges): Promise<string>;
  /** PEM of this authority, which made itself, with the same name and key, and another end. */
  renewed(notAfter: Date): Promise<string>;
  intermediate(name: string, changes?: IntermediateChanges): Promise<Authority>;
}

export interface IntermediateChanges {
  /** False for one that may sign nothing, and does. */
  readonly authority?: boolean;
  /** Only names below `example`. */
  readonly nameConstraints?: boolean;
}

/** { permittedSubtrees [0] { { uniformResourceIdentifier [6] "example" } } } of RFC 5280, 4.2.1.10. */
const belowExample = Buffer.from('300da00b30098607' + Buffer.from('example').toString('hex'), 'hex');

const hour = 3_600_000;

export async function makeAuthority(name: string): Promise<Authority> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  return authorityOf(await selfSigned(`CN=${name}`, keys, new Date(Date.now() + 10 * hour)), keys);
}

function selfSigned(name: string, keys: CryptoKeyPair, notAfter: Date): Promise<X509Certificate> {
  return X509CertificateGenerator.createSelfSigned({ name, keys, signingAlgorithm: algorithm, notAfter, extensions: [new BasicConstraintsExtension(true, undefined, true)] }, crypto);
}

function authorityOf(certificate: X509Certificate, keys: CryptoKeyPair): Authority {
  const issue = { issuer: certificate.subject, signingKey: keys.privateKey, signingAlgorithm: algorithm };
  const leafOf = async (publicKey: PublicKeyType, changes: LeafChanges) => {
    const leaf = await X509CertificateGenerator.create(
      {
        ...issue,
        publicKey,
        notBefore: changes.notBefore ?? new Date(Date.now() - hour),
        notAfter: changes.notAfter ?? new Date(Date.now() + hour),
        extensions: [
          new BasicConstraintsExtension(changes.authority === true, undefined, true),
          new KeyUsagesExtension(changes.authority === true ? KeyUsageFlags.keyCertSign : KeyUsageFlags.digitalSignature, true),
          new ExtendedKeyUsageExtension([...(changes.usages ?? [serverAuth, clientAuth])]),
          new SubjectAlternativeNameExtension((changes.uris ?? []).map((value) => ({ type: 'url' as const, value }))),
        ],
      },
      crypto,
    );
    return `${leaf.toString('pem')}\n`;
  };
  return {
    pem: `${certificate.toString('pem')}\n`,
    sign: async (signingRequestPem, changes = {}) => {
      const request = new Pkcs10CertificateRequest(signingRequestPem);
      return leafOf(await request.publicKey.export(crypto), { uris: urisOf(request), usages: usagesOf(request), ...changes });
    },
    signKey: (spki, changes) => leafOf(new PublicKey(new Uint8Array(spki)), changes),
    renewed: async (notAfter) => `${(await selfSigned(certificate.subject, keys, notAfter)).toString('pem')}\n`,
    intermediate: async (name, changes = {}) => {
      const below = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
      const made = await X509CertificateGenerator.create(
        {
          ...issue,
          subject: `CN=${name}`,
          publicKey: below.publicKey,
          notAfter: new Date(Date.now() + 5 * hour),
          extensions: [new BasicConstraintsExtension(changes.authority !== false, undefined, true), ...(changes.nameConstraints === true ? [new Extension('2.5.29.30', true, belowExample)] : [])],
        },
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
