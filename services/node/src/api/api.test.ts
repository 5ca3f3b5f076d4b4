import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';
import { type Node, type Problem, type RecordAnswer, type SnapshotMessage, paths, schemas } from '@starling/contract';
import { type NodeId, decodeBundle, encodeBundle, encodeDescriptor, encodeSample, kinds, sealBundle } from '@starling/gossip';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { type IssuedLeaf, type TestAuthority, createTestAuthority } from '../../../../test/support/authority.js';
import { contractFault } from '../../../../test/support/contract-check.js';
import { eventually } from '../../../../test/support/eventually.js';
import { answerTo } from '../../../../test/support/http-answer.js';
import { closedWith, received, refusedWith } from '../../../../test/support/web-socket.js';
import { NetworkView } from '../history/network-view.js';
import { type Api, type ApiCertificates, openApi } from './api.js';
import { apiLimits } from './api-limits.js';
import type { ApiSource } from './api-source.js';

const self: NodeId = 'aa'.repeat(32);
const other: NodeId = 'bb'.repeat(32);
const clock = { now: () => ({ monotonicMs: performance.now(), wallMs: Date.now() }) };
const host = '127.0.0.1';
const quiet = { error: () => undefined };

let authority: TestAuthority;
let serverLeaf: IssuedLeaf;
let clientLeaf: IssuedLeaf;
let view: NetworkView;
let api: Api;
let closing: (() => Promise<void>)[] = [];

async function ask(path: string, options: https.RequestOptions & { readonly plain?: boolean; readonly body?: string } = {}) {
  const common = { host, port: api.address.port, path, agent: false as const, ...options };
  const secured = { ca: authority.root, cert: clientLeaf.cert, key: clientLeaf.key, checkServerIdentity: () => undefined, ...common };
  const { status, headers, text } = await answerTo(options.plain === true ? http.request(common) : https.request(secured), options.body);
  return { status, headers, type: headers['content-type'] ?? '', body: (text === '' ? null : JSON.parse(text)) as unknown };
}

function stream(query = '', leaf = clientLeaf): WebSocket {
  const agent = new https.Agent({ ca: authority.root, cert: leaf.cert, key: leaf.key, checkServerIdentity: () => undefined });
  const socket = new WebSocket(`wss://${host}:${api.address.port}${paths.stream}${query}`, { agent });
  closing.push(() => Promise.resolve(socket.terminate()));
  return socket;
}

async function open(tls: () => ApiCertificates | null): Promise<void> {
  const source: ApiSource = view;
  api = await openApi({ source, listen: { host, port: 0 }, tls, cluster: 'starling', version: '0.1.0', clock, log: quiet });
  closing.push(() => api.close());
}

const secure = (): ApiCertificates => ({ ...serverLeaf, ca: authority.root });

function say(origin: NodeId): void {
  const metrics = [{ name: 'system.cpu.utilization', unit: '1', type: 'gauge' as const, exponent: -2 }];
  const records = [
    { kind: kinds.descriptor, payload: encodeDescriptor({ name: 'plover', version: '1', labels: { zone: 'a' }, metrics }) },
    { kind: kinds.sample, payload: encodeSample({ descriptorSequence: 1, viewDigest: new Uint8Array(8), multiples: [42] }) },
  ];
  const decoding = decodeBundle(sealBundle(encodeBundle({ clusterTag: new Uint8Array(8), origin, incarnation: 1, sequence: 1, timeMs: 1, lifetimeS: 1, records }), new Uint8Array(64)));
  if (!decoding.ok) throw new Error(decoding.reason);
  view.onEvent({ type: 'record-merged', origin, bundle: decoding.bundle, kinds: [kinds.descriptor, kinds.sample], dropped: [], via: origin === self ? null : other, hops: 1, ageMs: 5, path: 'eager' }, clock.now());
  view.onEvent({ type: 'member-changed', origin, state: 'alive', previous: null, incarnation: 1 }, clock.now());
}

