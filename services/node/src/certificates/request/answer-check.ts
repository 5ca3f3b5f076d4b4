/** Whether a certificate is the one that was asked for. An issuer may change anything, so nothing of it is believed. */
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';

export interface Expectation {
  readonly keyPem: string;
  readonly uri: string;
  /** PEM of every trusted root. */
  readonly rootsPem: string;
  readonly nowMs: number;
}

export type AnswerVerdict =
  | { readonly verdict: 'accept'; readonly chainPem: string; readonly notBeforeMs: number; readonly notAfterMs: number }
  | { readonly verdict: 'reject'; readonly reason: string };

/** Leaf, two intermediates and a root (docs/PROTOCOL.md 3.2). */
const maxCertificates = 4;
const maxPemCharacters = 65_536;
/** How far ahead of ours the issuer's clock may be. */
const clockToleranceMs = 300_000;
const serverAuth = '1.3.6.1.5.5.7.3.1';
const clientAuth = '1.3.6.1.5.5.7.3.2';

export function checkAnswer(pem: string, expected: Expectation): AnswerVerdict {
  const chain = parse(pem);
  const [leaf, ...intermediates] = chain;
  if (leaf === undefined) return reject('it is no certificate in PEM form');
  if (chain.length > maxCertificates) return reject(`the chain has ${chain.length} certificates, more than ${maxCertificates}`);
  const ourKey = createPublicKey(createPrivateKey(expected.keyPem)).export({ type: 'spki', format: 'der' });
  if (!leaf.publicKey.export({ type: 'spki', format: 'der' }).equals(ourKey)) return reject('it is for another key');
  if (leaf.ca) return reject('it is for an authority');
  const wanted = new Set(leaf.keyUsage ?? []);
  if (!wanted.has(serverAuth) || !wanted.has(clientAuth)) return reject('it lacks the extended key usage serverAuth or clientAuth');
  const uris = (leaf.subjectAltName ?? '').split(', ').filter((name) => name.startsWith('URI:'));
  if (uris.length !== 1 || uris[0] !== `URI:${expected.uri}`) return reject(`its URIs are ${uris.join(', ') || 'none'} instead of ${expected.uri}`);
  const late = chain.find((one) => Date.parse(one.validTo) <= expected.nowMs || Date.parse(one.validFrom) > expected.nowMs + clockToleranceMs);
  if (late !== undefined) return reject(`it is valid from ${late.validFrom} to ${late.validTo}, and now is ${new Date(expected.nowMs).toISOString()}`);
  const anchored = anchor(leaf, intermediates, parse(expected.rootsPem));
  if (anchored === null) return reject('it leads to none of the trusted roots');
  return {
    verdict: 'accept',
    chainPem: anchored.map((one) => one.toString()).join(''),
    notBeforeMs: Date.parse(leaf.validFrom),
    notAfterMs: Date.parse(leaf.validTo),
  };
}

/** The way from the leaf to below a trusted root; null when there is none. */
function anchor(leaf: X509Certificate, intermediates: readonly X509Certificate[], roots: readonly X509Certificate[]): X509Certificate[] | null {
  const way = [leaf];
  let rest = intermediates;
  for (let last = leaf; ; ) {
    if (roots.some((root) => signed(root, last))) return way;
    const next = rest.find((one) => signed(one, last));
    if (next === undefined) return null;
    rest = rest.filter((one) => one !== next);
    way.push(next);
    last = next;
  }
}

function signed(authority: X509Certificate, certificate: X509Certificate): boolean {
  return authority.ca && certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
}

/** Nothing for text that is no certificate, or too much of it. */
function parse(pem: string): X509Certificate[] {
  if (pem.length > maxPemCharacters) return [];
  try {
    return (pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map((one) => new X509Certificate(one));
  } catch {
    return [];
  }
}

function reject(reason: string): AnswerVerdict {
  return { verdict: 'reject', reason };
}
