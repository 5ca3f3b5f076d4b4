/** Whether leaf, key and roots of this node fit together and will be accepted by others (docs/PROTOCOL.md sections 2 and 3). */
import { createPublicKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { NodeId } from '@starling/gossip';
import { CertificateError, certificateErrorOf } from './certificate-error.js';
import { clockToleranceMs, clusterTagOf, makeCredential } from './credential.js';
import { certificatesIn, leafKeyType, privateKeyIn } from './pem.js';
import type { ChainFacts, TrustedRoots } from './trusted-roots.js';

/** A set in use; the first three fields are what the transport and the API take. */
export interface OwnCertificates {
  /** PEM of the leaf, then its intermediates, without the root. */
  readonly chainPem: string;
  /** PKCS#8 PEM. */
  readonly keyPem: string;
  /** PEM of every trusted root. */
  readonly rootsPem: string;
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
export type Trial = (set: Pick<OwnCertificates, 'chainPem' | 'keyPem' | 'rootsPem'>) => void;

export interface LeafToCheck {
  readonly leafPem: string;
  readonly keyPem: string;
  /** What to call leaf and key in messages. */
  readonly leafName: string;
  readonly keyName: string;
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
    createSecureContext({ cert: set.chainPem, key: set.keyPem, ca: set.rootsPem, minVersion: 'TLSv1.3' });
    given.tryQuic(set);
    return set;
  } catch (fault) {
    throw certificateErrorOf(fault, given.leafName);
  }
}

function readSet(given: LeafToCheck): OwnCertificates {
  const found = certificatesIn(given.leafPem);
  const leaf = found?.[0];
  if (!found || leaf === undefined) throw new CertificateError('no-certificate', `${given.leafName} holds no certificate in PEM form, or a damaged one.`);
  const key = keyOf(given, leaf);
  // Many authorities deliver their root with the leaf; others have it already.
  const chain = [leaf, ...found.slice(1).filter((one) => !one.checkIssued(one))];
  const facts = factsOf(given, chain);
  checkDates(given, facts);
  checkNames(given, facts);
  const chainPem = chain.map((one) => one.toString()).join('');
  const keyPem = key.export({ type: 'pkcs8', format: 'pem' }).toString();
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

function keyOf({ keyPem, keyName, leafName }: LeafToCheck, leaf: X509Certificate): KeyObject {
  const key = privateKeyIn(keyPem);
  if (key === null) throw new CertificateError('no-key', `${keyName} holds no private key in PEM form that can be used without a passphrase.`);
  if (leafKeyType(key) === null) throw new CertificateError('unsupported-key', `The key ${keyName} is of the type ${key.asymmetricKeyType}. Issue a leaf with an ECDSA key on P-256, or an Ed25519 key.`);
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  if (!leaf.publicKey.export({ type: 'spki', format: 'der' }).equals(spki)) throw new CertificateError('key-mismatch', `${keyName} is not the key of the certificate ${leafName}. Put both in place from one issuance.`);
  return key;
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
  const forms = `spiffe://${cluster}/node/${nodeId}, spiffe://${cluster}/leaf/<name> or spiffe://${cluster}/shared`;
  if (uri === null) throw new CertificateError('wrong-uri', `The certificate ${leafName} needs exactly one URI as subject alternative name: ${forms}.`);
  if (uri.leaf.form === 'gateway') throw new CertificateError('wrong-uri', `The certificate ${leafName} is for a gateway (${uri.text}). A node needs ${forms}.`);
  if (uri.leaf.cluster !== cluster) throw new CertificateError('wrong-cluster', `The certificate ${leafName} is for the cluster "${uri.leaf.cluster}" (${uri.text}), but this node is of "${cluster}" (STARLING_CLUSTER).`);
  if (uri.leaf.form === 'node' && uri.leaf.nodeId !== nodeId) throw new CertificateError('wrong-node', `The certificate ${leafName} names the node ${uri.leaf.nodeId}, but this node is ${nodeId}. Issue one for this node, or restore its identity.`);
}
