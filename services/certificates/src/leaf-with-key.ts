/** A leaf, what is above it, and its key. */
import { createPublicKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { CertificateError } from './certificate-error.js';
import { certificatesIn, leafKeyType, privateKeyIn } from './pem.js';

export interface LeafFiles {
  /** The leaf, then its intermediates; the root may be among them. */
  readonly leafPem: string;
  readonly keyPem: string;
  /** What to call leaf and key in messages. */
  readonly leafName: string;
  readonly keyName: string;
}

export interface LeafWithKey {
  /** Leaf first, without the root. */
  readonly chain: readonly [leaf: X509Certificate, ...X509Certificate[]];
  readonly chainPem: string;
  /** PKCS#8. */
  readonly keyPem: string;
}

/** Whoever issued it is not looked at. @throws CertificateError, or what OpenSSL throws for a leaf that it cannot read. */
export function readLeaf(files: LeafFiles): LeafWithKey {
  const [leaf, ...others] = certificatesIn(files.leafPem) ?? [];
  if (leaf === undefined) throw new CertificateError('no-certificate', `${files.leafName} holds no certificate in PEM form, or a damaged one.`);
  const key = keyOf(files, leaf);
  // Many authorities deliver their root with the leaf; others have it already.
  const chain = [leaf, ...others.filter((one) => !one.checkIssued(one))] as const;
  return { chain, chainPem: chain.map((one) => one.toString()).join(''), keyPem: key.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

function keyOf({ keyPem, keyName, leafName }: LeafFiles, leaf: X509Certificate): KeyObject {
  const key = privateKeyIn(keyPem);
  if (key === null) throw new CertificateError('no-key', `${keyName} holds no private key in PEM form that can be used without a passphrase.`);
  if (leafKeyType(key) === null) throw new CertificateError('unsupported-key', `The key ${keyName} is of the type ${key.asymmetricKeyType}. Issue a leaf with an ECDSA key on P-256, or an Ed25519 key.`);
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  if (!leaf.publicKey.export({ type: 'spki', format: 'der' }).equals(spki)) throw new CertificateError('key-mismatch', `${keyName} is not the key of the certificate ${leafName}. Put both in place from one issuance.`);
  return key;
}
