/** The processes of a cluster on this machine: nodes with a certificate and an identity each, and the gateway. */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom } from '@starling/gossip';
import { type Authority, openAuthority } from '../authority/authority.js';
import { CommandError } from '../usage.js';
import { freeTcpPorts, freeUdpPorts, portFault } from './free-ports.js';
import { Member } from './member.js';
import type { Places } from './places.js';

export interface ClusterOptions {
  readonly nodes: number;
  readonly ratio: number;
  /** Of the visualizer. */
  readonly port: number;
  /** Decides who is told of whom at the start. */
  readonly seed: number;
  readonly sampleInterval: string;
}

interface Ports {
  readonly gossip: number;
  readonly api: number;
  readonly metrics: number;
}

/** What a network is called unless somebody calls it otherwise. */
export const localClusterName = 'starling';
/** Days that a development certificate is good for; made anew at each start. */
const leafDays = 30;
/** Others that a node is told of at its start; it finds more by itself. */
const seedsPerNode = 3;
const stopDeadlineMs = 5_000;
/** Nodes at most, added ones too: the gateway offers no more. */
export const maxMembers = 128;
export const gatewayName = 'gateway';

export class LocalCluster {
  readonly options: ClusterOptions;
  readonly #places: Places;
  readonly #authority: Authority;
  readonly #members = new Map<string, Member>();
  readonly #ports = new Map<string, Ports>();
  readonly #onEnd: (member: Member) => void;
  /** One node is added after the other. */
  #adding: Promise<unknown> = Promise.resolve();
  #isStopping = false;

  private constructor(options: ClusterOptions, places: Places, authority: Authority, onEnd: (member: Member) => void) {
    this.options = options;
    this.#places = places;
    this.#authority = authority;
    this.#onEnd = onEnd;
  }

  /** @throws CommandError when the port of the visualizer is taken. */
  static async open(options: ClusterOptions, places: Places, onEnd: (member: Member) => void): Promise<LocalCluster> {
    const fault = await portFault(options.port);
    if (fault === 'EADDRINUSE') throw new CommandError(`Port ${options.port} is taken by another process. Choose another with --port, or stop what uses it (ss -ltnp).`);
    if (fault !== null) throw new CommandError(`Port ${options.port} cannot be had (${fault}). Choose another with --port.`);
    mkdirSync(places.state, { recursive: true });
    return new LocalCluster(options, places, await openAuthority(places.certs, localClusterName), onEnd);
  }

