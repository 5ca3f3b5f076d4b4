/**
 * What TLS does not look at: names and usages of the other side's leaf (docs/PROTOCOL.md 2.1, 2.2). Dates and possession
 * of the key were checked by the library before this is asked; how long the chain is trusted is asked after it.
 */
import { createHash, X509Certificate } from 'node:crypto';
import { decodeCertificate, parseLeafUri, type PeerCertificate } from '@starling/gossip';

export type GateRefusal = 'no-certificate' | 'malformed-certificate' | 'authority-as-leaf' | 'wrong-usage' | 'wrong-uri' | 'wrong-cluster' | 'not-a-node' | 'ourselves';
export type Verdict = { readonly admitted: true; readonly peer: PeerCertificate; readonly chain: readonly Uint8Array[] } | { readonly admitted: false; readonly reason: GateRefusal };

/** What the gate has to know of the leaf that this end shows. */
export interface OwnLeaf {
  /** SHA-256 of its DER, 32 bytes. */
  readonly fingerprint: Uint8Array;
  readonly isShared: boolean;
}

export function ownLeafOf(chainPem: string): OwnLeaf {
  const { raw } = new X509Certificate(chainPem);
  return { fingerprint: fingerprintOf(raw), isShared: decodeCertificate(raw)?.uris.some((uri) => parseLeafUri(uri)?.form === 'shared') ?? false };
}

/** `chain` is DER, leaf first. */
export function judgePeer(chain: readonly Uint8Array[] | null, cluster: string, own: OwnLeaf): Verdict {
  const der = chain?.[0];
  if (chain === null || der === undefined) return refuse('no-certificate');
  const leaf = decodeCertificate(der);
  if (leaf === null) return refuse('malformed-certificate');
  if (leaf.isAuthority) return refuse('authority-as-leaf');
  // Also where the extension is missing, which the library lets pass.
  if (leaf.hasBothUsages !== true) return refuse('wrong-usage');
  const [uri, ...more] = leaf.uris;
  const parsed = uri === undefined || more.length > 0 ? null : parseLeafUri(uri);
  if (uri === undefined || parsed === null) return refuse('wrong-uri');
  if (parsed.cluster !== cluster) return refuse('wrong-cluster');
  if (parsed.form === 'gateway') return refuse('not-a-node');
  // Whoever holds a shared leaf can be any number of nodes: that is for networks in which all do (docs/PROTOCOL.md 3.1).
  if (parsed.form === 'shared' && !own.isShared) return refuse('wrong-uri');
  const fingerprint = fingerprintOf(der);
  // One certificate for all nodes is a mode of its own; any other that equals ours is a connection to ourselves, or stolen.
  if (parsed.form !== 'shared' && Buffer.compare(fingerprint, own.fingerprint) === 0) return refuse('ourselves');
  return { admitted: true, peer: { fingerprint, uri }, chain };
}

function refuse(reason: GateRefusal): Verdict {
  return { admitted: false, reason };
}

export function fingerprintOf(der: Uint8Array): Uint8Array {
  return createHash('sha256').update(der).digest();
}
