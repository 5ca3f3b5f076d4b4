/**
 * The protocol as a state machine: one input in, a list of outputs out. It dispatches and holds no rule of its own.
 */
import type { EngineConfig } from './config.js';
import { Context } from './context.js';
import { Departure } from './departure.js';
import { AntiEntropy } from './dissemination/anti-entropy.js';
import { BroadcastTree } from './dissemination/broadcast-tree.js';
import type { Input, Now } from './input.js';
import { Connections } from './membership/connections.js';
import { FailureDetector } from './membership/failure-detector.js';
import { Overlay } from './membership/overlay.js';
import type { Peer } from './membership/peers.js';
import { noteView } from './membership/view.js';
import type { MemberState, Output } from './output.js';
import { Admission } from './record/admission.js';
import type { Arrival } from './record/check.js';
import { Vouching } from './record/vouching.js';
import type { EngineStatistics } from './statistics.js';
import type { HeldBundle, Origin } from './store/origin.js';
import type { TimerName } from './timers.js';
import { Voice } from './voice.js';
import { decodeMessage } from './wire/codec.js';
import type { Message, Push } from './wire/message.js';
import { Outbox } from './wire/outbox.js';

export interface Wakeup {
  /** On the monotonic clock, milliseconds. */
  readonly atMs: number;
  /** The timer that is due first. */
  readonly timer: TimerName;
}

export interface Engine {
  /** Takes what happened, returns what to do and what to know, in order. The array is the caller's. Never throws for bytes of a peer. */
  step(input: Input, now: Now): Output[];
  /** When to come back with `wake-up` if nothing happens before; null when nothing is due. */
  nextWakeup(): Wakeup | null;
  /** How far the sample interval is stretched at this size of the network (docs/PROTOCOL.md section 8), milliseconds. */
  sampleIntervalMs(): number;
  statistics(): EngineStatistics;
}

export function createEngine(config: EngineConfig): Engine {
  return new Core(config);
}

class Core implements Engine {
  readonly #context: Context;
  readonly #outbox: Outbox;
  readonly #vouching: Vouching;
  readonly #admission: Admission;
  readonly #connections: Connections;
  readonly #detector: FailureDetector;
  readonly #overlay: Overlay;
  readonly #tree: BroadcastTree;
  readonly #antiEntropy: AntiEntropy;
  readonly #voice: Voice;
  readonly #departure: Departure;

