/**
 * The core under virtual time: nodes, links and clocks in one thread, one event after the other. The same plan and seed
 * give the same run, byte for byte.
 */
import { type Address, type Channel, type ConnectionId, type Input, type Output, type Random, seededRandom } from '@starling/gossip';
import { Agenda } from './agenda.js';
import type { Act, Answer, Delivery, Wake } from './happening.js';
import { type Link, SimulatedNode } from './simulated-node.js';
import { engineOf, type WorldOptions } from './process.js';
import { Shared } from './shared.js';
import { type ToyKey, toyKey, toySign, toyVerify } from './toy-crypto.js';
import { Trace } from './trace.js';
import type { Watcher } from './watcher.js';
import { Wiring } from './wiring.js';

/** Messages sent over a connection are credited so many at a time, as a transport does that sends in batches. */
const creditBatch = 4;
/** What a machine keeps of datagrams for a process that stands still. */
const maxBacklogDatagrams = 256;

export class World {
  readonly options: WorldOptions;
  readonly random: Random;
  readonly nodes: SimulatedNode[] = [];
  readonly byAddress = new Map<Address, SimulatedNode>();
  readonly wiring: Wiring;
  readonly trace = new Trace();
  /** What discovery answers. */
  discovery: (node: SimulatedNode) => readonly Address[] = () => [];
  nowMs = 0;
  steps = 0;
  readonly #shared = new Shared();
  readonly #watchers: Watcher[] = [];
  readonly #agenda: Agenda<Delivery | Wake | Act>;
  /** Answers of the shell: they come in the same instant, after the step that asked. */
  #answers: Answer[] = [];
  #keys = 0;

  constructor(options: WorldOptions) {
    this.options = options;
    this.random = seededRandom(options.seed);
    this.#agenda = new Agenda(options.tickMs);
    this.wiring = new Wiring(this);
  }

  watch(watcher: Watcher): void {
    this.#watchers.push(watcher);
  }

  add(role: 'sampling' | 'silent' = 'sampling'): SimulatedNode {
    const index = this.nodes.length;
    const address = `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}:9740`;
    const node = new SimulatedNode(index, address, role, this.newKey());
    this.nodes.push(node);
    this.byAddress.set(address, node);
    return node;
  }

