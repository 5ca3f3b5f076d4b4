/** The trusted roots, and what they make of a chain of certificates (docs/PROTOCOL.md 3.3). */
import { createHash, type KeyObject, X509Certificate } from 'node:crypto';
import { soleUri } from '@starling/contract';
import { equalBytes, type LeafUri, parseLeafUri } from '@starling/gossip';

/** A span of time, both ends included, milliseconds since 1970. */
export interface Validity {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

export interface ChainFacts {
  /** SHA-256 of the leaf, 32 bytes. */
  readonly leafFingerprint: Uint8Array;
  /** SHA-256 of what the authority signed of the leaf, 32 bytes: whoever has a leaf can write the signature on it in another way, but not this. */
  readonly leafContent: Uint8Array;
  readonly leafKey: KeyObject;
  readonly leafValidity: Validity;
  /** When every certificate of the chain, the root among them, is valid. */
  readonly chainValidity: Validity;
  readonly isAuthority: boolean;
  /** For TLS as a server and as a client. */
  readonly hasBothUsages: boolean;
  /** The one URI; null when there is none, several, or one of no form of docs/PROTOCOL.md 3.1. */
  readonly uri: { readonly text: string; readonly leaf: LeafUri } | null;
  /** SHA-256 of the root, 32 bytes. */
  readonly rootFingerprint: Uint8Array;
}

export type ChainRefusal = 'malformed' | 'untrusted-chain';

interface Root {
  readonly certificate: X509Certificate;
  readonly fingerprint: Uint8Array;
}

const serverAuth = '1.3.6.1.5.5.7.3.1';
const clientAuth = '1.3.6.1.5.5.7.3.2';
/** The name constraints extension, 2.5.29.30, as DER. */
const nameConstraints = Buffer.from('0603551d1e', 'hex');
/** Judgements kept, of about 2 KB. One for each origin, as long as they are so many: a chain is judged again with each change of trust. */
const maxJudgements = 4_096;

export class TrustedRoots {
  /** PEM of every root, one after the other, the same whatever the order they were given in. */
  readonly pem: string;
  /** SHA-256 of each, in byte order. */
  readonly fingerprints: readonly Uint8Array[];
  readonly #roots: readonly Root[];
  /** By SHA-256 of the chain; in order of use. Times are not part of a judgement, so it does not age. */
  readonly #judgements = new Map<string, ChainFacts | ChainRefusal>();

  /** Certificates that occur twice count once. */
  constructor(certificates: readonly X509Certificate[]) {
    const distinct = new Map(certificates.map((certificate) => [certificate.fingerprint256, { certificate, fingerprint: fingerprintOf(certificate.raw) }]));
    this.#roots = [...distinct.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, root]) => root);
    this.pem = this.#roots.map((root) => root.certificate.toString()).join('');
    this.fingerprints = this.#roots.map((root) => root.fingerprint);
  }

  /** `chain` is DER, leaf first, each the issuer of the one before. Dates are told and not judged. */
  judge(chain: readonly Uint8Array[]): ChainFacts | ChainRefusal {
    const hash = createHash('sha256');
    for (const der of chain) hash.update(`${der.length},`).update(der);
    const name = hash.digest('base64');
    let judgement = this.#judgements.get(name);
    if (judgement === undefined) {
      judgement = this.#judgeOrRefuse(chain);
      if (this.#judgements.size >= maxJudgements) this.#judgements.delete(this.#judgements.keys().next().value as string);
    } else {
      this.#judgements.delete(name);
    }
    this.#judgements.set(name, judgement);
    return judgement;
  }

  /** When the first certificate of this chain ends, milliseconds since 1970; null when it leads to no trusted root. */
  endOf(chain: readonly Uint8Array[]): number | null {
    const facts = this.judge(chain);
    return typeof facts === 'string' ? null : facts.chainValidity.notAfterMs;
  }

  /** OpenSSL throws for certificates that it cannot read, some of them only when their key is asked for. */
  #judgeOrRefuse(chain: readonly Uint8Array[]): ChainFacts | ChainRefusal {
    try {
      return this.#judge(chain.map((der) => new X509Certificate(der)), chain);
    } catch {
      return 'malformed';
    }
  }

