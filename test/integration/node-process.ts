/** Real node processes under an authority of one test, each with a folder, an address and ports of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Node, NodeAnswer, Nodes, Self } from '@starling/contract';
import { freeTcpPorts, freeUdpPorts } from '../../services/cli/src/cluster/free-ports.js';
import { createTestAuthority, type IssuedLeaf, type TestAuthority } from '../support/authority.js';
import { endWithTests } from '../support/end-with-tests.js';
import { eventually } from '../support/eventually.js';
import { sumOfMetric } from '../support/exposition.js';

export const cluster = 'starling';
const program = join(import.meta.dirname, '..', '..', 'services', 'node', 'dist', 'main.js');

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Everything that it wrote, log and complaints. */
  readonly output: string;
}

/** What one node is started with. */
export interface Program {
  readonly name: string;
  readonly folder: string;
  readonly dataDir: string;
  readonly certificateDir: string;
  readonly trustDir: string;
  /** Where others dial it. */
  readonly address: string;
  readonly apiHost: string;
  readonly apiPort: number;
  readonly metricsPort: number;
  readonly settings: Readonly<Record<string, string>>;
  /** What the process is started by (a command and its arguments); nothing unless it is somewhere else than the test. */
  readonly prefix: readonly string[];
}

export class NodeProcess {
  readonly program: Program;
  readonly #child: ChildProcess;
  readonly #client: IssuedLeaf & { readonly ca: string };
  readonly ended: Promise<Ended>;
  output = '';

  constructor(given: Program, client: IssuedLeaf & { readonly ca: string }) {
    this.program = given;
    this.#client = client;
    const [command = '', ...args] = [...given.prefix, process.execPath, program];
    this.#child = spawn(command, args, { env: { PATH: process.env['PATH'] ?? '', NODE_ENV: 'production', ...given.settings }, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    const callOff = endWithTests(() => this.#child.kill('SIGKILL'));
    this.ended = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => {
        callOff();
        resolve({ code, signal, output: this.output });
      });
    });
  }

  get address(): string {
    return this.program.address;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<Ended> {
    this.#child.kill(signal);
    return this.ended;
  }

  /** The text of an answer of its API, over mutual TLS; null when there is none of status 200. */
  text(path: string): Promise<string | null> {
    return askApi(this.program.apiPort, path, { ...this.#client, host: this.program.apiHost }).then(
      ({ status, body }) => (status === 200 ? body : null),
      () => null,
    );
  }

  async get<T>(path: string): Promise<T | null> {
    const text = await this.text(path);
    return text === null ? null : (JSON.parse(text) as T);
  }

  /** Once it is ready. */
  async self(): Promise<Self> {
    return eventually(
      `${this.program.name} is ready`,
      async () => {
        if (!this.isRunning) throw new Error(`${this.program.name} ended: ${this.output}`);
        const self = await this.get<Self>('/v1/self');
        return self !== null && self.node.sequence > 0 ? self : null;
      },
      30_000,
    );
  }

  async id(): Promise<string> {
    return (await this.self()).node.id;
  }

  async nodes(): Promise<readonly Node[]> {
    return (await this.get<Nodes>('/v1/nodes'))?.nodes ?? [];
  }

  async node(id: string): Promise<NodeAnswer['node'] | null> {
    return (await this.get<NodeAnswer>(`/v1/nodes/${id}`))?.node ?? null;
  }

  /** Records that it refused for this reason. */
  async refused(reason: string): Promise<number> {
    return (await this.get<Self>('/v1/self'))?.refused[reason] ?? 0;
  }

  /** The sum over all labels that contain the text. */
  async metric(name: string, labels = ''): Promise<number> {
    const answer = await fetch(`http://127.0.0.1:${this.program.metricsPort}/metrics`);
    return sumOfMetric(await answer.text(), name, labels);
  }
}

export interface ApiClient {
  /** 127.0.0.1 unless given. */
  readonly host?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly ca: string;
}

/** Rejects when the connection or its authentication fails. */
export function askApi(port: number, path: string, client: ApiClient, options: { readonly method?: string; readonly body?: string; readonly headers?: Readonly<Record<string, string>> } = {}): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, ...client, agent: false, checkServerIdentity: () => undefined, method: options.method ?? 'GET', headers: { ...options.headers }, timeout: 5_000 }, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (text: string) => (body += text));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }));
      answer.on('error', reject);
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer')));
    asked.on('error', reject);
    asked.end(options.body);
  });
}

