/** What must hold at every moment of every run; a plan states the rest. */
import { type Bundle, type Channel, decodeBundle, equalBytes, type Event, limits } from '@starling/gossip';
import { excesses } from './bounds.js';
import type { Health } from './health.js';
import { maxDatagramBytes } from './network.js';
import { isRepair } from './parcels.js';
import type { Link, SimulatedNode } from './simulated-node.js';
import type { Views } from './views.js';
import type { Watcher } from './watcher.js';
import type { World } from './world.js';

export interface Failure {
  readonly atMs: number;
  readonly what: string;
}

/** After so many failures a run ends: more of them say no more. */
const mostFailures = 20;
const kindsInOrder = 5;
const bundleDomainBytes = 'starling/bundle/1'.length + 1;
const order = 2 ** 32;

export class Checks implements Watcher {
  readonly #world: World;
  readonly #views: Views;
  readonly #health: Health;
  readonly failures: Failure[] = [];
  /** Nobody who is well may be given up for longer than this, milliseconds; plans that cut the network say so. */
  longestFalseDeathMs = 30_000;
  /** What was signed, by number of the origin, incarnation and sequence. */
  readonly #ledger: Map<number, Uint8Array[]>[] = [];
  /** By number of the origin: the bundle found genuine last. All nodes hold the same one, so that the next is mostly known. */
  readonly #genuine: (Bundle | undefined)[] = [];
  /** By observer, then by origin and kind: the newest merged. */
  readonly #newest: Float64Array[] = [];
  /** By observer and number of the origin: the incarnation that left. */
  readonly #left = new Map<string, number>();
  readonly #repairedBytes: number[] = [];
  #repairSinceMs = 0;

  constructor(world: World, views: Views, health: Health) {
    this.#world = world;
    this.#views = views;
    this.#health = health;
  }

  get isHopeless(): boolean {
    return this.failures.length >= mostFailures;
  }

  fail(what: string): void {
    if (!this.isHopeless) this.failures.push({ atMs: this.#world.nowMs, what });
  }

  onLife(node: SimulatedNode, change: 'started' | 'crashed' | 'leaving' | 'departed'): void {
    if (change === 'started') this.#newest[node.index] = new Float64Array(kindsInOrder * 64);
    if (change === 'started') for (const key of [...this.#left.keys()]) if (key.startsWith(`${node.index} `)) this.#left.delete(key);
  }

  onSigned(_node: SimulatedNode, message: Uint8Array, signature: Uint8Array): void {
    // 's', 't', ..., '/': bundles alone begin with "starling/b".
    if (message[9] !== 0x62) return;
    const bytes = new Uint8Array(message.length - bundleDomainBytes + signature.length);
    bytes.set(message.subarray(bundleDomainBytes));
    bytes.set(signature, message.length - bundleDomainBytes);
    this.record(bytes);
  }

  /** A bundle that its origin did sign, honest or not. */
  record(bytes: Uint8Array): void {
    const decoding = decodeBundle(bytes);
    if (!decoding.ok) return;
    const { origin, incarnation, sequence } = decoding.bundle;
    const ledger = (this.#ledger[this.#views.numberOf(origin)] ??= new Map<number, Uint8Array[]>());
    const key = incarnation * order + sequence;
    const known = ledger.get(key);
    if (known === undefined) ledger.set(key, [bytes]);
    else known.push(bytes);
  }

  onEvent(node: SimulatedNode, event: Event): void {
    if (node.malice !== null) return;
    if (event.type === 'record-merged') this.#checkMerge(node, event);
    else if (event.type === 'member-changed') this.#checkMember(node, event);
  }

  #checkMerge(node: SimulatedNode, event: Extract<Event, { type: 'record-merged' }>): void {
    const { bundle } = event;
    const origin = this.#views.numberOf(event.origin);
    const key = bundle.incarnation * order + bundle.sequence;
    if (this.#genuine[origin] !== bundle) {
      if (this.#ledger[origin]?.get(key)?.some((bytes) => equalBytes(bytes, bundle.bytes))) this.#genuine[origin] = bundle;
      else this.fail(`node ${node.index} accepted a forged bundle of ${event.origin.slice(0, 8)}, sequence ${bundle.sequence}`);
    }
    if (event.hops > limits.maxHops) this.fail(`node ${node.index} accepted a bundle over ${event.hops} hops`);
    let newest = this.#newest[node.index] as Float64Array;
    const at = origin * kindsInOrder;
    if (at + kindsInOrder > newest.length) {
      const grown = new Float64Array(Math.max(at + kindsInOrder, newest.length * 2));
      grown.set(newest);
      newest = grown;
      this.#newest[node.index] = grown;
    }
    for (let i = 0; i < event.kinds.length; i++) {
      const kind = event.kinds[i] as number;
      if (kind >= kindsInOrder) continue;
      if (key <= (newest[at + kind] as number)) this.fail(`node ${node.index} went back: kind ${kind} of ${event.origin.slice(0, 8)} to sequence ${bundle.sequence}`);
      newest[at + kind] = key;
    }
  }

  #checkMember(node: SimulatedNode, event: Extract<Event, { type: 'member-changed' }>): void {
    const key = `${node.index} ${event.origin}`;
    if (event.state === 'left') this.#left.set(key, event.incarnation);
    else if (event.state === 'alive' && event.incarnation <= (this.#left.get(key) ?? 0)) this.fail(`node ${node.index} lets ${event.origin.slice(0, 8)} come back, who left in incarnation ${event.incarnation}`);
  }

  onSend(node: SimulatedNode, _link: Link, channel: Channel, bytes: Uint8Array): void {
    if (node.malice !== null) return;
    if (bytes.length > (channel === 'datagram' ? maxDatagramBytes : limits.maxMessageBytes)) this.fail(`node ${node.index} sent ${bytes.length} bytes as one ${channel}`);
    if (isRepair(bytes)) this.#repairedBytes[node.index] = (this.#repairedBytes[node.index] ?? 0) + bytes.length;
  }

  /** Once a round. */
  round(): void {
    for (const node of this.#world.nodes) if (node.malice === null) this.#checkLimits(node);
    const wrong = this.#health.longestWrong();
    if (wrong !== null && wrong.ms > this.longestFalseDeathMs) {
      this.fail(`a healthy node was given up for ${Math.round(wrong.ms / 1_000)} s (observer and origin: ${wrong.pair.slice(0, 14)})`);
      this.#health.excuse();
    }
    const seconds = (this.#world.nowMs - this.#repairSinceMs) / 1_000;
    // A budget may be spent at once after it was saved for a second; what one answer overdraws is a bundle.
    const most = limits.antiEntropyBytesPerSecond * (1 + seconds) + limits.maxBundleBytes;
    for (const [index, bytes] of this.#repairedBytes.entries()) if (bytes > most) this.fail(`node ${index} repaired with ${bytes} bytes in ${seconds} s`);
    this.#repairedBytes.length = 0;
    this.#repairSinceMs = this.#world.nowMs;
  }

  #checkLimits(node: SimulatedNode): void {
    if (node.engine !== null) for (const excess of excesses(node.engine.statistics(), node.dialling)) this.fail(`node ${node.index} has ${excess}`);
  }
}
