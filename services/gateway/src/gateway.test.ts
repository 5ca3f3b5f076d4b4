import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type GatewayStatus, type Problem, paths, schemas } from '@starling/contract';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { type IssuedLeaf, type TestAuthority, createTestAuthority } from '../../../test/support/authority.js';
import { contractFault } from '../../../test/support/contract-check.js';
import { eventually } from '../../../test/support/eventually.js';
import type { TlsMaterial } from './certificates.js';
import { type Gateway, openGateway } from './gateway.js';
import { gatewayLimits } from './gateway-limits.js';
import { createLog } from './log.js';

const host = '127.0.0.1';
const id = 'aa'.repeat(32);
const session = '0123456789abcdef';
const snapshot = (sequence: number) => JSON.stringify({ type: 'snapshot', asOf: { node: id, name: 'here "session":"ffffffffffffffff","sequence":9', time: '' }, session, sequence });
const changes = (sequence: number, padding = '') => JSON.stringify({ type: 'changes', asOf: {}, session, sequence, padding });

/** A node as the gateway sees it: answers with the path, and opens streams. */
class FakeNode {
  readonly asked: string[] = [];
  readonly streams: WebSocket[] = [];
  readonly streamPaths: string[] = [];
  status = 200;
  streamStatus = 101;
  #server: https.Server | null = null;
  #port = 0;

  get url(): URL {
    return new URL(`https://${host}:${this.#port}`);
  }

