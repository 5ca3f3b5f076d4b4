/**
 * Whether a certificate is the one that was asked for, and which way its chain leads. An issuer may change anything: whether
 * what came can be used is checked as it is of files (own-certificates.ts).
 */
import type { X509Certificate } from 'node:crypto';
import { certificatesIn, type TrustedRoots } from '@starling/certificates';
import { soleUri } from '@starling/contract';

export interface Expectation {
  readonly uri: string;
  readonly roots: TrustedRoots;
}

export type AnswerVerdict =
  /** Leaf first, each the issuer of the one before, down from a trusted root if it leads to one. */
  | { readonly verdict: 'accept'; readonly chain: readonly [leaf: X509Certificate, ...X509Certificate[]] }
  | { readonly verdict: 'reject'; readonly reason: string };

/** Leaf, two intermediates and a root (docs/PROTOCOL.md 3.2). */
const maxCertificates = 4;
const maxPemCharacters = 65_536;

export function checkAnswer(pem: string, { uri, roots }: Expectation): AnswerVerdict {
  if (pem.length > maxPemCharacters) return reject(`it has ${pem.length} characters, more than ${maxPemCharacters}`);
  const [leaf, ...others] = certificatesIn(pem) ?? [];
  if (leaf === undefined) return reject('it is no certificate in PEM form');
  if (others.length >= maxCertificates) return reject(`the chain has ${others.length + 1} certificates, more than ${maxCertificates}`);
  const found = soleUri(leaf.subjectAltName);
  if (found !== uri) return reject(`its URI is ${found ?? 'none, or one of several'} instead of ${uri}`);
  return { verdict: 'accept', chain: [leaf, ...(wayToRoot([leaf], others, roots) ?? others)] };
}

/** Those of `others` that lead from the end of `way` to below a trusted root; null when none do. There are few, so every order is tried. */
function wayToRoot(way: readonly [X509Certificate, ...X509Certificate[]], others: readonly X509Certificate[], roots: TrustedRoots): readonly X509Certificate[] | null {
  if (roots.endOf(way.map(({ raw }) => raw)) !== null) return way.slice(1);
  for (const next of others.filter((one) => way.at(-1)?.checkIssued(one))) {
    const found = wayToRoot([...way, next], others.filter((one) => one !== next), roots);
    if (found !== null) return found;
  }
  return null;
}

function reject(reason: string): AnswerVerdict {
  return { verdict: 'reject', reason };
}