beforeAll(async () => {
  authority = await createTestAuthority();
  [serverLeaf, clientLeaf] = await Promise.all([authority.issue([`spiffe://starling/node/${self}`]), authority.issue(['spiffe://starling/gateway/page'])]);
});

beforeEach(() => {
  closing = [];
  view = new NetworkView({ self, name: 'here', clock, sampleIntervalMs: () => 1_000, connectionFigures: () => null });
  say(self);
  say(other);
});

afterEach(async () => {
  for (const close of closing.reverse()) await close();
});

describe('over mutual TLS', () => {
  beforeEach(() => open(secure));

  it.each([
    [paths.self, schemas.self],
    [paths.nodes, schemas.nodes],
    [paths.node(other), schemas.nodeAnswer],
    [paths.record(other), schemas.recordAnswer],
    [paths.peers, schemas.peers],
  ])('answers %s as the contract says', async (path, schema) => {
    const { status, type, headers, body } = await ask(path);
    expect([status, type, headers['cache-control']]).toEqual([200, 'application/json; charset=utf-8', 'no-store']);
    expect(contractFault(schema, body)).toBeNull();
  });

  it('loses nothing of what the source says on the way out', async () => {
    const { body } = await ask(paths.node(other));
    expect(body).toMatchObject({ node: { name: 'plover', labels: { zone: 'a' }, values: { 'system.cpu.utilization': 0.42 }, metrics: [{ name: 'system.cpu.utilization', unit: '1', type: 'gauge' }] } });
    const record = (await ask(paths.record(other))).body as RecordAnswer;
    expect(decodeBundle(Buffer.from(record.bundles[0]?.bytes ?? '', 'base64')).ok).toBe(true);
  });

  it('describes its paths', async () => {
    const { body } = await ask(paths.openapi);
    expect(Object.keys((body as { paths: object }).paths)).toEqual([paths.self, paths.nodes, '/v1/nodes/{id}', '/v1/nodes/{id}/record', paths.peers, paths.stream]);
  });

  const refusals: [string, string, https.RequestOptions & { body?: string }, number, string][] = [
    ['a node that it does not know', paths.node('cc'.repeat(32)), {}, 404, 'unknown-node'],
    ['the record of a node that it does not know', paths.record('cc'.repeat(32)), {}, 404, 'unknown-node'],
    ['an id that is none', paths.node('zz'), {}, 400, 'malformed-request'],
    ['a path that is none', '/v2/nodes', {}, 404, 'unknown-path'],
    ['an endless path', `/${'a'.repeat(300)}`, {}, 404, 'unknown-path'],
    ['a path that cannot be decoded', '/v1/nodes/%ff', {}, 400, 'malformed-request'],
    ['another method', paths.nodes, { method: 'DELETE' }, 405, 'method-not-allowed'],
    ['a method on a node', paths.node(other), { method: 'POST', headers: { 'content-length': '2' }, body: '{}' }, 405, 'method-not-allowed'],
    ['a body', paths.nodes, { method: 'POST', headers: { 'content-length': '2000', 'content-type': 'text/plain' }, body: 'x'.repeat(2_000) }, 413, 'too-large'],
    ['headers without end', paths.nodes, { headers: { 'x-much': 'y'.repeat(10_000) } }, 431, 'headers-too-large'],
    ['a stream that is no WebSocket', paths.stream, {}, 426, 'upgrade-required'],
  ];

  it.each(refusals)('refuses %s with a problem', async (_what, path, options, status, name) => {
    const answer = await ask(path, options);
    expect([answer.status, answer.type]).toEqual([status, 'application/problem+json']);
    if (status !== 431) expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.body).toMatchObject({ type: `urn:starling:problem:${name}`, status });
    const { title, detail } = answer.body as Problem;
    expect([typeof title, typeof detail]).toEqual(['string', 'string']);
    if (status === 405) expect(answer.headers.allow).toBe('GET, HEAD');
  });

  it('answers our own mistakes without their words', async () => {
    view.peers = () => {
      throw new Error('a secret');
    };
    const { status, body } = await ask(paths.peers);
    expect(status).toBe(500);
    expect(JSON.stringify(body)).not.toContain('secret');
  });

  it('answers what is not HTTP, and goes on', async () => {
    const text = await new Promise<string>((resolve, reject) => {
      let answer = '';
      const socket = net.connect(api.address.port, host, () => socket.write('GARBAGE\r\n\r\n'));
      socket.on('data', (chunk) => (answer += chunk.toString('latin1'))).on('error', reject).on('close', () => resolve(answer));
    });
    expect(text).not.toContain('starling');
    expect((await ask(paths.self)).status).toBe(200);
  });
});