  constructor(config: EngineConfig) {
    this.#context = new Context(config);
    this.#outbox = new Outbox(this.#context);
    this.#tree = new BroadcastTree(this.#context, this.#outbox);
    this.#antiEntropy = new AntiEntropy(this.#context, this.#outbox);
    this.#vouching = new Vouching(this.#context, { onUntrusted: (origin) => this.#forget(origin), onReplaced: (origin) => this.#detector.vouchedAnew(origin) });
    this.#admission = new Admission(this.#context, this.#vouching, {
      onMerged: (origin, held, arrival, before) => this.#onMerged(origin, held, arrival, before),
      onRepeated: (via, path, origin) => path === 'eager' && this.#tree.repeated(via, origin),
      onCredentialMissing: (via, prefix) => this.#tree.ask(via, prefix),
      onFault: (via, reason) => this.#connections.refuse(via, `a record that is ${reason}`),
      onOwnConflict: (incarnation, sequence) => this.#voice.onConflict(incarnation, sequence),
    });
    this.#connections = new Connections(this.#context, this.#outbox, {
      onUp: (peer) => this.#onUp(peer),
      onDown: (peer) => this.#onDown(peer),
      reportReuse: (facts) => this.#vouching.reportReuse(facts),
      onParted: (facts) => this.#vouching.part(facts),
      onSelf: (address) => this.#overlay.addresses.markOwn(address),
    });
    this.#overlay = new Overlay(this.#context, this.#outbox, this.#connections);
    this.#detector = new FailureDetector(this.#context, { onExpired: (origin) => this.#forget(origin) });
    this.#departure = new Departure(this.#context, this.#outbox);
    this.#voice = new Voice(this.#context, {
      onSpoken: (bytes) => this.#admission.receive({ bytes, via: null, hops: 0, ageMs: 0, path: 'own' }),
    });
  }

  step(input: Input, now: Now): Output[] {
    this.#context.now = now;
    this.#dispatch(input);
    this.#outbox.flush();
    this.#departure.look();
    return this.#context.takeOutputs();
  }

  nextWakeup(): Wakeup | null {
    return this.#context.timers.next();
  }

  sampleIntervalMs(): number {
    return this.#context.sampleIntervalMs;
  }

  statistics(): EngineStatistics {
    const { origins, peers } = this.#context;
    return {
      origins: origins.size,
      tombstones: origins.tombstones,
      connections: peers.size,
      peers: peers.up().length,
      eagerPeers: peers.up().filter((peer) => peer.carried > 0).length,
      pendingVerifications: this.#admission.pending,
      queuedBytes: peers.up().reduce((sum, peer) => sum + peer.queuedBytes, 0),
      addresses: this.#overlay.addresses.size,
      targetDegree: this.#overlay.target,
    };
  }

  #dispatch(input: Input): void {
    switch (input.type) {
      case 'started':
        this.#detector.start();
        this.#antiEntropy.start();
        return this.#overlay.start();
      case 'wake-up':
        return this.#wakeUp();
      case 'sampled':
        return this.#voice.sampled(input.values);
      case 'described':
        return this.#voice.describe(input.descriptor);
      case 'reported':
        return this.#voice.report(input.records);
      case 'credential-renewed':
        this.#connections.renewCredential(input.credential);
        return this.#voice.renewCredential(input.credential);
      case 'trust-changed':
        this.#admission.trustChanged();
        return this.#vouching.recheck();
      case 'discovered':
        return this.#overlay.discovered(input.addresses);
      case 'dial-failed':
        return this.#overlay.dialFailed(input.address, input.reason);
      case 'connection-opened':
        if (input.direction === 'dialled') this.#overlay.opened(input.address);
        return this.#connections.open(input);
      case 'connection-closed':
        return this.#connections.closed(input.connection, input.reason);
      case 'message-received':
        return this.#onMessage(input);
      case 'messages-sent':
        return this.#withPeer(input.connection, (peer) => this.#outbox.sent(peer, input.count));
      case 'round-trip-measured':
        return this.#withPeer(input.connection, (peer) => (peer.roundTripMs = input.milliseconds));
      case 'signed':
      case 'signature-verified':
      case 'credential-verified':
        return this.#context.requests.answered(input);
      case 'stalled':
        return this.#detector.stalled(input.milliseconds);
      case 'leaving':
        this.#departure.begin();
        return this.#voice.leave();
    }
  }

  #wakeUp(): void {
    const { timers, nowMs } = this.#context;
    for (let name = timers.takeDue(nowMs); name !== null; name = timers.takeDue(nowMs)) this.#ring(name);
  }

  #ring(timer: TimerName): void {
    switch (timer) {
      case 'flush':
        // Every step ends with a flush.
        return;
      case 'announce':
        return this.#tree.announce();
      case 'prune':
        return this.#tree.prune();
      case 'graft':
        return this.#tree.fetchMissing();
      case 'anti-entropy':
        return this.#antiEntropy.round();
      case 'overlay':
        return this.#overlay.look();
      case 'handshake':
        return this.#connections.expire();
      case 'detect':
        return this.#detector.sweep();
      case 'farewell':
        return this.#departure.end();
    }
  }

  #onMessage({ connection, bytes }: Extract<Input, { type: 'message-received' }>): void {
    const peer = this.#context.peers.get(connection);
    if (peer === undefined) return;
    const message = decodeMessage(bytes);
    if (message === null) return this.#connections.refuse(peer, 'bytes that are no message');
    this.#context.emit({ type: 'message-counted', direction: 'received', kind: message.type, bytes: bytes.length, records: message.type === 'push' ? message.passages.length : 0 });
    if (peer.phase === 'up') this.#hear(peer, message);
    else this.#connections.greet(peer, message, bytes);
  }

  #hear(peer: Peer, message: Message): void {
    switch (message.type) {
      case 'hello':
      case 'proof':
        return this.#connections.refuse(peer, `a second ${message.type}`);
      case 'push':
        return this.#onPush(peer, message);
      case 'announce':
        return this.#tree.onAnnounce(peer, message.rumors);
      case 'graft':
        this.#tree.onGraft(peer, message.wanted);
        return this.#antiEntropy.answerGraft(peer, message.wanted);
      case 'prune':
        return this.#tree.onPrune(peer, message.prefixes);
      case 'digest':
        return this.#antiEntropy.onDigest(peer, message);
      case 'request':
        return this.#antiEntropy.onRequest(peer, message);
      case 'join':
        return this.#overlay.onJoin(peer, message);
    }
  }

  #onPush(peer: Peer, push: Push): void {
    if (push.path === 'anti-entropy') peer.repaired += push.passages.length;
    for (const { bytes, hops, ageMs } of push.passages) {
      if (peer.phase !== 'up') return;
      this.#admission.receive({ bytes, via: peer, hops, ageMs, path: push.path });
    }
  }

  #onUp(peer: Peer): void {
    this.#tree.raise(peer);
    this.#antiEntropy.raise(peer);
    for (const bytes of peer.early.splice(0)) {
      const message = decodeMessage(bytes);
      if (message !== null && peer.phase === 'up') this.#hear(peer, message);
    }
  }

  #onDown(peer: Peer): void {
    this.#tree.lower(peer);
    this.#overlay.down(peer);
  }

  #onMerged(origin: Origin, held: HeldBundle, arrival: Arrival, before: MemberState | null): void {
    if (held.bundle.sequence === origin.sequence) noteView(origin, held.bundle);
    this.#detector.heard(origin, held, before);
    this.#tree.spread(origin, held, arrival, before);
  }

  /** All memory of an origin goes, but for a tombstone. */
  #forget(origin: Origin): void {
    this.#vouching.freeLeaf(origin);
    this.#detector.forget(origin);
    this.#tree.forget(origin);
    this.#context.origins.forget(origin, this.#context.nowMs);
    this.#context.emit({ type: 'member-forgotten', origin: origin.id });
  }

  #withPeer(connection: number, act: (peer: Peer) => void): void {
    const peer = this.#context.peers.get(connection);
    if (peer !== undefined) act(peer);
  }
}
