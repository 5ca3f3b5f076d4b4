/**
 * One core on a bench: virtual time, signatures of the simulator, and peers that are played by the test. What the core asks
 * of its shell is answered at once, in order; everything else that it puts out is kept for the test to look at.
 */
import { type BundleRecord, type ConnectionId, createEngine, encodeBundle, encodeDescriptor, encodeSample, type Engine, type Event, type Input, kinds, messageOfUnsigned, type Output, sealBundle, seededRandom, signedMessage, toHex } from '@starling/gossip';
import { decodeMessage, encodeMessage } from '../../services/gossip/src/wire/codec.js';
import type { DigestEntry, Message, Passage, Push } from '../../services/gossip/src/wire/message.js';
import { maxDatagramBytes } from '../simulator/src/network.js';
import { epochMs } from '../simulator/src/simulated-node.js';
import { clusterTag, type ToyKey, toyCredential, toyCredentialFacts, toyKey, toySign, toyVerify } from '../simulator/src/toy-crypto.js';

export { clusterTag, epochMs, maxDatagramBytes, type ToyKey, toyKey };

export const metrics = [{ name: 'm', unit: '1', type: 'gauge' as const, exponent: 0 }];

export interface RigOptions {
  readonly seed?: number;
  readonly incarnation?: number;
  readonly advertise?: string | null;
  readonly maxDatagramBytes?: number;
}

type Sent = { readonly connection: ConnectionId; readonly channel: 'datagram' | 'stream'; readonly bytes: Uint8Array };

export class CoreRig {
  readonly key: ToyKey;
  readonly engine: Engine;
  readonly options: RigOptions;
  nowMs = 1_000;
  /** Added to the wall clock of the node, milliseconds. */
  wallOffsetMs = 0;
  readonly sent: Sent[] = [];
  readonly events: Event[] = [];
  readonly dialled: string[] = [];
  readonly closed: { readonly connection: ConnectionId; readonly code: number; readonly reason: string }[] = [];
  readonly persisted: number[] = [];
  departures = 0;
  /** What is not answered waits here instead; for tests of what happens meanwhile. */
  readonly held: Input[] = [];
  holdsAnswers = false;
  /** Whether what is sent leaves at once; else the test gives `messages-sent`. */
  returnsCredit = true;
  /** What the authority thinks of credentials; replaced to take trust away. */
  judge = toyCredentialFacts;
  #connections = 0;

  constructor(options: RigOptions = {}) {
    this.options = options;
    this.key = toyKey(options.seed ?? 1, 0);
    this.engine = createEngine({
      clusterTag,
      self: this.key.id,
      incarnation: options.incarnation ?? 1,
      credential: toyCredential(this.key),
      descriptor: { name: 'rig', version: '1', labels: {}, metrics },
      advertise: options.advertise ?? null,
      sampleIntervalMs: 1_000,
      connections: { type: 'logarithmic' },
      random: seededRandom(options.seed ?? 1),
    });
    this.give({ type: 'started' });
  }

  /** Takes an input to the core and answers what it asks, until it asks nothing more. Returns all outputs, in order. */
  give(input: Input): Output[] {
    const all: Output[] = [];
    const inputs: Input[] = [input];
    for (let next = inputs.shift(); next !== undefined; next = inputs.shift()) {
      const outputs = this.engine.step(next, { monotonicMs: this.nowMs, wallMs: epochMs + this.nowMs + this.wallOffsetMs });
      for (const output of outputs) {
        all.push(output);
        const answer = this.#carryOut(output);
        if (answer === null) continue;
        if (this.holdsAnswers && answer.type !== 'messages-sent') this.held.push(answer);
        else inputs.push(answer);
      }
    }
    return all;
  }

  /** Lets time pass, with every wake-up that the core asks for. */
  advance(milliseconds: number): void {
    const untilMs = this.nowMs + milliseconds;
    for (let next = this.engine.nextWakeup(); next !== null && next.atMs <= untilMs; next = this.engine.nextWakeup()) {
      this.nowMs = Math.max(this.nowMs, next.atMs);
      this.give({ type: 'wake-up' });
    }
    this.nowMs = untilMs;
  }

