/** As much of a Kubernetes API server as a watcher meets: LIST in pages, WATCH with versions and bookmarks, tokens, and what goes wrong. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestAuthority } from './authority.js';

export interface ApiObject {
  readonly metadata: { readonly uid: string; readonly name: string; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

interface Change {
  readonly version: number;
  readonly path: string;
  readonly type: string;
  readonly object: unknown;
}

export interface Question {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly token: string;
}

export class KubernetesApi {
  /** Everything that was asked, in order. */
  readonly questions: Question[] = [];
  /** As a pod has it. */
  readonly accountFolder = mkdtempSync(join(tmpdir(), 'starling-account-'));
  /** What is answered instead, once it is set, to LIST or to WATCH. */
  refusal: { readonly to: 'list' | 'watch' | 'all'; readonly status: number; readonly message: string } | null = null;
  /** Called with each watch that opens; true when it is dealt with. */
  onWatch: (watch: ServerResponse) => boolean = () => false;
  #token = 'first';
  #version = 100;
  #oldest = 0;
  readonly #server: Server;
  readonly #collections = new Map<string, Map<string, ApiObject>>();
  readonly #changes: Change[] = [];
  readonly #watches = new Map<ServerResponse, string>();

  private constructor(server: Server) {
    this.#server = server;
    this.rotate('first');
  }

  static async start(): Promise<KubernetesApi> {
    const authority = await createTestAuthority('Test cluster');
    const { cert, key } = await authority.issue([], { ips: ['127.0.0.1'] });
    const server = createServer({ cert, key });
    const api = new KubernetesApi(server);
    api.trust(authority.root);
    server.on('request', (request, response) => api.#answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return api;
  }

  get place(): { readonly host: string; readonly port: number; readonly accountFolder: string } {
    return { host: '127.0.0.1', port: (this.#server.address() as AddressInfo).port, accountFolder: this.accountFolder };
  }

  get watching(): number {
    return this.#watches.size;
  }

  get version(): string {
    return String(this.#version);
  }

  close(): void {
    this.cut();
    this.#server.closeAllConnections();
    this.#server.close();
    rmSync(this.accountFolder, { recursive: true, force: true });
  }

  /** The root that clients are given. */
  trust(root: string): void {
    writeFileSync(join(this.accountFolder, 'ca.crt'), root);
  }

  /** Another token is good from now on; the kubelet has written it. */
  rotate(token: string): void {
    this.#token = token;
    writeFileSync(join(this.accountFolder, 'token'), `${token}\n`);
  }

  put(path: string, object: ApiObject): void {
    const collection = this.#collections.get(path) ?? new Map<string, ApiObject>();
    this.#collections.set(path, collection);
    const type = collection.has(object.metadata.uid) ? 'MODIFIED' : 'ADDED';
    const versioned = this.#versioned(object);
    collection.set(object.metadata.uid, versioned);
    this.#tell({ version: this.#version, path, type, object: versioned });
  }

  remove(path: string, uid: string): void {
    const object = this.#collections.get(path)?.get(uid);
    if (object === undefined) throw new Error(`There is no ${uid}`);
    this.#collections.get(path)?.delete(uid);
    this.#tell({ version: this.#version + 1, path, type: 'DELETED', object: this.#versioned(object) });
  }

  /** Says how far all watches are. */
  bookmark(): void {
    this.#version += 1;
    for (const watch of this.#watches.keys()) watch.write(line('BOOKMARK', { metadata: { resourceVersion: this.version } }));
  }

  /** Writes to all watches as it is; resolves when it is on its way. */
  async write(text: string): Promise<void> {
    await Promise.all([...this.#watches.keys()].map((watch) => new Promise((resolve) => watch.write(text, resolve))));
  }

  /** Ends all watches in order, as after their time. */
  end(): void {
    for (const watch of this.#watches.keys()) watch.end();
  }

  /** Breaks all watches. */
  cut(): void {
    for (const watch of this.#watches.keys()) watch.destroy();
    this.#watches.clear();
  }

  /** Forgets its past: who asks for it is told that it is gone. */
  compact(): void {
    this.#version += 1;
    this.#oldest = this.#version;
  }

  #versioned(object: ApiObject): ApiObject {
    this.#version += 1;
    return { ...object, metadata: { ...object.metadata, resourceVersion: this.version } };
  }

  #tell(change: Change): void {
    this.#changes.push(change);
    for (const [watch, path] of this.#watches) if (path === change.path) watch.write(line(change.type, change.object));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { pathname: path, searchParams: query } = new URL(request.url ?? '', 'https://api');
    const token = (request.headers.authorization ?? '').replace('Bearer ', '');
    this.questions.push({ path, query, token });
    const kind = query.get('watch') === 'true' ? 'watch' : 'list';
    if (token !== this.#token) return refuse(response, 401, 'Unauthorized');
    if (this.refusal !== null && (this.refusal.to === 'all' || this.refusal.to === kind)) return refuse(response, this.refusal.status, this.refusal.message);
    if (kind === 'list') return this.#list(path, query, response);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    if (this.onWatch(response)) return;
    const from = Number(query.get('resourceVersion'));
    if (from < this.#oldest) return void response.end(line('ERROR', { kind: 'Status', code: 410, message: 'too old resource version' }));
    for (const change of this.#changes.filter((one) => one.path === path && one.version > from)) response.write(line(change.type, change.object));
    this.#watches.set(response, path);
    response.on('close', () => this.#watches.delete(response));
  }

  #list(path: string, query: URLSearchParams, response: ServerResponse): void {
    const all = [...(this.#collections.get(path)?.values() ?? [])];
    const from = Number(query.get('continue') ?? 0);
    const to = from + Number(query.get('limit') ?? all.length);
    const metadata = { resourceVersion: this.version, ...(to < all.length && { continue: String(to) }) };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ metadata, items: all.slice(from, to) }));
  }
}

function line(type: string, object: unknown): string {
  return `${JSON.stringify({ type, object })}\n`;
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ kind: 'Status', code: status, message }));
}