describe('a client', () => {
  beforeEach(() => open(secure));

  it.each([
    `spiffe://starling/node/${other}`,
    'spiffe://starling/leaf/machine-7',
    'spiffe://starling/shared',
    'spiffe://starling/gateway/page',
  ])('may be %s', async (uri) => {
    expect((await ask(paths.self, await authority.issue([uri]))).status).toBe(200);
  });

  it.each([
    ['of another cluster', ['spiffe://sparrow/gateway/page']],
    ['of no form', ['https://starling/gateway/page']],
    ['with two URIs', ['spiffe://starling/gateway/a', 'spiffe://starling/gateway/b']],
  ])('may not be one %s, on a request or a stream', async (_what, uris) => {
    const leaf = await authority.issue(uris);
    const { status, body } = await ask(paths.self, leaf);
    expect([status, (body as Problem).type]).toEqual([403, 'urn:starling:problem:certificate-refused']);
    expect(await refusedWith(stream('', leaf))).toBe(403);
  });

  it('may not be one without a certificate, of another root, or expired', async () => {
    const foreign = await (await createTestAuthority('Another root')).issue(['spiffe://starling/gateway/page']);
    const expired = await authority.issue(['spiffe://starling/gateway/page'], { notBefore: new Date(Date.now() - 7_200_000), notAfter: new Date(Date.now() - 3_600_000) });
    await expect(ask(paths.self, { cert: '', key: '' })).rejects.toThrow();
    await expect(ask(paths.self, foreign)).rejects.toThrow();
    await expect(ask(paths.self, expired)).rejects.toThrow();
  });

  it('cannot speak an older TLS', async () => {
    await expect(ask(paths.self, { maxVersion: 'TLSv1.2' })).rejects.toThrow();
  });
});

describe('a certificate that expires while the connection lives', () => {
  it('is refused on the next request of it', async () => {
    let aheadMs = 0;
    const source: ApiSource = view;
    const ahead = { now: () => ({ ...clock.now(), wallMs: Date.now() + aheadMs }) };
    api = await openApi({ source, listen: { host, port: 0 }, tls: secure, cluster: 'starling', version: '0.1.0', clock: ahead, log: quiet });
    closing.push(() => api.close());
    const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
    closing.push(() => Promise.resolve(agent.destroy()));
    expect((await ask(paths.self, { agent })).status).toBe(200);
    aheadMs = 2 * 3_600_000;
    expect((await ask(paths.self, { agent })).status).toBe(403);
  });
});

