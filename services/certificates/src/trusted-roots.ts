/** The trusted roots, and what they make of a chain of certificates (docs/PROTOCOL.md 3.3). */
import { createHash, type KeyObject, X509Certificate } from 'node:crypto';
import { type Certificate, chainFault, decodeCertificate, faultUnder, type LeafUri, parseLeafUri } from '@starling/gossip';

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

/** A certificate in both readings: OpenSSL has the key. */
interface Link {
  readonly form: Certificate;
  readonly certificate: X509Certificate;
  readonly fingerprint: Uint8Array;
}

/** Judgements kept, of about 2 KB. One for each origin, as long as they are so many: a chain is judged again with each change of trust. */
const maxJudgements = 4_096;

export class TrustedRoots {
  /**
   * PEM of every root, the same whatever the order they were given in: those that live longest first, since BoringSSL takes the
   * first of a name, and one that has ended must not stand before its renewal.
   */
  readonly pem: string;
  /** SHA-256 of each, in byte order. */
  readonly fingerprints: readonly Uint8Array[];
  readonly #roots: readonly Link[];
  /** By SHA-256 of the chain; in order of use. Times are not part of a judgement, so it does not age. */
  readonly #judgements = new Map<string, ChainFacts | ChainRefusal>();

  /** Certificates that occur twice count once. @throws Error for one that cannot be read. */
  constructor(certificates: readonly X509Certificate[]) {
    const distinct = new Map(certificates.map((certificate) => [certificate.fingerprint256, linkOf(certificate.raw)]));
    this.#roots = [...distinct.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, root]) => root);
    this.pem = [...this.#roots].sort((a, b) => b.form.notAfterMs - a.form.notAfterMs).map((root) => root.certificate.toString()).join('');
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

  /** Why this chain is refused as untrusted, in words; null when all that is wrong with it is who signed it. */
  faultOf(chain: readonly Uint8Array[]): string | null {
    return faultUnder(chain.map((der) => linkOf(der).form), this.#roots.map(({ form }) => form));
  }

  /** OpenSSL throws for certificates that it cannot read, some of them only when their key is asked for. */
  #judgeOrRefuse(chain: readonly Uint8Array[]): ChainFacts | ChainRefusal {
    try {
      return this.#judge(chain.map(linkOf));
    } catch {
      return 'malformed';
    }
  }

  #judge(chain: readonly Link[]): ChainFacts | ChainRefusal {
    const [leaf] = chain;
    if (leaf === undefined) return 'malformed';
    const anchors = this.#anchorsOf(chain);
    const [root] = anchors;
    if (root === undefined) return 'untrusted-chain';
    const validities: readonly Validity[] = [...chain.map(({ form }) => form), spanOf(anchors)];
    const { notBeforeMs, notAfterMs, signedPart, isAuthority, hasBothUsages, uris } = leaf.form;
    const [text = null] = uris.length === 1 ? uris : [];
    const parsed = text === null ? null : parseLeafUri(text);
    return {
      leafFingerprint: leaf.fingerprint,
      leafContent: fingerprintOf(signedPart),
      leafKey: leaf.certificate.publicKey,
      leafValidity: { notBeforeMs, notAfterMs },
      chainValidity: { notBeforeMs: Math.max(...validities.map((one) => one.notBeforeMs)), notAfterMs: Math.min(...validities.map((one) => one.notAfterMs)) },
      isAuthority,
      hasBothUsages: hasBothUsages === true,
      uri: text === null || parsed === null ? null : { text, leaf: parsed },
      rootFingerprint: root.fingerprint,
    };
  }

  /** The roots at the end of the chain: several when one was renewed under its key. The one that lives longest comes first. */
  #anchorsOf(chain: readonly Link[]): Link[] {
    const [forms, last] = [chain.map(({ form }) => form), chain.at(-1)];
    const possible = this.#roots.filter((root) => chainFault(forms, root.form) === null);
    // Signatures last: they cost most.
    if (last === undefined || possible.length === 0 || !chain.every((link, i) => link === last || isSignedBy(link, chain[i + 1] as Link))) return [];
    return possible.filter((root) => isSignedBy(last, root)).sort((a, b) => b.form.notAfterMs - a.form.notAfterMs);
  }
}

/** @throws Error for what is not exactly one certificate: with bytes after it, or in PEM form, one leaf could have many fingerprints. */
function linkOf(der: Uint8Array): Link {
  const form = decodeCertificate(der);
  if (form === null) throw new Error('no certificate in DER');
  return { form, certificate: new X509Certificate(der), fingerprint: fingerprintOf(der) };
}

function isSignedBy({ certificate }: Link, issuer: Link): boolean {
  return certificate.verify(issuer.certificate.publicKey);
}

/** Of roots with one key: from the beginning of the first to the end of the last, so that a renewal neither comes too early nor too late. */
function spanOf(roots: readonly Link[]): Validity {
  return { notBeforeMs: Math.min(...roots.map(({ form }) => form.notBeforeMs)), notAfterMs: Math.max(...roots.map(({ form }) => form.notAfterMs)) };
}

function fingerprintOf(der: Uint8Array): Uint8Array {
  return createHash('sha256').update(der).digest();
}
