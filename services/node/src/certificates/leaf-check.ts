/** Whether leaf, key and roots of this node fit together and will be accepted by others (docs/PROTOCOL.md sections 2 and 3). */
import type { X509Certificate } from 'node:crypto';
import { CertificateError, certificateErrorOf, type ChainFacts, checkUri, type LeafFiles, readLeaf, type TlsSet, type TrustedRoots, tryTls } from '@starling/certificates';
import type { NodeId } from '@starling/gossip';
import { clockToleranceMs, clusterTagOf, makeCredential } from './credential.js';

/** A set in use. */
export interface OwnCertificates extends TlsSet {
  readonly roots: TrustedRoots;
  readonly uri: string;
  /** Whether the leaf may vouch for any node (docs/PROTOCOL.md 3.1). */
  readonly isShared: boolean;
  /** SHA-256 of the leaf, 32 bytes. */
  readonly fingerprint: Uint8Array;
  /** When the leaf and everything above it is valid, milliseconds since 1970. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** Lets the leaf vouch for this node (docs/PROTOCOL.md 3.2). */
  readonly credential: Uint8Array;
}

/** Takes a set into use for nothing, as the owner will for each connection. Throws what is against it. */
export type Trial = (set: TlsSet) => void;

export interface LeafToCheck extends LeafFiles {
  readonly roots: TrustedRoots;
  readonly cluster: string;
  readonly nodeId: NodeId;
  /** Milliseconds since 1970 UTC. */
  readonly wallMs: number;
  /** The library of the transport; that of the API is tried here. */
  readonly tryQuic: Trial;
}

/** @throws CertificateError */
export function checkLeaf(given: LeafToCheck): OwnCertificates {
  try {
    const set = readSet(given);
    // Each library refuses what the other and the checks here let pass: in time only if both have tried it.
    tryTls(set);
    given.tryQuic(set);
    return set;
  } catch (fault) {
    throw certificateErrorOf(fault, given.leafName);
  }
}

function readSet(given: LeafToCheck): OwnCertificates {
  const { chain, chainPem, keyPem } = readLeaf(given);
  const facts = factsOf(given, chain);
  checkDates(given, facts);
  checkNames(given, facts);
  return {
    chainPem,
    keyPem,
    rootsPem: given.roots.pem,
    roots: given.roots,
    uri: facts.uri?.text ?? '',
    isShared: facts.uri?.leaf.form === 'shared',
    fingerprint: facts.leafFingerprint,
    notBeforeMs: facts.chainValidity.notBeforeMs,
    notAfterMs: facts.chainValidity.notAfterMs,
    credential: makeCredential({ clusterTag: clusterTagOf(given.cluster), nodeId: given.nodeId, chainPem, keyPem }),
  };
}

function factsOf({ roots, leafName }: LeafToCheck, chain: readonly X509Certificate[]): ChainFacts {
  const facts = roots.judge(chain.map((one) => one.raw));
  if (facts === 'malformed') throw new CertificateError('no-certificate', `${leafName} holds a certificate that cannot be read.`);
  if (facts !== 'untrusted-chain') return facts;
  const fault = roots.faultOf(chain.map((one) => one.raw));
  throw new CertificateError('untrusted-chain', `${leafName} leads to none of the ${roots.fingerprints.length} trusted roots: its last issuer is "${(chain.at(-1) as X509Certificate).issuer}".${fault === null ? '' : ` What keeps it out: ${fault}.`} Put that authority into the trust directory if it is ours, or issue the leaf under one that is there; intermediates follow the leaf, each the issuer of the one before.`);
}

function checkDates({ leafName, wallMs }: LeafToCheck, { chainValidity, leafValidity }: ChainFacts): void {
  const text = (ms: number) => new Date(ms).toISOString();
  const which = chainValidity.notAfterMs < leafValidity.notAfterMs ? 'An authority of the certificate' : 'The certificate';
  if (wallMs > chainValidity.notAfterMs) throw new CertificateError('expired', `${which} ${leafName} expired at ${text(chainValidity.notAfterMs)}; this machine's clock says ${text(wallMs)}. Renew it, or set the clock.`);
  if (wallMs < chainValidity.notBeforeMs - clockToleranceMs) throw new CertificateError('not-yet-valid', `The certificate ${leafName} is valid only from ${text(chainValidity.notBeforeMs)}; this machine's clock says ${text(wallMs)}. The clock is probably wrong: set it (NTP).`);
}

function checkNames({ leafName, cluster, nodeId }: LeafToCheck, { uri, isAuthority, hasBothUsages }: ChainFacts): void {
  if (isAuthority) throw new CertificateError('wrong-authority', `${leafName} is the certificate of an authority. A node needs a leaf (CA:FALSE).`);
  if (!hasBothUsages) throw new CertificateError('wrong-usage', `The certificate ${leafName} needs both extended key usages, server auth and client auth: every node is both. Issue it with both.`);
  checkUri({ uri, leafName, cluster, holder: { type: 'node', nodeId } });
}
