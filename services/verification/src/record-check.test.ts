import { beforeAll, describe, expect, it } from 'vitest';
import { cluster, makeAuthority, makeQuestion, nowMs, toBase64, trustIn, type Authority, type Wishes } from './authority.fixture.js';
import type { Verification } from './checks.js';
import { checkRecord, fromBase64, type RecordQuestion } from './record-check.js';

let root: Authority;
beforeAll(async () => {
  root = await makeAuthority('CN=root');
});

const faultOf = (verification: Verification) => verification.checks.find((check) => check.outcome === 'failed')?.title ?? null;

function flipped(text: string, bit: number): string {
  const bytes = fromBase64(text) as Uint8Array;
  const at = bit >> 3;
  bytes[at] = (bytes[at] as number) ^ (1 << (bit & 7));
  return toBase64(bytes);
}

function withBundle(question: RecordQuestion, index: number, change: (bytes: string) => string): RecordQuestion {
  const bundles = question.record.bundles.map((bundle, i) => (i === index ? { ...bundle, bytes: change(bundle.bytes) } : bundle));
  return { ...question, record: { ...question.record, bundles } };
}

describe('checkRecord', () => {
  it('verifies a sound record, and says so check by check', async () => {
    const verification = await checkRecord(await makeQuestion(root));
    expect(verification.verdict).toBe('verified');
    expect(verification.checks.map(({ title, outcome }) => `${title} ${outcome}`)).toEqual([
      'Node signature passed',
      'Certificate chain passed',
      'Usage passed',
      'Name passed',
      'Validity passed',
      'Leaf signature passed',
      'Values shown passed',
    ]);
    expect(verification.rootFingerprint).toMatch(/^[0-9a-f]{64}$/);
  });

  it('names the newest bundle by what was signed, whatever the gateway says of it', async () => {
    const question = await makeQuestion(root);
    const bundles = question.record.bundles.map((bundle) => ({ ...bundle, sequence: 1_000 })).reverse();
    expect((await checkRecord({ ...question, record: { ...question.record, bundles } })).newest).toEqual({ incarnation: 1, sequence: 9 });
    expect((await checkRecord(withBundle(question, 0, (bytes) => flipped(bytes, 999)))).newest).toBeNull();
  });

  it('refuses a bundle with one flipped bit, wherever the bit is', async () => {
    const question = await makeQuestion(root);
    const bits = (fromBase64(question.record.bundles[0]?.bytes ?? '') as Uint8Array).length * 8;
    // A stride that is prime to 8 meets every bit of a byte.
    for (let bit = 0; bit < bits; bit += 37) {
      const { verdict } = await checkRecord(withBundle(question, 0, (bytes) => flipped(bytes, bit)));
      expect(verdict, `bit ${bit} of ${bits}`).toBe('refused');
    }
  });

  it('refuses a credential with one flipped bit, wherever the bit is', async () => {
    const question = await makeQuestion(root);
    const bits = (fromBase64(question.record.credential) as Uint8Array).length * 8;
    for (let bit = 0; bit < bits; bit += 61) {
      const { verdict } = await checkRecord({ ...question, record: { ...question.record, credential: flipped(question.record.credential, bit) } });
      expect(verdict, `bit ${bit} of ${bits}`).toBe('refused');
    }
  });

  it('refuses when a value or the name is shown otherwise than signed', async () => {
    const question = await makeQuestion(root);
    const [node] = question.shown;
    if (node === undefined) throw new Error('the question shows nothing');
    const other = await checkRecord({ ...question, shown: [{ ...node, values: { ...node.values, 'system.cpu.utilization': 0.1235 } }] });
    expect([other.verdict, faultOf(other)]).toEqual(['refused', 'Values shown']);
    expect(faultOf(await checkRecord({ ...question, shown: [{ ...node, name: 'node-2' }] }))).toBe('Values shown');
    const later = await checkRecord({ ...question, shown: [{ ...node, sequence: 10 }] });
    expect([later.verdict, later.checks.at(-1)?.outcome]).toEqual(['verified', 'skipped']);
  });

  it('refuses another node’s record, and one of another cluster', async () => {
    const question = await makeQuestion(root);
    const other = await makeQuestion(root);
    expect((await checkRecord({ ...question, nodeId: other.nodeId })).verdict).toBe('refused');
    expect((await checkRecord({ ...question, cluster: 'other' })).verdict).toBe('refused');
    expect(faultOf(await checkRecord({ ...question, record: { ...question.record, bundles: [] } }))).toBe('Node signature');
    expect(faultOf(await checkRecord({ ...question, record: { ...question.record, credential: other.record.credential } }))).toBe('Credential');
  });

  it('refuses what leads to no trusted root', async () => {
    const question = await makeQuestion(root);
    const namesake = await makeAuthority('CN=root');
    expect(faultOf(await checkRecord({ ...question, trust: trustIn(namesake) }))).toBe('Certificate chain');
    expect(faultOf(await checkRecord({ ...question, trust: { roots: [] } }))).toBe('Roots');
    expect(faultOf(await checkRecord({ ...question, trust: { roots: [{ fingerprint: '', pem: 'nonsense' }] } }))).toBe('Roots');
    expect((await checkRecord({ ...question, trust: trustIn(namesake, root) })).verdict).toBe('verified');
  });

  it('follows a chain over an intermediate authority, and not over one that is missing', async () => {
    const middle = await makeAuthority('CN=middle', root);
    expect((await checkRecord(await makeQuestion(root, middle, { intermediates: [middle.certificate] }))).verdict).toBe('verified');
    expect(faultOf(await checkRecord(await makeQuestion(root, middle)))).toBe('Certificate chain');
  });

  it('does not let a mere leaf issue another', async () => {
    const impostor = await makeAuthority('CN=impostor', root, 'impostor');
    expect(faultOf(await checkRecord(await makeQuestion(root, impostor, { intermediates: [impostor.certificate] })))).toBe('Certificate chain');
  });

  const hour = 3_600_000;
  const cases: readonly [string, Wishes, string | null][] = [
    ['takes a leaf that names no node', { uris: [`spiffe://${cluster}/leaf/box-7`] }, null],
    ['takes a shared leaf', { uris: [`spiffe://${cluster}/shared`] }, null],
    ['takes a leaf with an Ed25519 key', { algorithm: 'Ed25519' }, null],
    ['refuses a leaf of a gateway', { uris: [`spiffe://${cluster}/gateway/web`] }, 'Name'],
    ['refuses a leaf of another cluster', { uris: ['spiffe://other/leaf/box-7'] }, 'Name'],
    ['refuses a leaf that names another node', { uris: [`spiffe://${cluster}/node/${'0'.repeat(64)}`] }, 'Name'],
    ['refuses two URIs', { uris: [`spiffe://${cluster}/shared`, `spiffe://${cluster}/leaf/box-7`] }, 'Name'],
    ['refuses a leaf for servers only', { usages: ['1.3.6.1.5.5.7.3.1'] }, 'Usage'],
    ['refuses a leaf for clients only', { usages: ['1.3.6.1.5.5.7.3.2'] }, 'Usage'],
    ['refuses a leaf that is an authority', { isAuthority: true }, 'Usage'],
    ['refuses an expired leaf', { leafUntilMs: nowMs - 1_000 }, 'Certificate chain'],
    ['refuses an expired credential', { credentialUntilMs: nowMs - 1_000 }, 'Validity'],
    ['refuses a credential beyond its leaf', { credentialUntilMs: nowMs + 2 * hour }, 'Validity'],
    ['refuses a credential of another cluster', { credentialCluster: 'other' }, 'Credential'],
    ['refuses a credential for another node', { vouchesFor: '1'.repeat(64) }, 'Credential'],
  ];
  it.each(cases)('%s', async (_, wishes, fault) => {
    const verification = await checkRecord(await makeQuestion(root, root, wishes));
    expect(faultOf(verification)).toBe(fault);
    expect(verification.verdict).toBe(fault === null ? 'verified' : 'refused');
  });
});