  /** Releases the answers that were held. */
  release(): void {
    this.holdsAnswers = false;
    for (const input of this.held.splice(0)) this.give(input);
  }

  /** A connection that TLS has authenticated, before any hello. */
  open(key: ToyKey, direction: 'dialled' | 'accepted' = 'accepted', address = `10.0.0.${this.#connections + 1}:9740`): ConnectionId {
    this.#connections += 1;
    const connection = this.#connections;
    this.give({ type: 'connection-opened', connection, direction, address, localFingerprint: this.key.leaf, peer: { fingerprint: key.leaf, uri: '' }, maxDatagramBytes: this.options.maxDatagramBytes ?? maxDatagramBytes });
    return connection;
  }

  /** A peer that is up. `peers`: how many it says it has; `address`: where it is reached. */
  connect(key: ToyKey, direction: 'dialled' | 'accepted' = 'accepted', said: { readonly peers?: number; readonly incarnation?: number; readonly address?: string } = {}): ConnectionId {
    const connection = this.open(key, direction, said.address);
    this.hear(connection, helloOf(key, said));
    this.hear(connection, { type: 'proof', signature: this.proofOf(connection, key, direction) });
    return connection;
  }

  /** The proof that the played peer owes on this connection. */
  proofOf(connection: ConnectionId, key: ToyKey, direction: 'dialled' | 'accepted', nonce = nonceOf(key)): Uint8Array {
    const hello = this.messagesTo(connection).find((message) => message.type === 'hello');
    if (hello?.type !== 'hello') throw new Error('the core said no hello');
    const ours = [this.key.leaf, hello.nonce, this.key.publicKey];
    const theirs = [key.leaf, nonce, key.publicKey];
    const [dialler, acceptor] = direction === 'dialled' ? [ours, theirs] : [theirs, ours];
    const parts = [0, 1, 2].flatMap((i) => [dialler[i] as Uint8Array, acceptor[i] as Uint8Array]);
    const body = Uint8Array.from([direction === 'dialled' ? 1 : 0, ...parts.flatMap((part) => [...part])]);
    return toySign(key.publicKey, signedMessage('starling/proof/1', body));
  }

  hear(connection: ConnectionId, message: Message): Output[] {
    return this.hearBytes(connection, encodeMessage(message));
  }

  hearBytes(connection: ConnectionId, bytes: Uint8Array): Output[] {
    return this.give({ type: 'message-received', connection, channel: 'stream', bytes });
  }

  push(connection: ConnectionId, bundles: readonly Uint8Array[], path: Push['path'] = 'eager', how: Partial<Passage> = {}): Output[] {
    return this.hear(connection, { type: 'push', path, passages: bundles.map((bytes) => ({ hops: 1, ageMs: 0, ...how, bytes })) });
  }

  messagesTo(connection: ConnectionId): Message[] {
    return this.sent.filter((one) => one.connection === connection).map(({ bytes }) => decodeMessage(bytes) as Message);
  }

  /** The bundles pushed to a connection, in order. */
  pushedTo(connection: ConnectionId, path: Push['path'] = 'eager'): Uint8Array[] {
    return this.messagesTo(connection).flatMap((message) => (message.type === 'push' && message.path === path ? message.passages.map(({ bytes }) => bytes) : []));
  }

  /** What it holds, as this stranger gets to know it who becomes a peer and goes again: the bundles in force, in hexadecimal, and its digest. */
  contents(stranger: ToyKey): { readonly inForce: string[]; readonly digest: readonly DigestEntry[] } {
    const connection = this.connect(stranger, 'accepted', { peers: 4 });
    const digest = this.messagesTo(connection).flatMap((message) => (message.type === 'digest' ? message.entries : []));
    this.hear(connection, { type: 'digest', from: new Uint8Array(8), to: new Uint8Array(8).fill(0xff), entries: [] });
    const inForce = this.pushedTo(connection, 'anti-entropy').map(toHex);
    this.give({ type: 'connection-closed', connection, reason: 'seen' });
    this.sent.length = 0;
    return { inForce, digest };
  }

