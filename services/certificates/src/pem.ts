/** Certificates and keys in PEM form. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { decodeCertificate } from '@starling/gossip';

/** The certificates of a text, in its order; null when one of them is broken. Other blocks are passed over. */
export function certificatesIn(pem: string): X509Certificate[] | null {
  try {
    const certificates = (pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map((one) => new X509Certificate(one));
    return certificates.every(({ raw }) => decodeCertificate(raw) !== null) ? certificates : null;
  } catch {
    return null;
  }
}

/** Null for what is no private key, or one with a passphrase. */
export function privateKeyIn(pem: string): KeyObject | null {
  try {
    return createPrivateKey(pem);
  } catch {
    return null;
  }
}

/** `p256` and `ed25519` are what a leaf may have (docs/PROTOCOL.md 3.2). */
export type LeafKeyType = 'p256' | 'ed25519';

export function leafKeyType(key: KeyObject): LeafKeyType | null {
  if (key.asymmetricKeyType === 'ed25519') return 'ed25519';
  return key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? 'p256' : null;
}