  /** Starts all nodes, and the gateway that looks from the first of them. */
  async start(): Promise<void> {
    const { nodes } = this.options;
    const names = Array.from({ length: nodes }, (_, i) => `node-${i + 1}`);
    const [gossip, tcp] = await Promise.all([freeUdpPorts(nodes), freeTcpPorts(2 * nodes + 1)]);
    names.forEach((name, i) => this.#ports.set(name, { gossip: gossip[i] as number, api: tcp[2 * i] as number, metrics: tcp[2 * i + 1] as number }));
    for (const [index, name] of names.entries()) await (await this.#node(name, index)).start();
    this.#tellGateway();
    await (await this.#gateway(tcp[2 * nodes] as number)).start();
  }

  get url(): string {
    return `http://127.0.0.1:${this.options.port}`;
  }

  /** Nodes by name, in the order of their start; the gateway is not one of them. */
  nodes(): Member[] {
    return [...this.#members.values()].filter((member) => member.name !== gatewayName);
  }

  member(name: string): Member | undefined {
    return this.#members.get(name);
  }

  /** Starts one more node, which the gateway offers from then on; returns its name. @throws CommandError */
  add(): Promise<string> {
    const added = this.#adding.then(() => this.#addOne());
    this.#adding = added.catch(() => undefined);
    return added;
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    const stopAll = () => Promise.all([...this.#members.values()].map((member) => member.stop(stopDeadlineMs)));
    await stopAll();
    // One that was to start again waited for its end until now.
    await stopAll();
  }

  /** At once, without a farewell. */
  kill(): void {
    for (const member of this.#members.values()) member.kill();
  }

  async #addOne(): Promise<string> {
    const index = this.nodes().length;
    if (index >= maxMembers) throw new CommandError(`This cluster has ${maxMembers} nodes, and takes no more. Start one that was stopped, or a new cluster.`);
    const name = `node-${index + 1}`;
    const [[gossip], [api, metrics]] = await Promise.all([freeUdpPorts(1), freeTcpPorts(2)]);
    this.#ports.set(name, { gossip: gossip as number, api: api as number, metrics: metrics as number });
    try {
      const node = await this.#node(name, index);
      if (this.#isStopping) throw new CommandError('The cluster is being stopped.');
      await node.start();
    } catch (error) {
      this.#ports.delete(name);
      this.#members.delete(name);
      throw error;
    }
    this.#tellGateway();
    return name;
  }

  async #node(name: string, index: number): Promise<Member> {
    const ports = this.#ports.get(name) as Ports;
    const { directory } = await this.#authority.issueLeaf({ name, uri: `spiffe://${localClusterName}/leaf/${name}`, days: leafDays });
    return this.#keep(name, this.#places.node, {
      STARLING_CLUSTER: localClusterName,
      STARLING_NAME: name,
      STARLING_LISTEN: `127.0.0.1:${ports.gossip}`,
      STARLING_API_LISTEN: `127.0.0.1:${ports.api}`,
      STARLING_METRICS_LISTEN: `127.0.0.1:${ports.metrics}`,
      STARLING_DATA_DIR: this.#places.identityOf(name),
      STARLING_CERTIFICATE_DIR: directory,
      STARLING_TRUST_DIR: join(this.#places.certs, 'trust'),
      STARLING_SEEDS: this.#seedsFor(name, index),
      STARLING_CONNECTION_RATIO: String(this.options.ratio),
      STARLING_SAMPLE_INTERVAL: this.options.sampleInterval,
    });
  }

  async #gateway(metricsPort: number): Promise<Member> {
    const { directory } = await this.#authority.issueLeaf({ name: gatewayName, uri: `spiffe://${localClusterName}/gateway/local`, days: leafDays });
    return this.#keep(gatewayName, this.#places.gateway, {
      STARLING_CLUSTER: localClusterName,
      STARLING_GATEWAY_LISTEN: `127.0.0.1:${this.options.port}`,
      STARLING_GATEWAY_TARGETS: this.nodes().slice(0, this.options.nodes).map(({ name }) => this.#targetOf(name)).join(','),
      STARLING_GATEWAY_TARGETS_FILE: this.#places.targets,
      STARLING_CERTIFICATE_DIR: directory,
      STARLING_TRUST_DIR: join(this.#places.certs, 'trust'),
      STARLING_METRICS_LISTEN: `127.0.0.1:${metricsPort}`,
    });
  }

  #targetOf(name: string): string {
    return `${name}=https://127.0.0.1:${(this.#ports.get(name) as Ports).api}`;
  }

  /** Whom it can show beside those of its start. The file is replaced as a whole, so that it is never read half written. */
  #tellGateway(): void {
    const { targets } = this.#places;
    writeFileSync(`${targets}.new`, this.nodes().slice(this.options.nodes).map(({ name }) => `${this.#targetOf(name)}\n`).join(''), { mode: 0o600 });
    renameSync(`${targets}.new`, targets);
  }

  #keep(name: string, script: string, environment: Readonly<Record<string, string>>): Member {
    const member = new Member({ name, script, environment, log: this.#places.logOf(name) }, this.#onEnd);
    this.#members.set(name, member);
    return member;
  }

  /** A few random others, the same for the same seed. */
  #seedsFor(name: string, index: number): string {
    const random = seededRandom(this.options.seed * 1_000 + index);
    const others = [...this.#ports].filter(([other]) => other !== name).map(([, ports]) => `127.0.0.1:${ports.gossip}`);
    const chosen: string[] = [];
    while (chosen.length < seedsPerNode && others.length > 0) chosen.push(...others.splice(Math.floor(random() * others.length), 1));
    return chosen.join(',');
  }
}