describe('connections on which nothing is said', () => {
  /** From an address of their own unless told otherwise: so many that all places of strangers are taken. */
  async function crowd(localAddress = '127.0.0.2'): Promise<void> {
    const sockets = Array.from({ length: 2 * apiLimits.maxStrangers }, () => net.connect({ port: api.address.port, host, localAddress }).on('error', () => undefined).resume());
    closing.push(() => Promise.resolve(sockets.forEach((socket) => socket.destroy())));
    await eventually('all to have come, and half of them to have given way', () => sockets.every((socket) => !socket.connecting) && sockets.filter((socket) => socket.closed).length >= apiLimits.maxStrangers);
  }

  it('keep out nobody with a certificate, who comes or was there', async () => {
    await open(secure);
    const held = tls.connect({ host, port: api.address.port, ca: authority.root, ...clientLeaf, checkServerIdentity: () => undefined });
    closing.push(() => Promise.resolve(void held.destroy()));
    const askedAgain = () =>
      new Promise((resolve) => {
        held.once('data', (answer: Buffer) => resolve(answer.toString('latin1').split('\r\n', 1)[0])).once('close', () => resolve('closed'));
        held.write(`GET ${paths.self} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      });
    expect(await askedAgain()).toBe('HTTP/1.1 200 OK');
    await crowd(host);
    expect(await askedAgain()).toBe('HTTP/1.1 200 OK');
    await crowd();
    expect((await ask(paths.self)).status).toBe(200);
  });

  it('give way before others, but not before a certificate that belongs elsewhere', async () => {
    await open(secure);
    const leaf = await authority.issue(['spiffe://sparrow/gateway/page']);
    const socket = tls.connect({ host, port: api.address.port, ca: authority.root, ...leaf, checkServerIdentity: () => undefined });
    await new Promise((resolve) => socket.on('error', () => undefined).resume().once('secureConnect', resolve));
    await crowd(host);
    // Sooner than for want of a request.
    await eventually('it to be closed', () => socket.closed, apiLimits.requestTimeoutMs / 2);
  });

  it('do not end a stream in plain HTTP', async () => {
    await open(() => null);
    const socket = new WebSocket(`ws://${host}:${api.address.port}${paths.stream}`);
    closing.push(() => Promise.resolve(socket.terminate()));
    await received(socket);
    await crowd(host);
    expect((await ask(paths.self, { plain: true })).status).toBe(200);
    expect(api.streams).toBe(1);
  });
});

describe('an offer to upgrade where there is no stream', () => {
  it('is passed over', async () => {
    await open(() => null);
    const socket = new WebSocket(`ws://${host}:${api.address.port}${paths.peers}`);
    expect(await refusedWith(socket)).toBe(200);
  });

  it('does not hold up the end when its answer is not taken', async () => {
    await open(() => null);
    const [node] = view.nodes();
    // More than the kernel takes for one who does not read.
    view.nodes = () => Array.from({ length: 60_000 }, () => node as Node);
    const socket = net.connect(api.address.port, host).on('error', () => undefined);
    closing.push(() => Promise.resolve(void socket.destroy()));
    socket.write(`GET ${paths.nodes} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n`);
    await new Promise((resolve) => socket.once('readable', resolve));
    await api.close();
  });
});

describe('new certificates', () => {
  it('are in force for a handshake too that had not begun', async () => {
    const next = await createTestAuthority('Next root');
    const nextServer = await next.issue([`spiffe://starling/node/${self}`]);
    let current = secure();
    await open(() => current);
    const early = net.connect(api.address.port, host).on('error', () => undefined);
    closing.push(() => Promise.resolve(void early.destroy()));
    await new Promise((resolve) => early.once('connect', resolve));
    // The server takes connections in their order.
    expect((await ask(paths.self)).status).toBe(200);
    current = { ...nextServer, ca: next.root };
    api.reload();
    const late = tls.connect({ socket: early, ca: authority.root, ...clientLeaf, checkServerIdentity: () => undefined });
    await expect(new Promise((resolve, reject) => late.once('secureConnect', resolve).once('error', reject))).rejects.toThrow();
  });

  it('are in force for whoever comes after the reload, and cut those who came before', async () => {
    const next = await createTestAuthority('Next root');
    const [nextServer, nextClient] = [await next.issue([`spiffe://starling/node/${self}`]), await next.issue(['spiffe://starling/gateway/page'])];
    let current = secure();
    await open(() => current);
    const socket = stream();
    await received<SnapshotMessage>(socket);
    const closed = closedWith(socket);
    current = { ...nextServer, ca: next.root };
    api.reload();
    expect(await closed).toEqual([1012, 'certificates were renewed']);
    await expect(ask(paths.self)).rejects.toThrow();
    expect((await ask(paths.self, { ca: next.root, ...nextClient })).status).toBe(200);
  });
});

describe('the stream', () => {
  beforeEach(() => open(secure));

  it('begins with a snapshot, tells what changes, and goes on after a drop', async () => {
    const socket = stream();
    const snapshot = await received<SnapshotMessage>(socket);
    expect(snapshot).toMatchObject({ type: 'snapshot', cluster: 'starling', counts: { alive: 2 } });
    expect(contractFault(schemas.snapshotMessage, snapshot)).toBeNull();
    const next = received<SnapshotMessage>(socket);
    view.onEvent({ type: 'member-changed', origin: other, state: 'suspect', previous: 'alive', incarnation: 1 }, clock.now());
    const changes = await next;
    expect(contractFault(schemas.changesMessage, changes)).toBeNull();
    expect(changes.nodes).toMatchObject([{ id: other, state: 'suspect' }]);
    const resumed = await received<SnapshotMessage>(stream(`?resume=${snapshot.session}:${snapshot.sequence}`));
    expect(resumed).toMatchObject({ type: 'changes', nodes: [{ id: other, state: 'suspect' }] });
  });

  it('ends with a reason when the client speaks', async () => {
    const socket = stream();
    await received<SnapshotMessage>(socket);
    const closed = closedWith(socket);
    socket.send('hello');
    expect(await closed).toEqual([1008, 'this stream takes no messages']);
  });

  it('ends when the client sends more than a message may have', async () => {
    const socket = stream();
    await received<SnapshotMessage>(socket);
    const closed = closedWith(socket);
    socket.send('x'.repeat(apiLimits.maxClientMessageBytes + 1));
    expect((await closed)[0]).toBe(1009);
  });

  it('is refused for a resume of no form', async () => {
    expect(await refusedWith(stream('?resume=yesterday'))).toBe(400);
  });

  it('is refused when too many are open, and taken again when one has ended', async () => {
    const sockets = Array.from({ length: apiLimits.maxStreams }, () => stream());
    await Promise.all(sockets.map(received));
    expect(await refusedWith(stream())).toBe(503);
    sockets[0]?.close();
    await eventually('a stream to end', () => api.streams < apiLimits.maxStreams);
    expect((await received<SnapshotMessage>(stream())).type).toBe('snapshot');
  });

  it('ends when the node stops, also for a client that does not answer', async () => {
    const socket = stream();
    await received<SnapshotMessage>(socket);
    socket.pause();
    await api.close();
    expect(api.streams).toBe(0);
  });
});

describe('in plain HTTP', () => {
  it('is to be had on loopback only', async () => {
    await expect(openApi({ source: view, listen: { host: '0.0.0.0', port: 0 }, tls: () => null, cluster: 'starling', version: '0.1.0', clock, log: quiet })).rejects.toThrow(/loopback/);
  });

  it('answers this machine and no page of another site', async () => {
    await open(() => null);
    expect((await ask(paths.self, { plain: true })).status).toBe(200);
    expect((await ask(paths.self, { plain: true, headers: { host: 'evil.example' } })).body).toMatchObject({ type: 'urn:starling:problem:foreign-host' });
    expect((await ask(paths.self, { plain: true, headers: { origin: 'https://evil.example' } })).body).toMatchObject({ type: 'urn:starling:problem:foreign-origin' });
    expect((await ask(paths.self, { plain: true, headers: { origin: 'http://localhost:5173' } })).status).toBe(200);
  });

  it('gives back the connection of a stream that it refused', async () => {
    await open(() => null);
    const socket = net.connect(api.address.port, host);
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.on('error', () => undefined).resume();
    socket.write(`GET ${paths.stream} HTTP/1.1\r\nHost: evil.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`);
    await closed;
  });
});