  async open(leaf: IssuedLeaf, ca: string): Promise<void> {
    const server = https.createServer({ ...leaf, ca, requestCert: true, rejectUnauthorized: true }, (request, response) => {
      this.asked.push(request.url ?? '');
      response.writeHead(this.status, { 'content-type': 'application/json', 'x-secret': 'not for pages' }).end(JSON.stringify({ path: request.url, detail: 'words of the node' }));
    });
    const sockets = new WebSocketServer({ noServer: true });
    server.on('upgrade', (request, socket, head) => {
      this.streamPaths.push(request.url ?? '');
      if (this.streamStatus !== 101) return void socket.end(`HTTP/1.1 ${this.streamStatus} No\r\nContent-Length: 0\r\n\r\n`);
      sockets.handleUpgrade(request, socket, head, (stream) => {
        this.streams.push(stream);
        stream.on('error', () => stream.terminate());
        stream.send(snapshot(7));
      });
    });
    await new Promise<void>((resolve, reject) => server.listen(this.#port, host, resolve).on('error', reject));
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** As if the process was killed. */
  async kill(): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    this.#server = null;
    for (const stream of this.streams.splice(0)) stream.terminate();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

let authority: TestAuthority;
let nodeLeaf: IssuedLeaf;
let ownLeaf: IssuedLeaf;
let pageDir: string;
let node: FakeNode;
let other: FakeNode;
let gateway: Gateway;
let closing: (() => Promise<void> | void)[] = [];

const material = (leaf = ownLeaf, root = authority.root): TlsMaterial => ({ ...leaf, ca: root, roots: [{ fingerprint: 'ff', pem: root }], notAfterMs: Date.now() + 3_600_000 });

interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
}

function ask(pathAndQuery: string, options: http.RequestOptions = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request({ host, port: gateway.address.port, path: pathAndQuery, agent: false, ...options });
    request.on('error', reject).on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('error', reject).on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    request.end();
  });
}

const problemOf = (answer: Answer) => JSON.parse(answer.text) as Problem;

interface Page {
  readonly socket: WebSocket;
  readonly messages: { readonly type: string; readonly sequence?: number; readonly upstream?: GatewayStatus['upstream'] }[];
  readonly closed: Promise<[number, string]>;
}

function watch(query = '', options: { headers?: Record<string, string> } = {}): Page {
  const socket = new WebSocket(`ws://${host}:${gateway.address.port}${paths.stream}${query}`, options);
  const messages: Page['messages'] = [];
  socket.on('message', (data: Buffer) => messages.push(JSON.parse(data.toString('utf8')) as Page['messages'][number]));
  socket.on('error', () => undefined);
  closing.push(() => socket.terminate());
  return { socket, messages, closed: new Promise((resolve) => socket.on('close', (code, reason) => resolve([code, reason.toString()]))) };
}

const refusedWith = (page: Page) => new Promise<number>((resolve) => page.socket.once('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0)));

async function open(): Promise<void> {
  gateway = await openGateway({
    settings: { cluster: 'starling', listen: { host, port: 0 }, targets: [{ name: 'here', url: node.url }, { name: 'there', url: other.url }], allowedHosts: ['page.example'] },
    material: material(),
    pageDir,
    log: createLog({ level: 'silent', format: 'json' }),
    random: () => 0,
  });
  closing.push(() => gateway.close());
}

beforeAll(async () => {
  authority = await createTestAuthority();
  [nodeLeaf, ownLeaf] = await Promise.all([authority.issue([`spiffe://starling/node/${id}`]), authority.issue(['spiffe://starling/gateway/page'])]);
  pageDir = await mkdtemp(path.join(tmpdir(), 'starling-page-'));
  await mkdir(path.join(pageDir, 'assets'));
  await writeFile(path.join(pageDir, 'index.html'), '<!doctype html>');
  await writeFile(path.join(pageDir, 'assets', 'main-1a2b.js'), 'export {};');
  await writeFile(path.join(pageDir, '.secret'), 'x');
});

afterAll(() => rm(pageDir, { recursive: true }));

beforeEach(async () => {
  closing = [];
  node = new FakeNode();
  other = new FakeNode();
  await node.open(nodeLeaf, authority.root);
  await other.open(await authority.issue(['spiffe://starling/shared']), authority.root);
  closing.push(() => node.kill(), () => other.kill());
  await open();
});

afterEach(async () => {
  for (const close of closing.reverse()) await close();
});

describe('the page', () => {
  it('is served with headers that allow nothing from elsewhere', async () => {
    const answer = await ask('/');
    expect([answer.status, answer.text]).toEqual([200, '<!doctype html>']);
    expect(answer.headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY', 'referrer-policy': 'no-referrer', 'cache-control': 'no-cache' });
    expect(answer.headers['content-security-policy']).toContain("default-src 'none'");
    expect(answer.headers['content-security-policy']).not.toContain('unsafe');
  });

  it('has assets that may be kept, and no files that begin with a dot or lie elsewhere', async () => {
    expect((await ask('/assets/main-1a2b.js')).headers['cache-control']).toContain('immutable');
    expect((await ask('/.secret')).status).toBe(404);
    for (const escape of ['/../package.json', '/%2e%2e/package.json', '/..%2fpackage.json']) expect((await ask(escape)).status).toBeGreaterThanOrEqual(400);
  });
});

describe('a browser', () => {
  it.each([['localhost:8080'], ['127.0.0.1'], ['[::1]:8080'], ['page.example'], ['PAGE.example:443']])('may ask for %s', async (name) => {
    expect((await ask('/', { headers: { host: name } })).status).toBe(200);
  });

  it.each([['evil.example'], ['page.example.evil.example'], ['a/b']])('may not ask for "%s"', async (name) => {
    const answer = await ask(paths.nodes, { headers: { host: name } });
    expect([answer.status, problemOf(answer).type]).toEqual([403, 'urn:starling:problem:foreign-host']);
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
    expect(node.asked).not.toContain(paths.nodes);
  });

  it('may ask from the page itself and from no other', async () => {
    expect((await ask(paths.nodes, { headers: { host: 'page.example', origin: 'https://page.example' } })).status).toBe(200);
    for (const origin of ['https://evil.example', 'http://localhost:3000', 'null']) {
      expect(problemOf(await ask(paths.nodes, { headers: { host: 'page.example', origin } })).type).toBe('urn:starling:problem:foreign-origin');
    }
    expect(await refusedWith(watch('', { headers: { origin: 'https://evil.example' } }))).toBe(403);
    expect(await refusedWith(watch('', { headers: { host: 'evil.example' } }))).toBe(403);
  });

  it('that is refused a stream does not keep its connection', async () => {
    const socket = net.connect(gateway.address.port, host);
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.on('error', () => undefined).resume();
    socket.write(`GET ${paths.stream} HTTP/1.1\r\nHost: evil.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`);
    await closed;
  });

  it.each([
    ['POST', paths.nodes, 405, 'method-not-allowed'],
    ['DELETE', '/', 405, 'method-not-allowed'],
    ['GET', '/v1/admin', 404, 'unknown-path'],
    ['GET', '/v1/nodes/zz', 400, 'malformed-request'],
    ['GET', `${paths.nodes}?from=nowhere`, 404, 'unknown-target'],
    ['GET', `${paths.stream}`, 426, 'upgrade-required'],
    ['GET', `${paths.stream}?from=nowhere`, 404, 'unknown-target'],
    ['GET', '/%ff', 400, 'malformed-request'],
  ])('is told what is wrong with %s %s', async (method, url, status, name) => {
    const answer = await ask(url, { method });
    expect([answer.status, answer.headers['content-type'], problemOf(answer).type]).toEqual([status, 'application/problem+json', `urn:starling:problem:${name}`]);
  });
});

describe('questions', () => {
  it.each([[paths.self], [paths.nodes], [paths.peers], [paths.openapi], [paths.node(id)], [paths.record(id)]])('for %s go to the designated node, and its answer comes back', async (url) => {
    const answer = await ask(`${url}?x=1`);
    expect([answer.status, answer.headers['content-type'], JSON.parse(answer.text).path]).toEqual([200, 'application/json; charset=utf-8', url]);
    expect(answer.headers['x-secret']).toBeUndefined();
  });

  it('go to another node that is named', async () => {
    await ask(`${paths.peers}?from=there`);
    expect(other.asked).toContain(paths.peers);
    expect(node.asked).not.toContain(paths.peers);
  });

  it('come back with what the node could not find, and without its other failures', async () => {
    node.status = 404;
    expect((await ask(paths.node(id))).status).toBe(404);
    for (node.status of [500, 302, 403]) {
      const answer = await ask(paths.node(id));
      expect([answer.status, problemOf(answer).type]).toEqual([502, 'urn:starling:problem:node-away']);
      expect(answer.text).not.toContain('words of the node');
    }
  });

  it('are answered with what to do when the node is away', async () => {
    await node.kill();
    const answer = await ask(paths.self);
    expect(answer.status).toBe(502);
    expect(problemOf(answer).detail).toBe('here: nothing listens at its address. Start the node, or correct the address of the target.');
    const status = JSON.parse((await ask(paths.gateway)).text) as GatewayStatus;
    expect(contractFault(schemas.gatewayStatus, status)).toBeNull();
    expect(status).toMatchObject({ designated: 'here', targets: [{ name: 'here' }, { name: 'there' }], upstream: { state: 'away' } });
  });

  it.each([
    ['the leaf of a gateway', () => authority.issue(['spiffe://starling/gateway/x'])],
    ['a leaf of another cluster', () => authority.issue([`spiffe://sparrow/node/${id}`])],
    ['a leaf with two URIs', () => authority.issue([`spiffe://starling/node/${id}`, 'spiffe://starling/shared'])],
    ['a leaf of another root', async () => (await createTestAuthority('Foreign')).issue([`spiffe://starling/node/${id}`])],
  ])('are not put to a server that shows %s', async (_what, issue) => {
    await node.kill();
    node = new FakeNode();
    await node.open(await issue(), authority.root);
    closing.push(() => node.kill());
    await gateway.close();
    await open();
    const answer = await ask(paths.self);
    expect([answer.status, node.asked]).toEqual([502, []]);
    expect(problemOf(answer).detail).toMatch(/certificate/);
    const page = watch();
    const told = await eventually('the page to hear that the node is away', () => page.messages[0]);
    expect(told).toMatchObject({ type: 'upstream', upstream: { state: 'away', detail: expect.stringMatching(/certificate/) as string } });
    expect(node.streamPaths).toEqual([]);
  });
});

describe('the gateway itself', () => {
  it('says how the designated node is, without being asked to ask it', async () => {
    await eventually('the node to be asked', () => node.asked.includes(paths.self));
    const status = await eventually('the node to be up', async () => {
      const answer = JSON.parse((await ask(paths.gateway)).text) as GatewayStatus;
      return answer.upstream.state === 'up' && answer;
    });
    expect(status.upstream.detail).toBeNull();
    expect(JSON.parse((await ask(`${paths.gateway}?from=there`)).text)).toMatchObject({ designated: 'there' });
  });

  it('hands out the roots', async () => {
    const answer: unknown = JSON.parse((await ask(paths.trust)).text);
    expect(contractFault(schemas.trustAnswer, answer)).toBeNull();
    expect(answer).toEqual({ roots: [{ fingerprint: 'ff', pem: authority.root }] });
  });

  it('counts what it does', async () => {
    await ask(paths.self);
    const text = await gateway.metrics.registry.metrics();
    expect(text).toContain('starling_gateway_target_up{target="here"} 1');
    expect(text).toMatch(/starling_gateway_requests_total\{status="200"\} \d/);
  });
});

describe('a stream', () => {
  it('begins with what the node says first, and passes on what follows', async () => {
    const page = watch();
    await eventually('the snapshot', () => page.messages.length === 1);
    node.streams[0]?.send(changes(8));
    await eventually('the changes', () => page.messages.length === 2);
    expect(page.messages.map(({ type, sequence }) => [type, sequence])).toEqual([['snapshot', 7], ['changes', 8]]);
    expect(node.streamPaths).toEqual([paths.stream]);
  });

  it('takes where the page wants to go on to the node, and looks from another node when asked', async () => {
    await eventually('the snapshot', ((page) => () => page.messages.length === 1)(watch(`?from=there&resume=${session}:5`)));
    expect(other.streamPaths).toEqual([`${paths.stream}?resume=${session}%3A5`]);
    expect(await refusedWith(watch('?resume=x'))).toBe(400);
  });

  it('outlives the node: says that it is away, and goes on where it ended when it is back', async () => {
    const page = watch();
    await eventually('the snapshot', () => page.messages.length === 1);
    node.streams[0]?.send(changes(8));
    await eventually('the changes', () => page.messages.length === 2);
    await node.kill();
    await eventually('the absence', () => page.messages.filter((message) => message.upstream?.state === 'away').length >= 2);
    expect(page.messages.at(-1)?.upstream?.detail).toContain('here: nothing listens');
    await node.open(nodeLeaf, authority.root);
    await eventually('the return', () => page.messages.at(-1)?.type === 'snapshot');
    expect(page.messages.at(-2)).toMatchObject({ type: 'upstream', upstream: { state: 'up', detail: null } });
    expect(node.streamPaths.at(-1)).toBe(`${paths.stream}?resume=${session}%3A8`);
    expect(page.socket.readyState).toBe(WebSocket.OPEN);
  });

  it('says why the node refuses it, and drops a resume that the node does not take', async () => {
    node.streamStatus = 400;
    const page = watch(`?resume=${session}:5`);
    await eventually('the refusal', () => page.messages.some((message) => message.upstream?.detail?.includes('status 400')));
    node.streamStatus = 101;
    await eventually('the snapshot', () => page.messages.at(-1)?.type === 'snapshot');
    expect(node.streamPaths.at(-1)).toBe(paths.stream);
  });

  it('does not let the absence show when the node renews its certificates', async () => {
    const page = watch();
    await eventually('the snapshot', () => page.messages.length === 1);
    node.streams[0]?.close(1012, 'certificates were renewed');
    await eventually('the stream to be opened again', () => page.messages.length === 2);
    expect(page.messages.map(({ type }) => type)).toEqual(['snapshot', 'snapshot']);
  });

  it('reads the node no faster than the page takes it, and loses nothing', async () => {
    const page = watch();
    await eventually('the snapshot', () => page.messages.length === 1);
    page.socket.pause();
    const stream = node.streams[0] as WebSocket;
    const padding = 'x'.repeat(256 * 1024);
    let sent = 7;
    // More than the kernel and the gateway take: what is left waits at the node.
    await eventually('the node to be held up', () => {
      for (let i = 0; i < 8 && sent < 400 && stream.bufferedAmount < 4_000_000; i++) stream.send(changes((sent += 1), padding));
      return stream.bufferedAmount >= 4_000_000;
    });
    page.socket.resume();
    await eventually('everything to arrive', () => page.messages.at(-1)?.sequence === sent);
    expect(page.messages.map(({ sequence }) => sequence)).toEqual(Array.from({ length: sent - 6 }, (_, i) => i + 7));
  });

  it('ends when the page speaks, and takes its stream of the node along', async () => {
    const page = watch();
    await eventually('the snapshot', () => page.messages.length === 1);
    const ended = new Promise((resolve) => node.streams[0]?.on('close', resolve));
    page.socket.send('hello');
    expect(await page.closed).toEqual([1008, 'this stream takes no messages']);
    await ended;
    await eventually('the stream to be gone', () => gateway.streams === 0);
  });

  it('is refused when too many watch', async () => {
    const pages = Array.from({ length: gatewayLimits.maxStreams }, () => watch());
    await eventually('all to be open', () => pages.every((page) => page.messages.length === 1));
    expect(await refusedWith(watch())).toBe(503);
  });

  it('ends with the gateway, also for a page that does not answer', async () => {
    const [answering, silent] = [watch(), watch()];
    await eventually('the snapshots', () => answering.messages.length + silent.messages.length === 2);
    silent.socket.pause();
    await gateway.close();
    expect((await answering.closed)[0]).toBe(1001);
  });
});

describe('nodes that come and go', () => {
  let third: FakeNode;
  const further = () => [{ name: 'third', url: third.url }];
  const statusOf = async () => JSON.parse((await ask(paths.gateway)).text) as GatewayStatus;

  beforeEach(async () => {
    third = new FakeNode();
    await third.open(await authority.issue(['spiffe://starling/shared']), authority.root);
    closing.push(() => third.kill());
  });

  it('are offered beside those of the settings, and every page is told', async () => {
    const page = watch();
    await eventually('the snapshot', () => page.messages.length === 1);
    expect((await ask(`${paths.self}?from=third`)).status).toBe(404);
    gateway.offer(further());
    expect((await ask(`${paths.self}?from=third`)).status).toBe(200);
    expect(third.asked).toEqual([paths.self]);
    expect(await statusOf()).toMatchObject({ designated: 'here', targets: [{ name: 'here' }, { name: 'there' }, { name: 'third' }] });
    await eventually('the word of the gateway', () => page.messages.length === 2);
    expect(page.messages[1]).toEqual({ type: 'targets', targets: [{ name: 'here' }, { name: 'there' }, { name: 'third' }] });
    expect(await gateway.metrics.registry.metrics()).toContain('starling_gateway_target_up{target="third"} 1');
  });

  it('keep their streams while others come, and lose them when they go', async () => {
    gateway.offer(further());
    const [stays, goes] = [watch(), watch('?from=third')];
    await eventually('the snapshots', () => stays.messages.length + goes.messages.length === 2);
    gateway.offer([...further(), { name: 'fourth', url: other.url }]);
    await eventually('the word of the gateway', () => goes.messages.length === 2);
    expect(goes.socket.readyState).toBe(WebSocket.OPEN);
    third.streams[0]?.close(1012, 'certificates were renewed');
    await eventually('the stream to be opened again', () => goes.messages.length === 3);
    const text = await gateway.metrics.registry.metrics();
    for (const name of ['starling_gateway_target_up', 'starling_gateway_upstream_losses_total']) expect(text).toContain(`${name}{target="third"} 1`);
    const ended = new Promise((resolve) => third.streams[1]?.on('close', resolve));
    gateway.offer([]);
    expect(await goes.closed).toEqual([1001, 'this node is offered no more']);
    await ended;
    expect(goes.messages.at(-1)).toEqual({ type: 'targets', targets: [{ name: 'here' }, { name: 'there' }] });
    expect(await refusedWith(watch('?from=third'))).toBe(404);
    expect(stays.socket.readyState).toBe(WebSocket.OPEN);
    expect((await ask(paths.self)).status).toBe(200);
    expect(await gateway.metrics.registry.metrics()).not.toContain('target="third"');
  });

  it('are asked anew at another address', async () => {
    gateway.offer(further());
    const page = watch('?from=third');
    await eventually('the snapshot', () => page.messages.length === 1);
    gateway.offer([{ name: 'third', url: other.url }]);
    expect((await page.closed)[0]).toBe(1001);
    await ask(`${paths.peers}?from=third`);
    expect(other.asked).toContain(paths.peers);
    expect(third.asked).toEqual([]);
  });

  it('are asked with the certificates in force', async () => {
    const next = await createTestAuthority('Next');
    await third.kill();
    await third.open(await next.issue(['spiffe://starling/shared']), `${authority.root}\n${next.root}`);
    gateway.renew({ ...material(), ca: `${authority.root}\n${next.root}` });
    gateway.offer(further());
    expect((await ask(`${paths.self}?from=third`)).status).toBe(200);
  });
});

describe('new certificates', () => {
  it('are used for what comes and for the streams that are open', async () => {
    const page = watch();
    await eventually('the snapshot', () => page.messages.length === 1);
    const next = await createTestAuthority('Next');
    await other.kill();
    await other.open(await next.issue(['spiffe://starling/shared']), `${authority.root}\n${next.root}`);
    expect((await ask(`${paths.self}?from=there`)).status).toBe(502);
    gateway.renew({ ...material(), ca: `${authority.root}\n${next.root}` });
    expect((await ask(`${paths.self}?from=there`)).status).toBe(200);
    await eventually('the stream to be opened again', () => node.streamPaths.length === 2 && page.messages.length === 2);
    expect(page.messages.every(({ type }) => type === 'snapshot')).toBe(true);
  });
});
