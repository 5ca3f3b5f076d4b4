/** Makes and judges what joins a node id to the certificate authority (docs/PROTOCOL.md section 3). */
import { createHash, type KeyObject, sign, verify } from 'node:crypto';
import { CertificateError, certificatesIn, leafKeyType, privateKeyIn, type TrustedRoots } from '@starling/certificates';
import {
  type CredentialFacts,
  type CredentialRefusal,
  type CredentialVerdict,
  decodeCredential,
  encodeCredential,
  equalBytes,
  isSignatureWellFormed,
  type LeafUri,
  limits,
  messageOfCredential,
  messageOfUnsignedCredential,
  type NodeId,
  sealBundle,
} from '@starling/gossip';

/** First 8 bytes of SHA-256 over a fixed text, a zero byte and the name (docs/PROTOCOL.md 1.2). */
export function clusterTagOf(cluster: string): Uint8Array {
  return createHash('sha256').update(`starling cluster\0${cluster}`).digest().subarray(0, 8);
}

export interface CredentialParts {
  readonly clusterTag: Uint8Array;
  readonly nodeId: NodeId;
  /** PEM of the leaf, then its intermediates, without the root. */
  readonly chainPem: string;
  /** PEM of the leaf's key. */
  readonly keyPem: string;
}

/** Valid as long as the leaf. @throws CertificateError when the key is of another type than those of 3.2, or the chain too long. */
export function makeCredential({ clusterTag, nodeId, chainPem, keyPem }: CredentialParts): Uint8Array {
  const chain = certificatesIn(chainPem) ?? [];
  const key = privateKeyIn(keyPem);
  const [leaf] = chain;
  if (leaf === undefined || key === null) throw new CertificateError('no-certificate', 'A credential needs a certificate and its key in PEM form.');
  const notBeforeS = Math.ceil(Date.parse(leaf.validFrom) / 1_000);
  const notAfterS = Math.floor(Date.parse(leaf.validTo) / 1_000);
  const unsigned = encodeCredential({ clusterTag, nodeId, notBeforeS, notAfterS, chain: chain.map(({ raw }) => raw) });
  const credential = sealBundle(unsigned, signByLeaf(key, messageOfUnsignedCredential(unsigned)));
  if (decodeCredential(credential) !== null) return credential;
  throw new CertificateError('too-long', `The chain of ${chain.length} certificates makes a credential of ${credential.length} bytes; at most 4 certificates and ${limits.maxCredentialBytes} bytes are allowed. Use an authority with fewer or smaller intermediates.`);
}

function signByLeaf(key: KeyObject, message: Uint8Array): Uint8Array {
  switch (leafKeyType(key)) {
    case 'ed25519':
      return sign(null, message, key);
    case 'p256':
      return sign('sha256', message, { key, dsaEncoding: 'ieee-p1363' });
    case null:
      throw new CertificateError('unsupported-key', `The key of the certificate is of the type ${key.asymmetricKeyType ?? 'unknown'}; ECDSA on P-256 or Ed25519 is needed.`);
  }
}

export interface CredentialQuestion {
  readonly roots: TrustedRoots;
  readonly cluster: string;
  readonly clusterTag: Uint8Array;
  /** Whether the leaf of this node itself is `shared`; otherwise nobody is admitted by one that is. */
  readonly acceptsShared: boolean;
  /** Milliseconds since 1970 UTC. */
  readonly wallMs: number;
}

/** Never throws. The order of the checks is that of docs/PROTOCOL.md 3.3. */
export function verifyCredential(bytes: Uint8Array, { roots, cluster, clusterTag, acceptsShared, wallMs }: CredentialQuestion): CredentialVerdict {
  const credential = decodeCredential(bytes);
  if (credential === null) return refuse('malformed');
  if (!equalBytes(credential.clusterTag, clusterTag)) return refuse('wrong-cluster');
  const facts = roots.judge(credential.chain);
  if (typeof facts === 'string') return refuse(facts);
  const notBeforeMs = credential.notBeforeS * 1_000;
  const notAfterMs = credential.notAfterS * 1_000;
  if (wallMs > facts.chainValidity.notAfterMs) return refuse('expired');
  if (wallMs < facts.chainValidity.notBeforeMs - limits.certificateToleranceMs) return refuse('not-yet-valid');
  if (facts.isAuthority || !facts.hasBothUsages) return refuse('wrong-usage');
  const binding = facts.uri === null ? null : bindingOf(facts.uri.leaf);
  if (facts.uri === null || binding === null || (binding === 'shared' && !acceptsShared)) return refuse('wrong-uri');
  if (facts.uri.leaf.cluster !== cluster) return refuse('wrong-cluster');
  if (facts.uri.leaf.form === 'node' && facts.uri.leaf.nodeId !== credential.nodeId) return refuse('wrong-node');
  if (notBeforeMs < facts.leafValidity.notBeforeMs || notAfterMs > facts.leafValidity.notAfterMs || notBeforeMs > notAfterMs) return refuse('malformed');
  if (wallMs > notAfterMs) return refuse('expired');
  if (wallMs < notBeforeMs - limits.certificateToleranceMs) return refuse('not-yet-valid');
  if (!isSignedByLeaf(facts.leafKey, messageOfCredential(bytes), credential.leafSignature)) return refuse('bad-signature');
  const { leafFingerprint, leafContent, rootFingerprint, chainValidity } = facts;
  // An authority may end before what it made: a credential ends with the first of them.
  const validity = { notBeforeMs: Math.max(notBeforeMs, chainValidity.notBeforeMs), notAfterMs: Math.min(notAfterMs, chainValidity.notAfterMs) };
  return { admitted: true, facts: { nodeId: credential.nodeId, cluster, leafFingerprint, leafContent, uri: facts.uri.text, binding, ...validity, rootFingerprint } };
}

function refuse(reason: CredentialRefusal): CredentialVerdict {
  return { admitted: false, reason };
}

/** Null for a leaf that vouches for no node. */
function bindingOf(uri: LeafUri): CredentialFacts['binding'] | null {
  switch (uri.form) {
    case 'node':
      return 'named';
    case 'leaf':
      return 'first-come';
    case 'shared':
      return 'shared';
    case 'gateway':
      return null;
  }
}

function isSignedByLeaf(key: KeyObject, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    if (leafKeyType(key) === 'ed25519') return isSignatureWellFormed(rawKey(key), signature) && verify(null, message, key, signature);
    return leafKeyType(key) === 'p256' && verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature);
  } catch {
    return false;
  }
}

/** The 32 bytes of an Ed25519 key: its SubjectPublicKeyInfo ends in them. */
function rawKey(key: KeyObject): Uint8Array {
  return key.export({ type: 'spki', format: 'der' }).subarray(-32);
}
