/**
 * A gateway on a bench: it serves a page of a few files and has two targets, `here` and `there`, that are played by the test.
 * One rig is for the tests of one file; its nodes and its gateway are for one test.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type GatewayStatus, type Problem, paths } from '@starling/contract';
import { type Gateway, openGateway, type OwnCertificates } from '@starling/gateway';
import { createLog } from '@starling/program';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { createTestAuthority, type IssuedLeaf, type TestAuthority } from './authority.js';
import { type Answer, answerTo } from './http-answer.js';

export const host = '127.0.0.1';
/** The node that `here` is. */
export const id = 'aa'.repeat(32);
export const session = '0123456789abcdef';

const snapshot = (sequence: number) => JSON.stringify({ type: 'snapshot', asOf: { node: id, name: 'here "session":"ffffffffffffffff","sequence":9', time: '' }, session, sequence });
export const changes = (sequence: number, padding = '') => JSON.stringify({ type: 'changes', asOf: {}, session, sequence, padding });

/** A node as the gateway sees it: answers with the path, and opens streams. */
export class FakeNode {
  readonly asked: string[] = [];
  readonly streams: WebSocket[] = [];
  readonly streamPaths: string[] = [];
  status = 200;
  padding = '';
  streamStatus = 101;
  readonly #connections = new Set<Socket>();
  #server: https.Server | null = null;
  #port = 0;

  get url(): URL {
    return new URL(`https://${host}:${this.#port}`);
  }

