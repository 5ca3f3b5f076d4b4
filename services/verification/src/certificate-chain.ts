/** Whether a chain of certificates leads to a root that is trusted, each within its dates (docs/PROTOCOL.md 3.3). */
import { type Certificate, chainFault, decodeCertificate, faultUnder, limits, toHex } from '@starling/gossip';
import { X509Certificate } from './x509.js';

/** A certificate in both readings: the library has the key. */
export interface Link {
  readonly form: Certificate;
  readonly certificate: X509Certificate;
}

export type ChainResult =
  | { readonly ok: true; readonly root: X509Certificate }
  | { readonly ok: false; readonly fault: string };

/** SHA-256 over the DER, hexadecimal. */
export async function fingerprintOf(certificate: X509Certificate): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', certificate.rawData)));
}

/** Null when one of them is not exactly one certificate in DER. */
export function linksOf(ders: readonly Uint8Array[]): readonly Link[] | null {
  try {
    return ders.map(linkOf);
  } catch {
    return null;
  }
}

function linkOf(der: Uint8Array): Link {
  const form = decodeCertificate(der);
  if (form === null) throw new Error('no certificate in DER');
  return { form, certificate: new X509Certificate(der.slice()) };
}

/** `chain` is leaf first, without the root. Of several roots with one name and key, the one that lives longest. */
export async function findRoot(chain: readonly Link[], roots: readonly Link[], nowMs: number): Promise<ChainResult> {
  const [forms, last] = [chain.map(({ form }) => form), chain.at(-1)];
  const possible = roots.filter((root) => chainFault(forms, root.form) === null);
  if (last === undefined || possible.length === 0) return { ok: false, fault: faultUnder(forms, roots.map(({ form }) => form)) ?? 'none has the name of its last issuer' };
  for (const [i, link] of chain.entries()) {
    const issuer = chain[i + 1];
    if (issuer !== undefined && !(await isSignedBy(link, issuer))) return { ok: false, fault: `${nameOf(link)} was not signed by ${nameOf(issuer)}` };
  }
  const anchors: Link[] = [];
  for (const root of possible) if (await isSignedBy(last, root)) anchors.push(root);
  const [root] = anchors.sort((a, b) => b.form.notAfterMs - a.form.notAfterMs);
  if (root === undefined) return { ok: false, fault: `none signed ${nameOf(last)}` };
  const late = [...chain.map((link) => dateFault(link, [link], nowMs)), dateFault(root, anchors, nowMs)].find((fault) => fault !== null);
  return late === undefined ? { ok: true, root: root.certificate } : { ok: false, fault: late };
}

function nameOf({ certificate }: Link): string {
  return certificate.subject || 'the certificate';
}

/** `same`: all that count as this one. They hold from the beginning of the first to the end of the last. */
function dateFault(link: Link, same: readonly Link[], nowMs: number): string | null {
  const fromMs = Math.min(...same.map(({ form }) => form.notBeforeMs));
  const untilMs = Math.max(...same.map(({ form }) => form.notAfterMs));
  if (nowMs > untilMs) return `${nameOf(link)} expired on ${new Date(untilMs).toISOString()}`;
  if (nowMs < fromMs - limits.certificateToleranceMs) return `${nameOf(link)} is valid only from ${new Date(fromMs).toISOString()}`;
  return null;
}

async function isSignedBy({ certificate }: Link, { certificate: issuer }: Link): Promise<boolean> {
  try {
    return await certificate.verify({ publicKey: issuer.publicKey, signatureOnly: true });
  } catch {
    // A key or an algorithm that this browser does not know proves nothing.
    return false;
  }
}
