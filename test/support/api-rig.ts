/**
 * The API of a node, for tests that ask it over real connections. The node knows itself and one other node.
 * A rig serves the tests of one file. Each test begins with a new view, and opens the API as it wants it.
 */
import http from 'node:http';
import https from 'node:https';
import { paths } from '@starling/contract';
import { type NodeId, decodeBundle, encodeBundle, encodeDescriptor, encodeSample, kinds, sealBundle } from '@starling/gossip';
import { afterEach, beforeAll, beforeEach } from 'vitest';
import WebSocket from 'ws';
import { type Api, type ApiCertificates, type ApiOptions, openApi } from '../../services/node/src/api/api.js';
import { NetworkView } from '../../services/node/src/history/network-view.js';
import { type IssuedLeaf, type TestAuthority, createTestAuthority } from './authority.js';
import { answerTo } from './http-answer.js';

export const host = '127.0.0.1';
/** The node that answers. */
export const self: NodeId = 'aa'.repeat(32);
/** The node that it has heard of. */
export const other: NodeId = 'bb'.repeat(32);
export const clock = { now: () => ({ monotonicMs: performance.now(), wallMs: Date.now() }) };

type AskOptions = https.RequestOptions & { readonly plain?: boolean; readonly body?: string };

/** What takes long to make and serves all tests of a file. */
interface Prepared {
  readonly authority: TestAuthority;
  readonly serverLeaf: IssuedLeaf;
  readonly clientLeaf: IssuedLeaf;
}

export class ApiRig {
  view = createView();
  #prepared: Prepared | null = null;
  #api: Api | null = null;
  readonly #closing: (() => Promise<void> | void)[] = [];

  /** Makes an authority and the leaves of both sides; nothing is open yet. */
  async prepare(): Promise<void> {
    const authority = await createTestAuthority();
    const [serverLeaf, clientLeaf] = await Promise.all([authority.issue([`spiffe://starling/node/${self}`]), authority.issue(['spiffe://starling/gateway/page'])]);
    this.#prepared = { authority, serverLeaf, clientLeaf };
  }

  /** Puts a new view in the place of the last test's. */
  begin(): void {
    this.view = createView();
  }

  /** Over mutual TLS unless told otherwise. */
  async open(changes: Partial<ApiOptions> = {}): Promise<void> {
    const api = await openApi({ source: this.view, listen: { host, port: 0 }, tls: () => this.certificates(), cluster: 'starling', version: '0.1.0', clock, log: { error: () => undefined }, ...changes });
    this.onClose(() => api.close());
    this.#api = api;
  }

  /** Has something closed at the end of the test. */
  onClose(close: () => Promise<void> | void): void {
    this.#closing.push(close);
  }

  /** Everything that was opened, the newest first. */
  async close(): Promise<void> {
    for (const close of this.#closing.splice(0).reverse()) await close();
  }

  get #ready(): Prepared {
    if (this.#prepared === null) throw new Error('the rig is not prepared');
    return this.#prepared;
  }

  get authority(): TestAuthority {
    return this.#ready.authority;
  }

  get api(): Api {
    if (this.#api === null) throw new Error('the rig is not open');
    return this.#api;
  }

  get port(): number {
    return this.api.address.port;
  }

  /** Those of the API, unless a test opens it with others. */
  certificates(): ApiCertificates {
    return { ...this.#ready.serverLeaf, ca: this.authority.root };
  }

  /** What a client needs for TLS. It does not check the name of the server, for leaves of nodes have none. */
  clientTls(leaf = this.#ready.clientLeaf) {
    return { ca: this.authority.root, cert: leaf.cert, key: leaf.key, checkServerIdentity: () => undefined };
  }

  /** A question on a connection of its own, with the client's certificate unless told otherwise; the answer's body is parsed. */
  async ask(path: string, options: AskOptions = {}) {
    const common = { host, port: this.port, path, agent: false as const, ...options };
    const request = options.plain === true ? http.request(common) : https.request({ ...this.clientTls(), ...common });
    const { status, headers, text } = await answerTo(request, options.body);
    return { status, headers, type: headers['content-type'] ?? '', body: (text === '' ? null : JSON.parse(text)) as unknown };
  }

  stream(query = '', leaf?: IssuedLeaf): WebSocket {
    const socket = new WebSocket(`wss://${host}:${this.port}${paths.stream}${query}`, { agent: new https.Agent(this.clientTls(leaf)) });
    this.onClose(() => socket.terminate());
    return socket;
  }
}

/** The rig for the tests of a file: with a new view before each of them, and closed after it. */
export function useApiRig(): ApiRig {
  const rig = new ApiRig();
  beforeAll(() => rig.prepare());
  beforeEach(() => rig.begin());
  afterEach(() => rig.close());
  return rig;
}

function createView(): NetworkView {
  const view = new NetworkView({ self, name: 'here', clock, sampleIntervalMs: () => 1_000, connectionFigures: () => null });
  introduce(view, self);
  introduce(view, other);
  return view;
}

/** Lets the view hear what a node says of itself, and that it is alive. */
function introduce(view: NetworkView, origin: NodeId): void {
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
