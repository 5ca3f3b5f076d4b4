/**
 * The first three promises of the network, each attacked from where an attacker would stand: with a copied disk, without
 * a certificate, and as an admitted node that lies. Real processes, real QUIC, a real authority.
 */
import { createPublicKey, randomBytes, verify } from 'node:crypto';
import { cpSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { RecordAnswer } from '@starling/contract';
import { decodeBundle, messageOfBundle, signatureOfBundle } from '@starling/gossip';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openRawClient } from '../conformance/raw-client.js';
import { createTestAuthority, type IssuedLeaf } from '../support/authority.js';
import { eventually } from '../support/eventually.js';
import { credentialOf, introduction, MaliciousPeer, newKey, sample, speak } from './malicious-peer.js';
import { askApi, cluster, type NodeProcess, ProcessNetwork } from './node-process.js';

let network: ProcessNetwork;
let alpha: NodeProcess;
let beta: NodeProcess;
let betaId: string;
const closing: (() => Promise<unknown>)[] = [];
let liars = 0;

beforeAll(async () => {
  network = await ProcessNetwork.open();
  alpha = await network.start('alpha');
  beta = await network.start('beta', [alpha.address]);
  betaId = await beta.id();
  await eventually('alpha knows beta', async () => (await alpha.node(betaId))?.state === 'alive', 30_000);
});
afterAll(() => network?.close());
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

/** Admitted like any node, unless the leaf is another. */
async function liar(leaf?: IssuedLeaf): Promise<MaliciousPeer> {
  liars += 1;
  const peer = await MaliciousPeer.open(leaf ?? (await network.leaf(`liar-${liars}`)), network.authority.root);
  closing.push(() => peer.close());
  return peer;
}

/** Tells the truth about itself, and so shows that everything sent before was handled. */
async function isHandled(peer: MaliciousPeer, opened: Parameters<MaliciousPeer['push']>[0]): Promise<void> {
  peer.push(opened, speak(peer.key, { sequence: 1, records: introduction('liar', peer.credential) }));
  await eventually('alpha took our own record', () => alpha.node(peer.id));
}

async function isUnknown(id: string): Promise<void> {
  for (const node of [alpha, beta]) expect((await node.nodes()).map((one) => one.id)).not.toContain(id);
}

describe('Promise 1: Identity. A node keeps the key that names it', () => {
  it('across restarts, also after kill -9, with a growing incarnation', async () => {
    const ids = new Set<string>();
    for (let life = 1; life <= 4; life++) {
      const node = await network.start('restarted', [alpha.address]);
      const self = await node.self();
      ids.add(self.node.id);
      expect(self.node.incarnation).toBe(life);
      await eventually('alpha met this life', async () => (await alpha.node(self.node.id))?.incarnation === life);
      await node.kill(life % 2 === 0 ? 'SIGTERM' : 'SIGKILL');
    }
    expect(ids.size).toBe(1);
    expect(statSync(join((await network.prepare('restarted')).dataDir, 'identity.key')).mode & 0o777).toBe(0o600);
  });

  it('and gives it to one process at a time', async () => {
    const program = await network.prepare('second');
    const ended = await network.run({ ...program, settings: { ...program.settings, STARLING_DATA_DIR: beta.program.dataDir } }).ended;
    expect(ended.code).toBe(69);
    expect(ended.output).toContain(beta.program.dataDir);
    expect(beta.isRunning).toBe(true);
  });

  it('and complains when a copy of it runs elsewhere; the network counts one node', async () => {
    const original = await network.start('original', [alpha.address]);
    const id = await original.id();
    const program = await network.prepare('copy', [alpha.address]);
    cpSync(original.program.dataDir, program.dataDir, { recursive: true, filter: (path) => !path.includes('claim') });
    const copy = network.run(program);
    await eventually('both met records that they did not make', async () => {
      const conflicts = await Promise.all([original, copy].map((node) => node.metric('starling_identity_conflicts_total').catch(() => 0)));
      return conflicts.every((count) => count > 0);
    }, 30_000);
    expect((await alpha.nodes()).filter((node) => node.id === id)).toHaveLength(1);
    expect(original.output + copy.output).toContain('its key is used twice');
    await Promise.all([original.kill(), copy.kill()]);
  });
});

