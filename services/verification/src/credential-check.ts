/** The order of docs/PROTOCOL.md 3.3: what joins a node id to the certificate authority, checked in the browser. */
import { decodeCredential, equalBytes, limits, messageOfCredential, parseLeafUri, type Certificate, type Credential, type LeafUri } from '@starling/gossip';
import type { X509Certificate } from './x509.js';
import { findRoot, fingerprintOf, type Link, linksOf } from './certificate-chain.js';
import { failed, passed, type Check } from './checks.js';
import { isNodeSignature } from './node-signature.js';

export interface CredentialQuestion {
  readonly bytes: Uint8Array;
  readonly nodeId: string;
  readonly cluster: string;
  readonly clusterTag: Uint8Array;
  readonly roots: readonly Link[];
  readonly nowMs: number;
}

export interface CredentialAnswer {
  /** Ends with the first that failed. */
  readonly checks: readonly Check[];
  readonly rootFingerprint: string | null;
}

export async function checkCredential(question: CredentialQuestion): Promise<CredentialAnswer> {
  const { bytes, nodeId, nowMs } = question;
  const checks: Check[] = [];
  const refuse = (title: string, text: string): CredentialAnswer => ({ checks: [...checks, failed(title, text)], rootFingerprint: null });

  const credential = decodeCredential(bytes);
  const chain = credential === null ? null : linksOf(credential.chain);
  const leaf = chain?.[0];
  if (credential === null || chain === null || leaf === undefined) return refuse('Credential', 'Its bytes are no credential.');
  if (!equalBytes(credential.clusterTag, question.clusterTag)) return refuse('Credential', 'It is of another cluster.');
  if (credential.nodeId !== nodeId) return refuse('Credential', 'It vouches for another node.');

  const found = await findRoot(chain, question.roots, nowMs);
  if (!found.ok) return refuse('Certificate chain', `It leads to no trusted root: ${found.fault}.`);
  const rootFingerprint = await fingerprintOf(found.root);
  checks.push(passed('Certificate chain', `Leads to ${found.root.subject || 'the root'} over ${chain.length} ${chain.length === 1 ? 'certificate' : 'certificates'}, all within their dates.`));

  const usage = usageFault(leaf.form);
  if (usage !== null) return refuse('Usage', usage);
  checks.push(passed('Usage', 'For servers and clients, and not an authority itself.'));

  const uri = leaf.form.uris.length === 1 ? (leaf.form.uris[0] ?? null) : null;
  const parsed = uri === null ? null : parseLeafUri(uri);
  const fault = uriFault(parsed, question);
  if (uri === null || fault !== null) return refuse('Name', fault ?? 'The certificate has not exactly one URI.');
  checks.push(passed('Name', `${uri}: ${parsed?.form === 'node' ? 'names this node' : parsed?.form === 'shared' ? 'shared, so whoever holds it can admit any node' : 'names no node; serves the first that it vouched for'}.`));

  const window = windowFault(credential, leaf.form, nowMs);
  if (window !== null) return refuse('Validity', window);
  checks.push(passed('Validity', `Until ${new Date(credential.notAfterS * 1_000).toISOString()}.`));

  if (!(await isLeafSignature(leaf.certificate, messageOfCredential(bytes), credential.leafSignature))) return refuse('Leaf signature', 'The certificate’s key did not sign this node id.');
  checks.push(passed('Leaf signature', 'The certificate’s key signed this node id.'));
  return { checks, rootFingerprint };
}

function usageFault({ isAuthority, hasBothUsages }: Certificate): string | null {
  if (isAuthority) return 'The leaf is an authority itself.';
  return hasBothUsages === true ? null : 'The leaf is not for both servers and clients.';
}

function uriFault(uri: LeafUri | null, question: CredentialQuestion): string | null {
  if (uri === null) return 'The certificate has not exactly one URI of a known form.';
  if (uri.form === 'gateway') return 'The certificate is for a gateway, which has no say in the network.';
  if (uri.cluster !== question.cluster) return `The certificate is of the cluster ${uri.cluster}.`;
  if (uri.form === 'node' && uri.nodeId !== question.nodeId) return 'The certificate names another node.';
  return null;
}

function windowFault(credential: Credential, leaf: Certificate, nowMs: number): string | null {
  const fromMs = credential.notBeforeS * 1_000;
  const untilMs = credential.notAfterS * 1_000;
  if (fromMs > untilMs || fromMs < leaf.notBeforeMs || untilMs > leaf.notAfterMs) return 'Its dates are not within those of the certificate.';
  if (nowMs > untilMs) return `It ended on ${new Date(untilMs).toISOString()}.`;
  if (nowMs < fromMs - limits.certificateToleranceMs) return `It begins only on ${new Date(fromMs).toISOString()}.`;
  return null;
}

/** P-256 with SHA-256 as r | s, or Ed25519; no other key is of the protocol. */
async function isLeafSignature(leaf: X509Certificate, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
  const algorithm = leaf.publicKey.algorithm as Algorithm & { readonly namedCurve?: string };
  if (algorithm.name === 'Ed25519') {
    // A SubjectPublicKeyInfo of Ed25519 ends in the 32 bytes of the key.
    return isNodeSignature(new Uint8Array(leaf.publicKey.rawData).slice(-32), message, signature);
  }
  if (algorithm.name !== 'ECDSA' || algorithm.namedCurve !== 'P-256') return false;
  try {
    const key = await crypto.subtle.importKey('spki', leaf.publicKey.rawData, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['verify']);
    return await crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, key, signature.slice(), message.slice());
  } catch {
    return false;
  }
}
