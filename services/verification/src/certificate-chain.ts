/** Whether a chain of certificates leads to a root that is trusted, each within its dates (docs/PROTOCOL.md 3.3). */
import { toHex } from '@starling/gossip';
import { BasicConstraintsExtension, KeyUsageFlags, KeyUsagesExtension, X509Certificate } from './x509.js';

export type ChainResult =
  | { readonly ok: true; readonly root: X509Certificate; readonly path: readonly X509Certificate[] }
  | { readonly ok: false; readonly fault: string };

/** Clocks differ: a certificate may begin so much later than ours says, milliseconds (docs/PROTOCOL.md 3.3). */
export const toleranceMs = 120_000;

/** SHA-256 over the DER, hexadecimal. */
export async function fingerprintOf(certificate: X509Certificate): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', certificate.rawData)));
}

/** `chain` is leaf first, without the root. */
export async function findRoot(chain: readonly X509Certificate[], roots: readonly X509Certificate[], nowMs: number): Promise<ChainResult> {
  const path: X509Certificate[] = [];
  for (const [i, certificate] of chain.entries()) {
    path.push(certificate);
    const late = dateFault(certificate, nowMs);
    if (late !== null) return { ok: false, fault: late };
    const root = await issuerAmong(roots, certificate, i);
    if (root !== null) {
      const rootLate = dateFault(root, nowMs);
      return rootLate === null ? { ok: true, root, path } : { ok: false, fault: rootLate };
    }
    const next = chain[i + 1];
    if (next === undefined) return { ok: false, fault: `no trusted root issued ${certificate.subject || 'this certificate'}` };
    if (!(await isIssuedBy(certificate, next, i))) return { ok: false, fault: `${certificate.subject} was not issued by ${next.subject}` };
  }
  return { ok: false, fault: 'the chain is empty' };
}

function dateFault(certificate: X509Certificate, nowMs: number): string | null {
  const name = certificate.subject || 'the certificate';
  if (nowMs > certificate.notAfter.getTime()) return `${name} expired on ${certificate.notAfter.toISOString()}`;
  if (nowMs < certificate.notBefore.getTime() - toleranceMs) return `${name} is valid only from ${certificate.notBefore.toISOString()}`;
  return null;
}

async function issuerAmong(roots: readonly X509Certificate[], certificate: X509Certificate, below: number): Promise<X509Certificate | null> {
  for (const root of roots) if (await isIssuedBy(certificate, root, below)) return root;
  return null;
}

/** `below`: how many authorities stand between the issuer and the leaf. */
async function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate, below: number): Promise<boolean> {
  if (certificate.issuer !== issuer.subject) return false;
  const constraints = issuer.getExtension(BasicConstraintsExtension);
  if (constraints?.ca !== true || (constraints.pathLength !== undefined && constraints.pathLength < below)) return false;
  const usages = issuer.getExtension(KeyUsagesExtension);
  if (usages !== null && (usages.usages & KeyUsageFlags.keyCertSign) === 0) return false;
  try {
    return await certificate.verify({ publicKey: issuer.publicKey, signatureOnly: true });
  } catch {
    // A key or an algorithm that this browser does not know proves nothing.
    return false;
  }
}