describe('Promise 2: Transport. Without a certificate of the authority nobody joins or learns anything', () => {
  it('not without any certificate', async () => {
    const failed = await alpha.metric('starling_transport_handshakes_total', 'result="failed"');
    const client = await openRawClient(alpha.address, { roots: network.authority.root });
    closing.push(() => client.close());
    await eventually('alpha gave up', async () => (await alpha.metric('starling_transport_handshakes_total', 'result="failed"')) > failed);
    expect([...client.native.readable()]).toEqual([]);
    expect(client.native.dgramRecvQueueLen()).toBe(0);
  });

  it.each([
    ['of another authority', async () => (await createTestAuthority('Theirs')).issue([`spiffe://${cluster}/leaf/intruder`])],
    ['of another authority of the same name', async () => (await createTestAuthority('Ours')).issue([`spiffe://${cluster}/leaf/intruder`])],
    ['that has expired', () => network.authority.issue([`spiffe://${cluster}/leaf/intruder`], { notBefore: new Date(Date.now() - 7_200_000), notAfter: new Date(Date.now() - 60_000) })],
    ['of another cluster', () => network.authority.issue(['spiffe://elsewhere/leaf/intruder'])],
    ['of a gateway', () => network.authority.issue([`spiffe://${cluster}/gateway/intruder`])],
  ])('not with one %s', async (_, issue) => {
    const intruder = await liar(await issue());
    intruder.transport.dial(alpha.address);
    await eventually('the dial has ended', () => intruder.heard.opened.length + intruder.heard.failed.length > 0);
    // Who dials may take itself for connected until it hears of the refusal. Until then it does all that would make it known.
    for (const opened of intruder.heard.opened) {
      await intruder.greet(opened);
      intruder.push(opened, speak(intruder.key, { sequence: 1, records: introduction('intruder', intruder.credential) }));
      await intruder.closed(opened);
    }
    expect(intruder.heard.messages).toEqual([]);
    await isUnknown(intruder.id);
  });

  it('not with the credential of another node, nor with its name', async () => {
    const record = await alpha.get<RecordAnswer>(`/v1/nodes/${betaId}/record`);
    const stolen = Buffer.from(record?.credential ?? '', 'base64');
    const [thief, another] = [await liar(), await liar()];
    const asBeta = { nodeId: Buffer.from(betaId, 'hex') };
    const second = newKey();
    const asSecond = { nodeId: Buffer.from(second.id, 'hex'), credential: credentialOf(thief.leaf, second.id), signer: second };
    // Under the name of another the proof is false as well, and may be judged first.
    const falseProof = 'its proof is not signed by the key';
    const attempts = [
      ['its credential, under its name', { ...asBeta, credential: stolen }, `credential of another certificate|${falseProof}`],
      ['its credential, under our name', { credential: stolen }, 'credential of another node'],
      ['our credential, under its name', asBeta, `credential of another node|${falseProof}`],
      ['a proof that nobody signed', { signature: randomBytes(64) }, falseProof],
      ['a credential that our leaf makes for a second key of ours after it vouched for the first', asSecond, 'has vouched for another node'],
      ['a credential that our leaf makes for it at first', { ...asBeta, credential: credentialOf(another.leaf, betaId) }, falseProof, another],
    ] as const;
    for (const [what, changes, reason, by = thief] of attempts) {
      const opened = await by.connect(alpha.address);
      await by.greet(opened, changes);
      expect(await by.closed(opened), what).toMatch(new RegExp(reason));
    }
    for (const one of [thief, another]) expect(one.messages().filter(({ type }) => type !== 'hello' && type !== 'proof')).toEqual([]);
    expect(await alpha.node(betaId)).toMatchObject({ state: 'alive', name: 'beta' });
    for (const { id } of [thief, second]) await isUnknown(id);
  });

  it('nor an answer of the API', async () => {
    const { ca, cert, key } = network.client;
    const other = await (await createTestAuthority('Theirs')).issue([`spiffe://${cluster}/gateway/x`]);
    const elsewhere = await network.authority.issue(['spiffe://elsewhere/gateway/x']);
    const port = alpha.program.apiPort;
    expect((await askApi(port, '/v1/nodes', { ca, cert, key })).status).toBe(200);
    await expect(askApi(port, '/v1/nodes', { ca })).rejects.toThrow();
    await expect(askApi(port, '/v1/nodes', { ca, ...other })).rejects.toThrow();
    await expect(fetch(`http://127.0.0.1:${port}/v1/nodes`)).rejects.toThrow();
    const refused = await askApi(port, '/v1/nodes', { ca, ...elsewhere });
    expect([refused.status, refused.body]).toEqual([403, expect.not.stringContaining(betaId)]);
  });

  it('nor keeps a node from saying farewell', async () => {
    const node = await network.start('followed', [alpha.address]);
    const id = await node.id();
    await eventually('alpha knows it', async () => (await alpha.node(id))?.state === 'alive');
    // Says nothing, so that TLS never begins.
    const stranger = connect(node.program.apiPort, node.program.apiHost).on('error', () => undefined);
    closing.push(() => Promise.resolve(void stranger.destroy()));
    await new Promise((resolve) => stranger.once('connect', resolve));
    expect((await node.kill('SIGTERM')).code).toBe(0);
    await eventually('alpha heard the farewell', async () => (await alpha.node(id))?.state === 'left');
  });
});

