/** A local cluster inside the test: its processes can be killed one by one, and each node is asked for its own view. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Nodes, Peers } from '@starling/contract';
import { openAuthority } from '../../services/cli/src/authority/authority.js';
import { freeTcpPorts } from '../../services/cli/src/cluster/free-ports.js';
import { gatewayName, LocalCluster } from '../../services/cli/src/cluster/local-cluster.js';
import type { Member } from '../../services/cli/src/cluster/member.js';
import { type Places, placesIn } from '../../services/cli/src/cluster/places.js';
import type { IssuedLeaf } from '../support/authority.js';
import { endWithTests } from '../support/end-with-tests.js';
import { eventually } from '../support/eventually.js';
import { sumOfMetric } from '../support/exposition.js';
import { type ApiClient, askApi, cluster } from './node-process.js';

export class LocalNodes {
  readonly cluster: LocalCluster;
  readonly places: Places;
  readonly #folder: string;
  readonly #client: ApiClient;

  private constructor(given: LocalCluster, places: Places, folder: string) {
    this.cluster = given;
    this.places = places;
    this.#folder = folder;
    this.#client = { ...leafIn(join(places.certs, 'gateway')), ca: readFileSync(join(places.certs, 'trust', 'ca.crt'), 'utf8') };
  }

  /** Starts so many nodes and a gateway. */
  static async start(nodes: number, ratio: number): Promise<LocalNodes> {
    const folder = mkdtempSync(join(tmpdir(), 'starling-nodes-'));
    const places = placesIn(folder);
    const [port = 0] = await freeTcpPorts(1);
    const opened = await LocalCluster.open({ nodes, ratio, port, seed: 7, sampleInterval: '1s' }, places, () => undefined);
    endWithTests(() => [...opened.nodes(), opened.member(gatewayName)].forEach((member) => member?.kill()));
    await opened.start();
    return new LocalNodes(opened, places, folder);
  }

  /** Kills everything. */
  async close(): Promise<void> {
    await this.cluster.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  names(): string[] {
    return this.running().map(({ name }) => name);
  }

  running(): Member[] {
    return this.cluster.nodes().filter(({ state }) => state === 'running');
  }

  member(name: string): Member {
    const member = this.cluster.member(name);
    if (member === undefined) throw new Error(`There is no ${name}`);
    return member;
  }

  address(name: string): string {
    return this.member(name).program.environment['STARLING_LISTEN'] ?? '';
  }

  /** What a node answers, over mutual TLS; null when it does not. */
  async text(name: string, path: string): Promise<string | null> {
    const answer = await askApi(portOf(this.member(name), 'STARLING_API_LISTEN'), path, this.#client).catch(() => null);
    return answer?.status === 200 ? answer.body : null;
  }

  async view(name: string): Promise<Nodes | null> {
    const text = await this.text(name, '/v1/nodes');
    return text === null ? null : (JSON.parse(text) as Nodes);
  }

  async peersOf(name: string): Promise<Peers['peers']> {
    const text = await this.text(name, '/v1/peers');
    return text === null ? [] : (JSON.parse(text) as Peers).peers;
  }

  /** The exposition of a node, for people and Prometheus. */
  async exposition(name: string, path = '/metrics'): Promise<string> {
    return (await fetch(`http://127.0.0.1:${portOf(this.member(name), 'STARLING_METRICS_LISTEN')}${path}`)).text();
  }

  /** The sum over all labels that contain the text. */
  async metric(name: string, metric: string, labels = ''): Promise<number> {
    return sumOfMetric(await this.exposition(name), metric, labels);
  }

  /** A sound leaf of this cluster's authority, for somebody who is none of its processes. */
  async leaf(name: string): Promise<IssuedLeaf> {
    const authority = await openAuthority(this.places.certs, cluster);
    const { directory } = await authority.issueLeaf({ name, uri: `spiffe://${cluster}/leaf/${name}`, days: 1 });
    return leafIn(directory);
  }

  get root(): string {
    return this.#client.ca;
  }

  /** Waits until each of these sees exactly these alive, and counts the same view at all of them. */
  async agree(names: readonly string[] = this.names(), deadlineMs = 60_000): Promise<void> {
    const settled = new Set<string>();
    let fault = '';
    await eventually(
      `${names.length} nodes agree`,
      async () => {
        for (const name of names) {
          if (settled.has(name)) continue;
          fault = faultOf(await this.view(name), names);
          if (fault !== '') return false;
          settled.add(name);
        }
        return true;
      },
      deadlineMs,
    ).catch((error: Error) => {
      throw new Error(`${error.message}; ${settled.size} do, and of another: ${fault}\n${this.#ended()}`, { cause: error });
    });
  }

  /** The last words of those that ended by themselves. */
  #ended(): string {
    const ended = this.cluster.nodes().filter(({ state }) => state === 'ended');
    return ended.map(({ name, exit }) => `${name} ended by itself (${exit}): ${readFileSync(this.places.logOf(name), 'utf8').trim().split('\n').at(-1) ?? ''}`).join('\n');
  }
}

/** What is not yet so for this view to hold exactly these alive, and for all of them to share it; empty when it is. */
export function faultOf(view: Nodes | null, names: readonly string[]): string {
  if (view === null) return 'it does not answer';
  const alive = view.nodes.filter(({ state }) => state === 'alive').map(({ name }) => name);
  const missing = names.filter((name) => !alive.includes(name));
  const { agreeing, total, views } = view.agreement;
  if (missing.length > 0 || alive.length !== names.length) return `${view.asOf.name} sees ${alive.length} alive, not ${missing.join(', ')}`;
  return agreeing === names.length && total === names.length && views === 1 ? '' : `${view.asOf.name} counts ${agreeing} of ${total}, ${views} views`;
}

function leafIn(directory: string): IssuedLeaf {
  return { cert: readFileSync(join(directory, 'tls.crt'), 'utf8'), key: readFileSync(join(directory, 'tls.key'), 'utf8') };
}

function portOf({ program }: Member, setting: string): number {
  return Number(program.environment[setting]?.split(':')[1]);
}