/** A cluster of processes that a test starts one by one. */
export class ProcessNetwork {
  readonly folder: string;
  readonly authority: TestAuthority;
  readonly client: IssuedLeaf & { readonly ca: string };
  readonly #programs = new Map<string, Program>();
  readonly #processes: NodeProcess[] = [];

  private constructor(folder: string, authority: TestAuthority, client: IssuedLeaf) {
    this.folder = folder;
    this.authority = authority;
    this.client = { ...client, ca: authority.root };
  }

  static async open(): Promise<ProcessNetwork> {
    const authority = await createTestAuthority('Ours');
    const folder = mkdtempSync(join(tmpdir(), 'starling-network-'));
    mkdirSync(join(folder, 'trust'));
    writeFileSync(join(folder, 'trust', 'ca.crt'), authority.root);
    return new ProcessNetwork(folder, authority, await authority.issue([`spiffe://${cluster}/gateway/test`]));
  }

  /** Folder, certificate, address and ports of a node: the same for each start of this name. Seeds are addresses. */
  async prepare(name: string, seeds: readonly string[] = [], settings: Readonly<Record<string, string>> = {}): Promise<Program> {
    const known = this.#programs.get(name) ?? (await this.#equip(name));
    const program = { ...known, settings: { ...known.settings, STARLING_SEEDS: seeds.join(','), ...settings } };
    this.#programs.set(name, program);
    return program;
  }

  /** Starts a node, or starts it again. */
  async start(name: string, seeds: readonly string[] = [], settings: Readonly<Record<string, string>> = {}): Promise<NodeProcess> {
    return this.run(await this.prepare(name, seeds, settings));
  }

  run(given: Program): NodeProcess {
    const node = new NodeProcess(given, this.client);
    this.#processes.push(node);
    return node;
  }

  /** A leaf of the form for nodes, of this name. */
  leaf(name: string): Promise<IssuedLeaf> {
    return this.authority.issue([`spiffe://${cluster}/leaf/${name}`]);
  }

  async close(): Promise<void> {
    await Promise.all(this.#processes.filter(({ isRunning }) => isRunning).map((node) => node.kill()));
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #equip(name: string): Promise<Program> {
    const folder = join(this.folder, name);
    mkdirSync(join(folder, 'tls'), { recursive: true });
    writeLeaf(join(folder, 'tls'), await this.leaf(name));
    const [[port], [apiPort = 0, metricsPort = 0]] = await Promise.all([freeUdpPorts(1), freeTcpPorts(2)]);
    // Each node has an address of its own, so that a leaked one can be told from all others.
    const address = `127.0.1.${this.#programs.size + 1}:${port}`;
    const [dataDir, certificateDir, trustDir] = [join(folder, 'data'), join(folder, 'tls'), join(this.folder, 'trust')];
    const settings = {
      STARLING_CLUSTER: cluster,
      STARLING_NAME: name,
      STARLING_LISTEN: address,
      STARLING_API_LISTEN: `127.0.0.1:${apiPort}`,
      STARLING_METRICS_LISTEN: `127.0.0.1:${metricsPort}`,
      STARLING_DATA_DIR: dataDir,
      STARLING_CERTIFICATE_DIR: certificateDir,
      STARLING_TRUST_DIR: trustDir,
    };
    return { name, folder, dataDir, certificateDir, trustDir, address, apiHost: '127.0.0.1', apiPort, metricsPort, settings, prefix: [] };
  }
}

export function writeLeaf(directory: string, { cert, key }: IssuedLeaf): void {
  writeFileSync(join(directory, 'tls.crt'), cert);
  writeFileSync(join(directory, 'tls.key'), key, { mode: 0o600 });
}