  /** Forgets what was seen so far. */
  clear(): void {
    this.sent.length = 0;
    this.events.length = 0;
    this.dialled.length = 0;
    this.closed.length = 0;
  }

  all<T extends Event['type']>(type: T): Extract<Event, { type: T }>[] {
    return this.events.filter((event): event is Extract<Event, { type: T }> => event.type === type);
  }

  refusals(): string[] {
    return this.all('record-refused').map(({ reason }) => reason);
  }

  #carryOut(output: Output): Input | null {
    switch (output.type) {
      case 'send':
        this.sent.push(output);
        return this.returnsCredit ? { type: 'messages-sent', connection: output.connection, count: 1 } : null;
      case 'sign':
        return { type: 'signed', request: output.request, signature: toySign(this.key.publicKey, output.message) };
      case 'verify-signature':
        return { type: 'signature-verified', request: output.request, valid: toyVerify(output.publicKey, output.message, output.signature) };
      case 'verify-credential': {
        const facts = this.judge(output.credential);
        return { type: 'credential-verified', request: output.request, result: facts === null ? { admitted: false, reason: 'untrusted-chain' } : { admitted: true, facts } };
      }
      case 'dial':
        this.dialled.push(output.address);
        return null;
      case 'close':
        this.closed.push(output);
        return null;
      case 'discover':
        return null;
      case 'persist-incarnation':
        this.persisted.push(output.incarnation);
        return null;
      case 'departed':
        this.departures += 1;
        return null;
      default:
        this.events.push(output);
        return null;
    }
  }
}

/** A core with one peer that is up, and nothing seen so far. */
export function rigWith(peer: ToyKey): { readonly rig: CoreRig; readonly connection: ConnectionId } {
  const rig = new CoreRig();
  const connection = rig.connect(peer);
  rig.clear();
  return { rig, connection };
}

export function nonceOf(key: ToyKey): Uint8Array {
  return key.leaf.map((byte) => byte ^ 0xff);
}

export function helloOf(key: ToyKey, said: { readonly peers?: number; readonly incarnation?: number } = {}): Message {
  return { type: 'hello', clusterTag, nodeId: key.publicKey, incarnation: said.incarnation ?? 1, nonce: nonceOf(key), peers: said.peers ?? 3, credential: toyCredential(key) };
}

export interface Saying {
  readonly incarnation?: number;
  readonly sequence: number;
  /** Virtual time of the origin, milliseconds. */
  readonly atMs?: number;
  /** Seconds; ten minutes unless it is said. */
  readonly lifetimeS?: number;
  readonly records: readonly BundleRecord[];
}

/** A bundle signed by this key. */
export function bundleOf(key: ToyKey, { incarnation = 1, sequence, atMs = 0, lifetimeS = 600, records }: Saying): Uint8Array {
  const unsigned = encodeBundle({ clusterTag, origin: key.id, incarnation, sequence, timeMs: epochMs + atMs, lifetimeS, records });
  return sealBundle(unsigned, toySign(key.publicKey, messageOfUnsigned(unsigned)));
}

export const credentialRecord = (key: ToyKey): BundleRecord => ({ kind: kinds.credential, payload: toyCredential(key) });
export const descriptorRecord = (name = 'node'): BundleRecord => ({ kind: kinds.descriptor, payload: encodeDescriptor({ name, version: '1', labels: {}, metrics }) });
export const sampleRecord = (value = 0): BundleRecord => ({ kind: kinds.sample, payload: encodeSample({ descriptorSequence: 1, viewDigest: new Uint8Array(8), multiples: [value] }) });
export const farewellRecord: BundleRecord = { kind: kinds.farewell, payload: new Uint8Array(0) };

/** The first word of a life: who it is and what it measures. */
export function introductionOf(key: ToyKey, incarnation = 1, atMs = 0): Uint8Array {
  return bundleOf(key, { incarnation, sequence: 1, atMs, records: [credentialRecord(key), descriptorRecord(), sampleRecord()] });
}

export function sampleOf(key: ToyKey, sequence: number, atMs = 0, incarnation = 1): Uint8Array {
  return bundleOf(key, { incarnation, sequence, atMs, records: [sampleRecord(sequence)] });
}