  /** On the port that it had before, if it had one. */
  async open(leaf: IssuedLeaf, ca: string): Promise<void> {
    const server = https.createServer({ ...leaf, ca, requestCert: true, rejectUnauthorized: true }, (request, response) => {
      this.asked.push(request.url ?? '');
      response.writeHead(this.status, { 'content-type': 'application/json', 'x-secret': 'not for pages' }).end(JSON.stringify({ path: request.url, detail: 'words of the node', padding: this.padding }));
    });
    server.on('connection', (socket: Socket) => this.#connections.add(socket.on('close', () => this.#connections.delete(socket))));
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

  /** As if the process was killed: ends connections too whose handshake is under way, which the server itself would wait for. */
  async kill(): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    this.#server = null;
    for (const stream of this.streams.splice(0)) stream.terminate();
    for (const connection of this.#connections) connection.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}

export const problemOf = (answer: Answer) => JSON.parse(answer.text) as Problem;

/** A page that watches: what it was told, and how its stream ended. */
export interface Page {
  readonly socket: WebSocket;
  readonly messages: { readonly type: string; readonly sequence?: number; readonly upstream?: GatewayStatus['upstream'] }[];
  readonly closed: Promise<[number, string]>;
}

/** What takes long to make and serves all tests of a file. */
interface Prepared {
  readonly authority: TestAuthority;
  readonly nodeLeaf: IssuedLeaf;
  readonly ownLeaf: IssuedLeaf;
  readonly pageDir: string;
}

export class GatewayRig {
  /** The target `here`, which is the designated one. */
  node = new FakeNode();
  /** The target `there`. */
  other = new FakeNode();
  /** Lines of the gateway's log, of all tests of the file. */
  readonly logged: string[] = [];
  #prepared: Prepared | null = null;
  #gateway: Gateway | null = null;
  readonly #closing: (() => Promise<void> | void)[] = [];

  /** Makes an authority and a page; nothing is open yet. */
  async prepare(): Promise<void> {
    const authority = await createTestAuthority();
    const [nodeLeaf, ownLeaf] = await Promise.all([authority.issue([`spiffe://starling/node/${id}`]), authority.issue(['spiffe://starling/gateway/page'])]);
    this.#prepared = { authority, nodeLeaf, ownLeaf, pageDir: await createPage() };
  }

  /** Takes the page away. */
  async remove(): Promise<void> {
    await rm(path.resolve(this.#ready.pageDir, '../..'), { recursive: true });
  }

  get #ready(): Prepared {
    if (this.#prepared === null) throw new Error('the rig is not prepared');
    return this.#prepared;
  }

  get authority(): TestAuthority {
    return this.#ready.authority;
  }

  /** The leaf of `here`. */
  get nodeLeaf(): IssuedLeaf {
    return this.#ready.nodeLeaf;
  }

  /** Both nodes, and the gateway. */
  async open(): Promise<void> {
    this.node = await this.addNode(this.nodeLeaf);
    this.other = await this.addNode(await this.authority.issue(['spiffe://starling/shared']));
    await this.#openGateway();
  }

  /** Everything that was opened, the newest first. */
  async close(): Promise<void> {
    for (const close of this.#closing.splice(0).reverse()) await close();
  }

  get gateway(): Gateway {
    if (this.#gateway === null) throw new Error('the rig is not open');
    return this.#gateway;
  }

  /** One more node that runs; no target of the gateway by itself. */
  async addNode(leaf: IssuedLeaf): Promise<FakeNode> {
    const node = new FakeNode();
    await node.open(leaf, this.authority.root);
    this.#closing.push(() => node.kill());
    return node;
  }

  /** Puts a new node that shows this leaf in the place of `here`, and a new gateway before it. */
  async replaceNode(leaf: IssuedLeaf): Promise<void> {
    await this.node.kill();
    this.node = await this.addNode(leaf);
    await this.gateway.close();
    await this.#openGateway();
  }

  /** What the gateway was opened with. */
  material(): OwnCertificates {
    const { root } = this.authority;
    const { cert, key } = this.#ready.ownLeaf;
    return { chainPem: cert, keyPem: key, rootsPem: root, roots: [{ fingerprint: 'ff', pem: root }], notBeforeMs: Date.now(), notAfterMs: Date.now() + 3_600_000 };
  }

  /** A question to the gateway, on a connection of its own. */
  ask(pathAndQuery: string, options: http.RequestOptions = {}): Promise<Answer> {
    return answerTo(http.request({ host, port: this.gateway.address.port, path: pathAndQuery, agent: false, ...options }));
  }

  watch(query = '', options: { headers?: Record<string, string> } = {}): Page {
    const socket = new WebSocket(`ws://${host}:${this.gateway.address.port}${paths.stream}${query}`, options);
    const messages: Page['messages'] = [];
    socket.on('message', (data: Buffer) => messages.push(JSON.parse(data.toString('utf8')) as Page['messages'][number]));
    socket.on('error', () => undefined);
    this.#closing.push(() => socket.terminate());
    return { socket, messages, closed: new Promise((resolve) => socket.on('close', (code, reason) => resolve([code, reason.toString()]))) };
  }

  async #openGateway(): Promise<void> {
    const gateway = await openGateway({
      settings: { cluster: 'starling', listen: { host, port: 0 }, targets: [{ name: 'here', url: this.node.url }, { name: 'there', url: this.other.url }], allowedHosts: ['page.example', '*.pages.example'] },
      material: this.material(),
      pageDir: this.#ready.pageDir,
      log: createLog({ level: 'info', format: 'json' }, { write: (line) => void this.logged.push(line) }),
      logLinesDropped: () => 0,
      random: () => 0,
    });
    this.#closing.push(() => gateway.close());
    this.#gateway = gateway;
  }
}

/** The rig for the tests of a file, opened and closed with each of them. */
export function useGatewayRig(): GatewayRig {
  const rig = new GatewayRig();
  beforeAll(() => rig.prepare());
  afterAll(() => rig.remove());
  beforeEach(() => rig.open());
  afterEach(() => rig.close());
  return rig;
}

/** A directory as the build of the page leaves it, and a file in it that is not for anybody. */
async function createPage(): Promise<string> {
  // Installed below a folder that has the name of the one with the assets.
  const pageDir = path.join(await mkdtemp(path.join(tmpdir(), 'starling-page-')), 'assets', 'page');
  await mkdir(path.join(pageDir, 'assets'), { recursive: true });
  await writeFile(path.join(pageDir, 'index.html'), '<!doctype html>');
  await writeFile(path.join(pageDir, 'assets', 'main-1a2b.js'), 'export {};');
  await writeFile(path.join(pageDir, '.secret'), 'x');
  return pageDir;
}
