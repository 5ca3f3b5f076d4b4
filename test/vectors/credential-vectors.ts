/** credentials.json (docs/PROTOCOL.md 12.4). */
import { clientAuth } from '../support/authority.js';
import { chainCases } from './chain-cases.js';
import { authority, cluster, credential, nodeId, nowMs, type Case } from './issuance.js';
import { plain, type Plain } from './keys.js';

/** A sound one, for bundles. */
export async function nodeCredential(name: string): Promise<Uint8Array> {
  return credential(await authority('root'), nodeId(name));
}

const flipped = (at: number) => (bytes: Uint8Array) => bytes.map((byte, i) => (i === (at + bytes.length) % bytes.length ? byte ^ 1 : byte));

export async function credentialVectors(): Promise<Plain> {
  const root = await authority('root');
  const stranger = await authority('stranger');
  const intermediate = await authority('intermediate', root);
  const id = nodeId('first');
  const uri = (rest: string, of = cluster) => [`spiffe://${of}/${rest}`];
  const cases: readonly Case[] = [
    ['named', 'admitted', root, {}],
    ['named, on P-256', 'admitted', root, { key: 'P-256' }],
    ['first-come', 'admitted', root, { uris: uri('leaf/machine_1.example') }],
    ['shared', 'admitted', root, { uris: uri('shared') }],
    ['by an intermediate', 'admitted', intermediate, { intermediates: [intermediate] }],
    ['a minute too early, within the tolerance', 'admitted', root, { leafFrom: 1 / 60 }],
    ['a byte after its end', 'malformed', root, { damage: (bytes) => Uint8Array.from([...bytes, 0]) }],
    ['cut', 'malformed', root, { damage: (bytes) => bytes.subarray(0, bytes.length - 1) }],
    ['of another version', 'malformed', root, { damage: flipped(0) }],
    ['of another cluster by its tag', 'wrong-cluster', root, { tagOf: 'other' }],
    ['by an authority that is not trusted', 'untrusted-chain', stranger, {}],
    ['by an intermediate that is missing', 'untrusted-chain', intermediate, {}],
    ['of a leaf that ended', 'expired', root, { leafFrom: -3, leafUntil: -1 }],
    ['ended before its leaf', 'expired', root, { leafFrom: -3, until: -1 }],
    ['of a leaf that begins in an hour', 'not-yet-valid', root, { leafFrom: 1 }],
    ['for clients only', 'wrong-usage', root, { usages: [clientAuth] }],
    ['of an authority', 'wrong-usage', root, { isAuthority: true }],
    ['of two names', 'wrong-uri', root, { uris: [...uri('shared'), ...uri('leaf/x')] }],
    ['of a gateway', 'wrong-uri', root, { uris: uri('gateway/page') }],
    ['of no known form', 'wrong-uri', root, { uris: uri('nodes/x') }],
    ['of another cluster by its name', 'wrong-cluster', root, { uris: uri('shared', 'other') }],
    ['naming another node', 'wrong-node', root, { uris: uri(`node/${nodeId('second')}`) }],
    ['longer than its leaf', 'malformed', root, { until: 25 }],
    ['not signed by its leaf', 'bad-signature', root, { damage: flipped(-64) }],
    ['signed by a leaf of small order', 'bad-signature', root, { key: 'small order' }],
    ['not signed by its leaf, on P-256', 'bad-signature', root, { key: 'P-256', damage: flipped(-1) }],
  ];
  const made: Plain[] = [];
  for (const [name, verdict, issuer, wishes] of [...cases, ...(await chainCases(root, stranger))]) {
    const roots = wishes.roots === undefined ? {} : { roots: plain(wishes.roots.map(({ certificate }) => new Uint8Array(certificate.rawData))) };
    made.push({ name, nodeId: id, bytes: plain(await credential(issuer, id, wishes)), verdict, ...roots });
  }
  return { cluster, nowMs, root: plain(new Uint8Array(root.certificate.rawData)), credentials: made };
}
