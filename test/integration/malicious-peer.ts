/**
 * A peer with a certificate of the network that speaks the protocol over QUIC as it pleases. It is written against
 * docs/PROTOCOL.md, and of the product uses the transport and the codec alone: what it says no engine has decided.
 */
import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { type ConnectionId, encodeBundle, encodeDescriptor, encodeSample, kinds, messageOfUnsigned, sealBundle, signedMessage, toHex, type BundleRecord } from '@starling/gossip';
import { decodeMessage, encodeMessage } from '../../services/gossip/src/wire/codec.js';
import type { Hello, Message, Passage, Push } from '../../services/gossip/src/wire/message.js';
import { clusterTagOf, makeCredential } from '../../services/node/src/certificates/credential.js';
import { openQuicTransport, type QuicTransport } from '../../services/node/src/transport/quic-transport.js';
import type { IssuedLeaf } from '../support/authority.js';
import { eventually } from '../support/eventually.js';
import { type Opened, RecordingListener } from '../support/transport-end.js';
import { cluster } from './node-process.js';

/** A long-term key and its name. */
export interface Key {
  readonly id: string;
  readonly key: KeyObject;
}

export function newKey(): Key {
  const { privateKey } = generateKeyPairSync('ed25519');
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  return { id: toHex(Buffer.from(x, 'base64url')), key: privateKey };
}

export function credentialOf(leaf: IssuedLeaf, nodeId: string): Uint8Array {
  return makeCredential({ clusterTag: clusterTagOf(cluster), nodeId, chainPem: leaf.cert, keyPem: leaf.key });
}

export interface Words {
  readonly incarnation?: number;
  readonly sequence: number;
  readonly timeMs?: number;
  /** Whom it is said to be of, when not of the key that signs. */
  readonly origin?: string;
  readonly records: readonly BundleRecord[];
}

/** A bundle, signed by this key whatever it says. */
export function speak({ id, key }: Key, { incarnation = 1, sequence, timeMs = Date.now(), origin = id, records }: Words): Uint8Array {
  const unsigned = encodeBundle({ clusterTag: clusterTagOf(cluster), origin, incarnation, sequence, timeMs, lifetimeS: 600, records });
  return sealBundle(unsigned, sign(null, messageOfUnsigned(unsigned), key));
}

const metrics = [{ name: 'system.cpu.utilization', unit: '1', type: 'gauge' as const, exponent: -4 }];

/** What a node says first: who vouches for it, what it is called, and a value. */
export function introduction(name: string, credential: Uint8Array | null, multiple = 1): readonly BundleRecord[] {
  return [
    ...(credential === null ? [] : [{ kind: kinds.credential, payload: credential }]),
    { kind: kinds.descriptor, payload: encodeDescriptor({ name, version: '9', labels: {}, metrics }) },
    sample(multiple),
  ];
}

/** A value that refers to a descriptor of sequence 1. */
export function sample(multiple: number): BundleRecord {
  return { kind: kinds.sample, payload: encodeSample({ descriptorSequence: 1, viewDigest: new Uint8Array(8), multiples: [multiple] }) };
}

export class MaliciousPeer {
  readonly key: Key;
  readonly leaf: IssuedLeaf;
  readonly transport: QuicTransport;
  readonly heard: RecordingListener;
  readonly #nonce = randomBytes(32);
  #decoded = 0;
  readonly #messages: { readonly connection: ConnectionId; readonly message: Message }[] = [];

  private constructor(key: Key, leaf: IssuedLeaf, transport: QuicTransport, heard: RecordingListener) {
    this.key = key;
    this.leaf = leaf;
    this.transport = transport;
    this.heard = heard;
  }

  static async open(leaf: IssuedLeaf, root: string, key: Key = newKey()): Promise<MaliciousPeer> {
    const heard = new RecordingListener();
    const credentials = () => ({ chainPem: leaf.cert, keyPem: leaf.key, rootsPem: root });
    const transport = await openQuicTransport({ host: '127.0.0.1', port: 0, cluster, credentials, endOfTrust: () => Number.POSITIVE_INFINITY, listener: heard });
    return new MaliciousPeer(key, leaf, transport, heard);
  }

  get id(): string {
    return this.key.id;
  }

  get credential(): Uint8Array {
    return credentialOf(this.leaf, this.id);
  }

  /** Everything that it was told, over all connections or over one. */
  messages(over?: Opened): readonly Message[] {
    for (; this.#decoded < this.heard.messages.length; this.#decoded++) {
      const { connection = 0, bytes = new Uint8Array(0) } = this.heard.messages[this.#decoded] ?? {};
      const message = decodeMessage(bytes);
      if (message !== null) this.#messages.push({ connection, message });
    }
    return this.#messages.filter(({ connection }) => over === undefined || connection === over.connection).map(({ message }) => message);
  }

  passages(): readonly Passage[] {
    return this.messages().flatMap((message) => (message.type === 'push' ? message.passages : []));
  }

  /** A connection that TLS let through; not yet a peer. */
  async connect(address: string): Promise<Opened> {
    const before = this.heard.opened.length;
    this.transport.dial(address);
    return eventually(`TLS with ${address}`, () => {
      if (this.heard.failed.length > 0) throw new Error(this.heard.failed[0]?.reason);
      return this.heard.opened[before];
    });
  }

  /** Hello and proof, sound unless changed; no proof when the other side ends it on our hello, which its own may not outrun. */
  async greet(opened: Opened, changes: Partial<Hello> & { readonly signature?: Uint8Array; readonly signer?: Key } = {}): Promise<void> {
    const own: Hello = { type: 'hello', clusterTag: clusterTagOf(cluster), nodeId: Buffer.from(this.id, 'hex'), incarnation: 1, nonce: this.#nonce, peers: 0, credential: this.credential };
    const { signature, signer = this.key, ...changed } = changes;
    const hello = { ...own, ...changed };
    this.send(opened, hello);
    const theirs = await eventually('their hello, or the end', () => this.messages(opened).find((message) => message.type === 'hello') ?? this.#endOf(opened));
    if (!('nonce' in theirs)) return;
    const parts = [opened.localFingerprint, opened.peer.fingerprint, hello.nonce, theirs.nonce, hello.nodeId, theirs.nodeId];
    this.send(opened, { type: 'proof', signature: signature ?? sign(null, signedMessage('starling/proof/1', Buffer.concat([Buffer.of(0), ...parts])), signer.key) });
  }

  /** Becomes a peer: the other side sends what only peers are sent. */
  async join(address: string): Promise<Opened> {
    const opened = await this.connect(address);
    await this.greet(opened);
    await eventually('the other side treats us as a peer', () => this.messages(opened).some(({ type }) => type !== 'hello' && type !== 'proof'));
    return opened;
  }

  send(opened: Opened, message: Message): void {
    this.transport.send(opened.connection, 'stream', encodeMessage(message));
  }

  push(opened: Opened, ...bundles: readonly Uint8Array[]): void {
    const push: Push = { type: 'push', path: 'eager', passages: bundles.map((bytes) => ({ hops: 1, ageMs: 0, bytes })) };
    this.send(opened, push);
  }

  /** Resolves with the reason when the connection is closed. */
  async closed(opened: Opened): Promise<string> {
    return (await eventually('the connection is closed', () => this.#endOf(opened))).reason;
  }

  #endOf(opened: Opened): { readonly reason: string } | undefined {
    return this.heard.closed.find(({ connection }) => connection === opened.connection);
  }

  close(): Promise<void> {
    return this.transport.shutdown();
  }
}