  #judge(certificates: readonly X509Certificate[], ders: readonly Uint8Array[]): ChainFacts | ChainRefusal {
    const [leaf] = certificates;
    // With bytes after it, or in PEM form, one leaf could have many fingerprints.
    if (leaf === undefined || certificates.some((one, i) => !equalBytes(one.raw, ders[i] as Uint8Array))) return 'malformed';
    const anchors = this.#anchorsOf(certificates);
    const [root] = anchors;
    if (root === undefined) return 'untrusted-chain';
    const validities = [...certificates.map(validityOf), spanOf(anchors)];
    // A date that cannot be read would be neither past nor future.
    if (validities.some((one) => Number.isNaN(one.notBeforeMs) || Number.isNaN(one.notAfterMs))) return 'malformed';
    const usages: readonly string[] = leaf.keyUsage ?? [];
    const text = soleUri(leaf.subjectAltName);
    const parsed = text === null ? null : parseLeafUri(text);
    return {
      leafFingerprint: fingerprintOf(leaf.raw),
      leafContent: fingerprintOf(signedPartOf(leaf.raw)),
      leafKey: leaf.publicKey,
      leafValidity: validityOf(leaf),
      chainValidity: { notBeforeMs: Math.max(...validities.map((one) => one.notBeforeMs)), notAfterMs: Math.min(...validities.map((one) => one.notAfterMs)) },
      isAuthority: leaf.ca,
      hasBothUsages: usages.includes(serverAuth) && usages.includes(clientAuth),
      uri: text === null || parsed === null ? null : { text, leaf: parsed },
      rootFingerprint: root.fingerprint,
    };
  }

  /** The roots at the end of the chain: several when one was renewed under its key. The one that lives longest comes first. */
  #anchorsOf(certificates: readonly X509Certificate[]): Root[] {
    const broken = certificates.some((one, i) => i > 0 && !issued(one, certificates[i - 1] as X509Certificate));
    const last = certificates.at(-1);
    if (broken || last === undefined) return [];
    const anchors = this.#roots.filter((root) => issued(root.certificate, last));
    return anchors.sort((a, b) => validityOf(b.certificate).notAfterMs - validityOf(a.certificate).notAfterMs);
  }
}

/**
 * Whether `authority` made `certificate` and may make certificates. Its limits on the names below it cannot be read here,
 * so an authority with such limits is none to us; how many authorities it may have below itself is not looked at, since
 * who may make an authority may as well make the leaf.
 */
function issued(authority: X509Certificate, certificate: X509Certificate): boolean {
  return authority.ca && !hasNameConstraints(authority) && certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
}

export function hasNameConstraints(certificate: X509Certificate): boolean {
  return certificate.raw.includes(nameConstraints);
}

function validityOf(certificate: X509Certificate): Validity {
  return { notBeforeMs: Date.parse(certificate.validFrom), notAfterMs: Date.parse(certificate.validTo) };
}

/** Of roots with one key: from the beginning of the first to the end of the last, so that a renewal neither comes too early nor too late. */
function spanOf(roots: readonly Root[]): Validity {
  const validities = roots.map(({ certificate }) => validityOf(certificate));
  return { notBeforeMs: Math.min(...validities.map((one) => one.notBeforeMs)), notAfterMs: Math.max(...validities.map((one) => one.notAfterMs)) };
}

/** The tbsCertificate: the first element of the sequence that a certificate is (RFC 5280, 4.1). @throws RangeError for what is no DER. */
function signedPartOf(certificate: Buffer): Uint8Array {
  const from = contentOf(certificate, 0).from;
  return certificate.subarray(from, contentOf(certificate, from).to);
}

/** Where the content of the element at this place begins and ends. */
function contentOf(der: Buffer, at: number): { readonly from: number; readonly to: number } {
  const first = der.readUInt8(at + 1);
  if (first < 0x80) return { from: at + 2, to: at + 2 + first };
  const from = at + 2 + (first & 0x7f);
  return { from, to: from + der.readUIntBE(at + 2, first & 0x7f) };
}

function fingerprintOf(der: Uint8Array): Uint8Array {
  return createHash('sha256').update(der).digest();
}