describe('Promise 3: Authenticity. An admitted node that lies', () => {
  async function recordOfBeta(peer: MaliciousPeer): Promise<Uint8Array> {
    const isOfBeta = (bytes: Uint8Array) => Buffer.from(bytes.subarray(9, 41)).toString('hex') === betaId;
    return eventually('we were told of beta', () => peer.passages().filter(({ bytes }) => isOfBeta(bytes)).at(-1)?.bytes);
  }

  function sequenceOf(bytes: Uint8Array): number {
    const decoding = decodeBundle(bytes);
    return decoding.ok ? decoding.bundle.sequence : Number.NaN;
  }

  it('cannot forge a record of another', async () => {
    const peer = await liar();
    const opened = await peer.join(alpha.address);
    const before = await alpha.refused('signature-invalid');
    peer.push(opened, speak(peer.key, { origin: betaId, incarnation: 9, sequence: 1, records: introduction('owned', peer.credential) }));
    expect(await peer.closed(opened)).toContain('signature-invalid');
    expect(await alpha.refused('signature-invalid')).toBe(before + 1);
    const shown = await alpha.node(betaId);
    expect(shown).toMatchObject({ name: 'beta', incarnation: 1 });
    await eventually('beta is heard on', async () => ((await alpha.node(betaId))?.sequence ?? 0) > (shown?.sequence ?? Infinity));
  });

  it('cannot alter one on its way, wherever', async () => {
    for (const place of [0.2, 0.4, 0.6, 0.9]) {
      // Who was found out is not let in again for a while (docs/PROTOCOL.md 7.2).
      const peer = await liar();
      const opened = await peer.join(alpha.address);
      const bytes = Uint8Array.from(await recordOfBeta(peer));
      // Beyond its number, so that it is not simply known already.
      const at = 60 + Math.floor(place * (bytes.length - 60));
      bytes[at] = (bytes[at] as number) ^ 1;
      peer.push(opened, bytes);
      expect(await peer.closed(opened), `byte ${at} of ${bytes.length}`).toMatch(/a record that is (signature-invalid|malformed)/);
    }
    expect(await alpha.node(betaId)).toMatchObject({ name: 'beta', state: 'alive', equivocated: false });
  });

  it('cannot replay an older one', async () => {
    const peer = await liar();
    const opened = await peer.join(alpha.address);
    const old = await recordOfBeta(peer);
    const sequence = await eventually('beta went on', async () => {
      const now = (await alpha.node(betaId))?.sequence ?? 0;
      return now > sequenceOf(old) + 1 ? now : null;
    });
    peer.push(opened, old, old);
    await isHandled(peer, opened);
    const after = await alpha.node(betaId);
    expect(after?.sequence).toBeGreaterThanOrEqual(sequence);
    expect(after).toMatchObject({ state: 'alive', equivocated: false });
  });

  it('cannot bring one of a dead node back to life', async () => {
    const victim = await network.start('victim', [alpha.address]);
    const id = await victim.id();
    const peer = await liar();
    const opened = await peer.join(alpha.address);
    await eventually('alpha knows the victim', async () => (await alpha.node(id))?.state === 'alive');
    // Who joined later than it was heard of is told when it asks.
    peer.send(opened, { type: 'graft', wanted: [{ prefix: Buffer.from(id, 'hex').subarray(0, 8), incarnation: 0, sequence: 0 }] });
    const last = await eventually('we were told of the victim', () => peer.passages().filter(({ bytes }) => Buffer.from(bytes.subarray(9, 41)).toString('hex') === id).at(-1)?.bytes);
    await victim.kill('SIGTERM');
    await eventually('alpha heard the farewell', async () => (await alpha.node(id))?.state === 'left');
    peer.push(opened, last);
    await isHandled(peer, opened);
    expect((await alpha.node(id))?.state).toBe('left');
  });

  it('cannot speak from the future', async () => {
    const peer = await liar();
    const opened = await peer.join(alpha.address);
    const before = await alpha.refused('from-the-future');
    peer.push(opened, speak(peer.key, { sequence: 7, timeMs: Date.now() + 600_000, records: introduction('liar', peer.credential) }));
    await eventually('it was refused', async () => (await alpha.refused('from-the-future')) === before + 1);
    await isUnknown(peer.id);
    await isHandled(peer, opened);
    expect((await alpha.node(peer.id))?.sequence).toBe(1);
  });

  it('cannot say two things at once: the proof is kept, and nothing more of it is believed', async () => {
    const peer = await liar();
    const opened = await peer.join(alpha.address);
    await isHandled(peer, opened);
    const [first, second] = [sample(5), sample(6)].map((record) => speak(peer.key, { sequence: 2, records: [record] })) as [Uint8Array, Uint8Array];
    peer.push(opened, first, second);
    await eventually('alpha has the proof', async () => (await alpha.node(peer.id))?.equivocated);
    const record = await alpha.get<RecordAnswer>(`/v1/nodes/${peer.id}/record`);
    const proof = [record?.equivocation?.first, record?.equivocation?.second].map((text) => Buffer.from(text ?? '', 'base64'));
    expect(proof.map((bytes) => bytes.equals(first) || bytes.equals(second))).toEqual([true, true]);
    for (const bytes of proof) expect(verify(null, messageOfBundle(bytes), createPublicKey(peer.key.key), signatureOfBundle(bytes))).toBe(true);
    const before = await alpha.refused('equivocation');
    peer.push(opened, speak(peer.key, { sequence: 3, records: [sample(7)] }));
    await eventually('it is not believed', async () => (await alpha.refused('equivocation')) > before);
    expect((await alpha.node(peer.id))?.sequence).toBe(2);
  });

  it('cannot invent nodes that the authority never admitted', async () => {
    const peer = await liar();
    const opened = await peer.join(alpha.address);
    await isHandled(peer, opened);
    const stranger = await (await createTestAuthority('Ours')).issue([`spiffe://${cluster}/leaf/invented`]);
    const named = await network.authority.issue([`spiffe://${cluster}/node/${betaId}`]);
    const stolen = Buffer.from((await alpha.get<RecordAnswer>(`/v1/nodes/${betaId}/record`))?.credential ?? '', 'base64');
    const inventions: readonly (readonly [string, (id: string) => Uint8Array | null])[] = [
      ['credential-missing', () => null],
      ['credential-malformed', () => randomBytes(500)],
      ['credential-untrusted-chain', (id) => credentialOf(stranger, id)],
      ['leaf-reused', (id) => credentialOf(peer.leaf, id)],
      ['credential-wrong-node', (id) => credentialOf(named, id)],
      ['credential-wrong-node', () => stolen],
    ];
    for (const [reason, credential] of inventions) {
      const invented = newKey();
      const before = await alpha.refused(reason);
      peer.push(opened, speak(invented, { sequence: 1, records: introduction('invented', credential(invented.id)) }));
      await eventually(`refused as ${reason}`, async () => (await alpha.refused(reason)) > before);
      await isUnknown(invented.id);
    }
    await eventually('the reuse is told', () => alpha.output.includes('One leaf certificate was shown for two nodes'));
    expect((await alpha.nodes()).filter(({ name }) => name === 'invented')).toEqual([]);
  });
});
