/** Certificates as the TLS libraries take them. */
import { createSecureContext } from 'node:tls';

/** PEM. */
export interface TlsSet {
  /** The leaf, then its intermediates, without the root. */
  readonly chainPem: string;
  /** PKCS#8. */
  readonly keyPem: string;
  /** Every trusted root. */
  readonly rootsPem: string;
}

/** Takes a set into use for nothing, as each connection will. Throws what OpenSSL has against it. */
export function tryTls({ chainPem, keyPem, rootsPem }: TlsSet): void {
  createSecureContext({ cert: chainPem, key: keyPem, ca: rootsPem, minVersion: 'TLSv1.3' });
}
