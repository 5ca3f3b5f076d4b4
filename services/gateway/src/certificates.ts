/** The gateway's own leaf and the roots that it trusts: read from files, and read again while running. */
import type { X509Certificate } from 'node:crypto';
import { certificatesIn, type CertificatePlaces, checkLeaf, keyPathOf, leafPathOf, readCertificateFiles, rootsOf, type TlsSet, TrustedRoots } from '@starling/certificates';
import type { TrustAnswer } from '@starling/contract';
import { gatewayLimits } from './gateway-limits.js';
import { type RereadOptions, reread } from './reread.js';

export interface OwnCertificates extends TlsSet {
  /** What the page is given of the trusted roots. */
  readonly roots: TrustAnswer['roots'];
  /** When the leaf is valid, milliseconds since 1970. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

export interface GatewayPlaces extends CertificatePlaces {
  readonly cluster: string;
}

/** A leaf that has expired is none the worse here: a new one may come. @throws CertificateError */
export async function readCertificates({ cluster, ...places }: GatewayPlaces): Promise<OwnCertificates> {
  const files = await readCertificateFiles(places);
  const roots = new TrustedRoots(rootsOf(files.rootPems, places.trustDir));
  const { facts, ...set } = checkLeaf({ ...files, leafName: leafPathOf(places), keyName: keyPathOf(places), roots, cluster, holder: { type: 'gateway' } });
  const told = (certificatesIn(set.rootsPem) ?? []).map((one) => ({ fingerprint: fingerprintOf(one), pem: one.toString() }));
  return { ...set, roots: told, notBeforeMs: facts.leafValidity.notBeforeMs, notAfterMs: facts.leafValidity.notAfterMs };
}

/** SHA-256, hexadecimal. */
function fingerprintOf(certificate: X509Certificate): string {
  return certificate.fingerprint256.replaceAll(':', '').toLowerCase();
}

export interface CertificateWatchOptions extends Pick<RereadOptions<OwnCertificates>, 'current' | 'onChanged' | 'onFault'> {
  readonly places: GatewayPlaces;
  readonly intervalMs?: number;
}

/** Looks at the files again and again. The end of the watch is returned. */
export function watchCertificates({ places, intervalMs = gatewayLimits.certificateIntervalMs, ...watch }: CertificateWatchOptions): () => void {
  return reread({ ...watch, intervalMs, read: () => readCertificates(places), isSame: (found, inForce) => found.chainPem === inForce.chainPem && found.keyPem === inForce.keyPem && found.rootsPem === inForce.rootsPem });
}
