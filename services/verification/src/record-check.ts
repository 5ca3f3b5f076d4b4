/**
 * Checks a node's word in the browser, without trusting the node or the gateway that handed it over: only the roots are
 * taken on trust, and their fingerprints are shown.
 */
import { decodeBundle, decodeDescriptor, decodeSample, fromHex, fromMultiple, equalBytes, isNodeId, kinds, messageOfBundle, peekBundle, signatureOfBundle, type Bundle, type Descriptor } from '@starling/gossip';
import type { Node, RecordAnswer, TrustAnswer } from '@starling/contract';
import { X509Certificate } from './x509.js';
import { type Link, linksOf } from './certificate-chain.js';
import { failed, passed, skipped, verificationOf, type BundleNumber, type Check, type Verification } from './checks.js';
import { checkCredential } from './credential-check.js';
import { isNodeSignature } from './node-signature.js';

export interface RecordQuestion {
  /** The node that was asked for, and the cluster that the page shows. */
  readonly nodeId: string;
  readonly cluster: string;
  readonly record: RecordAnswer;
  readonly trust: TrustAnswer;
  /** What the page shows of the node: compared with what was signed. Several moments may be handed in. */
  readonly shown: readonly Node[];
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/** Never throws: whatever is wrong ends in a check that failed. */
export async function checkRecord(question: RecordQuestion): Promise<Verification> {
  const { nodeId, cluster, record } = question;
  if (globalThis.crypto?.subtle === undefined) {
    return { verdict: 'unavailable', checks: [skipped('Cryptography', 'Browsers offer it to pages from localhost or by https only.')], rootFingerprint: null, newest: null };
  }
  const refuse = (check: Check) => verificationOf([check], null, null);
  const key = fromHex(nodeId);
  if (!isNodeId(nodeId) || key === null) return refuse(failed('Node id', 'It is no public key.'));
  const roots = parseRoots(question.trust);
  if (roots === null || roots.length === 0) return refuse(failed('Roots', 'The gateway hands out no readable root to check against.'));
  const credential = fromBase64(record.credential);
  if (credential === null) return refuse(failed('Credential', 'It is not base64.'));

  const clusterTag = await clusterTagOf(cluster);
  const bundles = await checkBundles(question, key, clusterTag);
  if (bundles.check.outcome === 'failed') return refuse(bundles.check);
  const vouched = await checkCredential({ bytes: credential, nodeId, cluster, clusterTag, roots, nowMs: question.nowMs });
  const checks = [bundles.check, ...vouched.checks, compareShown(bundles.bundles, question.shown)];
  return verificationOf(checks, vouched.rootFingerprint, newestOf(bundles.bundles));
}

function newestOf(bundles: readonly Bundle[]): BundleNumber | null {
  const [newest] = [...bundles].sort((a, b) => b.incarnation - a.incarnation || b.sequence - a.sequence);
  return newest === undefined ? null : { incarnation: newest.incarnation, sequence: newest.sequence };
}

/** First 8 bytes of SHA-256 over a fixed text, a zero byte and the name (docs/PROTOCOL.md 1.2). */
export async function clusterTagOf(cluster: string): Promise<Uint8Array> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(`starling cluster\0${cluster}`));
  return new Uint8Array(hash).slice(0, 8);
}

async function checkBundles(question: RecordQuestion, key: Uint8Array, clusterTag: Uint8Array): Promise<{ check: Check; bundles: Bundle[] }> {
  const title = 'Node signature';
  const bundles: Bundle[] = [];
  for (const { bytes: text } of question.record.bundles) {
    const bytes = fromBase64(text);
    const decoding = bytes === null ? null : decodeBundle(bytes);
    if (bytes === null || decoding?.ok !== true) return { check: failed(title, 'A bundle is malformed.'), bundles };
    const head = peekBundle(bytes);
    if (head === null || !equalBytes(head.clusterTag, clusterTag)) return { check: failed(title, 'A bundle is of another cluster.'), bundles };
    if (decoding.bundle.origin !== question.nodeId) return { check: failed(title, 'A bundle is of another node.'), bundles };
    if (!(await isNodeSignature(key, messageOfBundle(bytes), signatureOfBundle(bytes)))) {
      return { check: failed(title, `Bundle ${decoding.bundle.incarnation}:${decoding.bundle.sequence} does not carry the signature of this node.`), bundles };
    }
    bundles.push(decoding.bundle);
  }
  if (bundles.length === 0) return { check: failed(title, 'There is no bundle to check.'), bundles };
  const spoken = bundles.map((bundle) => `${bundle.incarnation}:${bundle.sequence}`).join(', ');
  return { check: passed(title, `Ed25519 over ${bundles.length === 1 ? 'bundle' : 'bundles'} ${spoken}, with the key that is the node’s name.`), bundles };
}

/** Whether the page shows what was signed, where both are of the same moment. */
export function compareShown(bundles: readonly Bundle[], shown: readonly Node[]): Check {
  const title = 'Values shown';
  const descriptors = new Map<string, Descriptor>();
  for (const bundle of bundles) {
    const record = bundle.records.find(({ kind }) => kind === kinds.descriptor);
    const descriptor = record === undefined ? null : decodeDescriptor(record.payload);
    if (descriptor !== null) descriptors.set(`${bundle.incarnation}:${bundle.sequence}`, descriptor);
  }
  for (const bundle of bundles) {
    const record = bundle.records.find(({ kind }) => kind === kinds.sample);
    const sample = record === undefined ? null : decodeSample(record.payload);
    const node = shown.find(({ incarnation, sequence }) => incarnation === bundle.incarnation && sequence === bundle.sequence);
    const descriptor = sample === null ? undefined : descriptors.get(`${bundle.incarnation}:${sample.descriptorSequence}`);
    if (sample === null || node === undefined || descriptor === undefined) continue;
    const other = descriptor.metrics.find((metric, i) => {
      const multiple = sample.multiples[i];
      const signed = multiple === undefined ? null : fromMultiple(multiple, metric);
      return (node.values[metric.name] ?? null) !== signed;
    });
    if (other !== undefined) return failed(title, `${other.name} was shown with another value than was signed.`);
    if (node.name !== descriptor.name) return failed(title, 'The node was shown under another name than it signed.');
    return passed(title, `The ${descriptor.metrics.length} values and the name of ${bundle.incarnation}:${bundle.sequence} were shown as they were signed.`);
  }
  return skipped(title, 'What was shown and what was checked are of different moments.');
}

/** Null when one of them is none. */
function parseRoots(trust: TrustAnswer): readonly Link[] | null {
  try {
    return linksOf(trust.roots.map((root) => new Uint8Array(new X509Certificate(root.pem).rawData)));
  } catch {
    return null;
  }
}

/** Null for text that is not base64. */
export function fromBase64(text: string): Uint8Array | null {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}
