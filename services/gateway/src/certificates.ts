/** The gateway's own leaf and the roots that it trusts: read from files, and read again while running. */
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { type TrustAnswer, soleUri } from '@starling/contract';
import { gatewayLimits } from './gateway-limits.js';
import { type RereadOptions, reread } from './reread.js';

/** PEM, and what the page is given of it. */
export interface TlsMaterial {
  /** The leaf, then its intermediates. */
  readonly cert: string;
  readonly key: string;
  /** Every trusted root. */
  readonly ca: string;
  readonly roots: TrustAnswer['roots'];
  /** When the leaf is valid, milliseconds since 1970. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

export interface CertificatePlaces {
  /** Directory of tls.crt and tls.key. */
  readonly certificateDir: string;
  /** Directory of roots, every *.crt and *.pem. */
  readonly trustDir: string;
  readonly cluster: string;
}

/** The message says which file is wrong, and what to do. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError';
}

const pemCertificate = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** @throws CertificateError */
export async function readCertificates({ certificateDir, trustDir, cluster }: CertificatePlaces): Promise<TlsMaterial> {
  const [cert, key, roots] = await Promise.all([readText(path.join(certificateDir, 'tls.crt')), readText(path.join(certificateDir, 'tls.key')), readRoots(trustDir)]);
  const leaf = parse(cert, path.join(certificateDir, 'tls.crt'));
  if (!fits(leaf, key)) throw new CertificateError(`${path.join(certificateDir, 'tls.key')} is not the private key of tls.crt beside it`);
  const uri = soleUri(leaf.subjectAltName);
  if (uri?.startsWith(`spiffe://${cluster}/`) !== true) throw new CertificateError(`${path.join(certificateDir, 'tls.crt')} needs exactly one URI, spiffe://${cluster}/gateway/<name>; it has ${uri ?? 'none or several'}`);
  return { cert, key, roots, ca: roots.map((root) => root.pem).join('\n'), notBeforeMs: Date.parse(leaf.validFrom), notAfterMs: Date.parse(leaf.validTo) };
}

async function readRoots(directory: string): Promise<TlsMaterial['roots']> {
  const names = await readdir(directory).catch((cause: Error) => {
    throw new CertificateError(`The directory of the roots cannot be read: ${cause.message}`, { cause });
  });
  const files = names.filter((name) => /\.(?:crt|pem)$/.test(name)).sort();
  const roots = new Map<string, string>();
  for (const file of files) {
    const text = await readText(path.join(directory, file));
    for (const [pem] of text.matchAll(pemCertificate)) roots.set(fingerprint(parse(pem, path.join(directory, file))), pem);
  }
  if (roots.size === 0) throw new CertificateError(`${directory} holds no root certificate (*.crt, *.pem)`);
  return [...roots].map(([print, pem]) => ({ fingerprint: print, pem }));
}

async function readText(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: Error) => {
    throw new CertificateError(`A certificate file cannot be read: ${cause.message}`, { cause });
  });
}

function parse(pem: string, file: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new CertificateError(`${file} is no certificate in PEM`, { cause });
  }
}

function fits(leaf: X509Certificate, key: string): boolean {
  try {
    return leaf.checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

/** SHA-256, hexadecimal. */
function fingerprint(certificate: X509Certificate): string {
  return certificate.fingerprint256.replaceAll(':', '').toLowerCase();
}

export interface CertificateWatchOptions extends Pick<RereadOptions<TlsMaterial>, 'current' | 'onChanged' | 'onFault'> {
  readonly places: CertificatePlaces;
  readonly intervalMs?: number;
}

/** Looks at the files again and again. The end of the watch is returned. */
export function watchCertificates({ places, intervalMs = gatewayLimits.certificateIntervalMs, ...watch }: CertificateWatchOptions): () => void {
  return reread({ ...watch, intervalMs, read: () => readCertificates(places), isSame: (found, inForce) => found.cert === inForce.cert && found.key === inForce.key && found.ca === inForce.ca });
}