  newKey(): ToyKey {
    this.#keys += 1;
    return toyKey(this.options.seed, this.#keys);
  }

  start(node: SimulatedNode): void {
    node.life += 1;
    node.disk.incarnation += 1;
    node.leaving = false;
    node.pausedUntilMs = 0;
    node.dialling = 0;
    node.engine = engineOf(node, this.options, { memory: this.#shared });
    for (const watcher of this.#watchers) watcher.onLife?.(node, 'started');
    this.give(node, { type: 'started' });
    const { life } = node;
    if (node.role === 'sampling') this.at(this.nowMs + this.random() * this.options.sampleIntervalMs, () => this.#sample(node, life), node);
  }

  /** The process is gone between two instructions. */
  crash(node: SimulatedNode): void {
    if (!node.isRunning) return;
    this.#end(node);
    this.wiring.abandon(node);
    for (const watcher of this.#watchers) watcher.onLife?.(node, 'crashed');
  }

  #end(node: SimulatedNode): void {
    node.engine = null;
    node.life += 1;
    node.wakeupAtMs = Number.POSITIVE_INFINITY;
    node.backlog.length = 0;
    node.backlogDatagrams = 0;
  }

  /** Says farewell and ends. */
  leave(node: SimulatedNode): void {
    if (!node.isRunning || node.leaving) return;
    node.leaving = true;
    for (const watcher of this.#watchers) watcher.onLife?.(node, 'leaving');
    for (const [connection, link] of [...node.links]) this.#settle(node, link, connection);
    this.give(node, { type: 'leaving' });
  }

  /** The process does not run until then; what comes meanwhile waits. */
  pause(node: SimulatedNode, milliseconds: number): void {
    if (!node.isRunning || this.nowMs < node.pausedUntilMs) return;
    node.pausedUntilMs = this.nowMs + milliseconds;
    const { life } = node;
    this.at(node.pausedUntilMs, () => node.life === life && this.#resume(node, milliseconds));
  }

  #resume(node: SimulatedNode, milliseconds: number): void {
    const { life } = node;
    this.give(node, { type: 'stalled', milliseconds: milliseconds * node.rate });
    node.backlogDatagrams = 0;
    for (const input of node.backlog.splice(0)) if (node.life === life) this.give(node, input);
    if (node.life === life && node.role === 'sampling') this.#sample(node, life, 'once');
  }

  /** `node`: the one whose affair it is. */
  at(atMs: number, act: () => void, node?: SimulatedNode): void {
    this.#agenda.push(atMs, this.nowMs, { index: node?.index ?? -1, type: 'act', act });
  }

  deliver(atMs: number, link: Link, end: 0 | 1, channel: Channel, bytes: Uint8Array): void {
    this.#agenda.push(atMs, this.nowMs, { index: link.ends[end].index, type: 'delivery', link, end, channel, bytes });
  }

  run(untilMs: number): void {
    const meet = (happening: Delivery | Wake | Act) => this.#meet(happening);
    while (this.#agenda.nextMs <= untilMs) {
      this.nowMs = this.#agenda.nextMs;
      this.#agenda.take(meet);
    }
    this.nowMs = untilMs;
  }

  #meet(happening: Delivery | Wake | Act): void {
    switch (happening.type) {
      case 'delivery':
        this.#receive(happening);
        break;
      case 'wake':
        if (happening.node.life === happening.life && happening.node.wakeupAtMs === happening.atMs) {
          happening.node.wakeupAtMs = Number.POSITIVE_INFINITY;
          this.give(happening.node, { type: 'wake-up' });
        }
        break;
      case 'act':
        happening.act();
    }
    this.#drain();
  }

  #drain(): void {
    for (let i = 0; i < this.#answers.length; i++) {
      const { node, life, input } = this.#answers[i] as Answer;
      if (node.life === life) this.give(node, input);
    }
    if (this.#answers.length > 0) this.#answers = [];
  }

  #receive(delivery: Delivery): void {
    const { link, end, channel, bytes } = delivery;
    const target = link.ends[end];
    const connection = link.ids[end];
    if (this.wiring.reaches !== null && !this.wiring.passes(link, end, channel, bytes)) return;
    if (!target.links.has(connection)) return;
    if (target.messageCostMs > 0) {
      const startsAtMs = Math.max(this.nowMs, target.busyUntilMs);
      target.busyUntilMs = startsAtMs + target.messageCostMs;
      const { life } = target;
      this.at(target.busyUntilMs, () => target.life === life && this.give(target, { type: 'message-received', connection, channel, bytes }));
      return;
    }
    this.give(target, { type: 'message-received', connection, channel, bytes });
  }

  give(node: SimulatedNode, input: Input): void {
    if (node.engine === null) return;
    if (this.nowMs < node.pausedUntilMs) return this.#hold(node, input);
    for (const watcher of this.#watchers) watcher.onInput?.(node, input);
    this.steps += 1;
    const outputs = node.engine.step(input, { monotonicMs: node.monotonicMs(this.nowMs), wallMs: node.wallMs(this.nowMs) });
    this.trace.note(this.nowMs, node.index, outputs.length);
    for (let i = 0; i < outputs.length; i++) this.#carryOut(node, outputs[i] as Output);
    this.#arm(node);
  }

  #hold(node: SimulatedNode, input: Input): void {
    if (input.type === 'wake-up') return;
    if (input.type === 'message-received' && input.channel === 'datagram') {
      if (node.backlogDatagrams >= maxBacklogDatagrams) return;
      node.backlogDatagrams += 1;
    }
    node.backlog.push(input);
  }

  #arm(node: SimulatedNode): void {
    const next = node.engine?.nextWakeup();
    if (next === null || next === undefined) return;
    const atMs = Math.max(node.virtualMs(next.atMs), this.nowMs);
    if (node.wakeupAtMs <= atMs) return;
    node.wakeupAtMs = atMs;
    this.#agenda.push(atMs, this.nowMs, { index: node.index, type: 'wake', node, life: node.life, atMs });
  }

  #sample(node: SimulatedNode, life: number, repeat: 'again' | 'once' = 'again'): void {
    if (node.life !== life || node.engine === null) return;
    if (this.nowMs >= node.pausedUntilMs) {
      const values = Array.from({ length: this.options.metrics }, (_, i) => Math.round(this.nowMs + i) / 1_000);
      this.give(node, { type: 'sampled', values });
    }
    if (repeat === 'again' && node.engine !== null) this.at(this.nowMs + node.engine.sampleIntervalMs() * (0.9 + 0.2 * this.random()), () => this.#sample(node, life), node);
  }

  #carryOut(node: SimulatedNode, output: Output): void {
    switch (output.type) {
      case 'dial':
        return this.wiring.dial(node, output.address);
      case 'close':
        return this.wiring.close(node, output.connection, output.reason);
      case 'send':
        return this.#send(node, output.connection, output.channel, output.bytes);
      case 'sign':
        return this.#answer(node, { type: 'signed', request: output.request, signature: this.sign(node, output.message) });
      case 'verify-signature':
        return this.#answerCheck(node, { type: 'signature-verified', request: output.request, valid: toyVerify(output.publicKey, output.message, output.signature) });
      case 'verify-credential':
        return this.#answerCheck(node, { type: 'credential-verified', request: output.request, result: this.#shared.verdict(output.credential) });
      case 'discover':
        return this.#answer(node, { type: 'discovered', addresses: this.discovery(node) });
      case 'persist-incarnation':
        node.disk.incarnation = output.incarnation;
        return;
      case 'departed':
        return this.#depart(node);
      default:
        for (const watcher of this.#watchers) watcher.onEvent?.(node, output);
    }
  }

  /** By the key of the node; whoever watches learns what was signed. */
  sign(node: SimulatedNode, message: Uint8Array): Uint8Array {
    const signature = toySign(node.key.publicKey, message);
    for (const watcher of this.#watchers) watcher.onSigned?.(node, message, signature);
    return signature;
  }

  #answer(node: SimulatedNode, input: Input): void {
    this.#answers.push({ node, life: node.life, input });
  }

  #answerCheck(node: SimulatedNode, input: Input): void {
    if (node.verificationMs === 0) return this.#answer(node, input);
    const { life } = node;
    this.at(this.nowMs + node.verificationMs, () => node.life === life && this.give(node, input));
  }

  #send(node: SimulatedNode, connection: ConnectionId, channel: Channel, bytes: Uint8Array): void {
    const link = node.links.get(connection);
    if (link === undefined) return;
    if (node.malice !== null) for (const message of node.malice.tamper(this, node, link, { channel, bytes })) this.emit(node, link, message.channel, message.bytes);
    else this.emit(node, link, channel, bytes);
    this.#credit(node, link, connection);
  }

  /** Onto the wire, whoever made it. */
  emit(node: SimulatedNode, link: Link, channel: Channel, bytes: Uint8Array): void {
    this.trace.noteBytes(this.nowMs, node.index, bytes);
    for (const watcher of this.#watchers) watcher.onSend?.(node, link, channel, bytes);
    this.wiring.send(node, link.ends[0] === node ? link.ids[0] : link.ids[1], channel, bytes);
  }

  #credit(node: SimulatedNode, link: Link, connection: ConnectionId): void {
    const end = link.ends[0] === node ? 0 : 1;
    link.outstanding[end] += 1;
    if (link.outstanding[end] >= creditBatch || node.leaving || node.uplinkFreeAtMs > this.nowMs) this.#settle(node, link, connection);
  }

  /** The messages handed out have left, or will have when the uplink is free. */
  #settle(node: SimulatedNode, link: Link, connection: ConnectionId): void {
    const end = link.ends[0] === node ? 0 : 1;
    const count = link.outstanding[end];
    if (count === 0) return;
    link.outstanding[end] = 0;
    const input: Input = { type: 'messages-sent', connection, count };
    const { life } = node;
    if (node.uplinkFreeAtMs <= this.nowMs) this.#answer(node, input);
    else this.at(node.uplinkFreeAtMs, () => node.life === life && this.give(node, input));
  }

  #depart(node: SimulatedNode): void {
    for (const connection of [...node.links.keys()]) this.wiring.close(node, connection, 'leaving');
    this.#end(node);
    for (const watcher of this.#watchers) watcher.onLife?.(node, 'departed');
  }
}
