/** Whether leaf, key and roots can be used by this node, now and for all that it does with them (docs/PROTOCOL.md sections 2 and 3). */
import { CertificateError, certificateErrorOf, type ChainFacts, checkLeaf, type LeafFiles, type TlsSet, type TrustedRoots } from '@starling/certificates';
import { limits, type NodeId } from '@starling/gossip';
import { clusterTagOf, makeCredential } from './credential.js';

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

export interface SetToCheck extends LeafFiles {
  readonly roots: TrustedRoots;
  readonly cluster: string;
  readonly nodeId: NodeId;
  /** Milliseconds since 1970 UTC. */
  readonly wallMs: number;
  /** The library of the transport; that of the API is always tried. */
  readonly tryQuic: Trial;
}

/** @throws CertificateError */
export function checkSet(given: SetToCheck): OwnCertificates {
  const { cluster, nodeId, roots, leafName } = given;
  const { facts, ...set } = checkLeaf({ ...given, holder: { type: 'node', nodeId } });
  try {
    checkDates(given, facts);
    // Each library refuses what the other and all checks let pass: in time only if both have tried it.
    given.tryQuic(set);
    return {
      ...set,
      roots,
      uri: facts.uri?.text ?? '',
      isShared: facts.uri?.leaf.form === 'shared',
      fingerprint: facts.leafFingerprint,
      notBeforeMs: facts.chainValidity.notBeforeMs,
      notAfterMs: facts.chainValidity.notAfterMs,
      credential: makeCredential({ clusterTag: clusterTagOf(cluster), nodeId, ...set }),
    };
  } catch (fault) {
    throw certificateErrorOf(fault, leafName);
  }
}

function checkDates({ leafName, wallMs }: SetToCheck, { chainValidity, leafValidity }: ChainFacts): void {
  const text = (ms: number) => new Date(ms).toISOString();
  const which = chainValidity.notAfterMs < leafValidity.notAfterMs ? 'An authority of the certificate' : 'The certificate';
  if (wallMs > chainValidity.notAfterMs) throw new CertificateError('expired', `${which} ${leafName} expired at ${text(chainValidity.notAfterMs)}; this machine's clock says ${text(wallMs)}. Renew it, or set the clock.`);
  if (wallMs < chainValidity.notBeforeMs - limits.certificateToleranceMs) throw new CertificateError('not-yet-valid', `The certificate ${leafName} is valid only from ${text(chainValidity.notBeforeMs)}; this machine's clock says ${text(wallMs)}. The clock is probably wrong: set it (NTP).`);
}
