/** The connections of this node and the state of each. */
import type { Address, Channel, ConnectionId, NodeId } from '../input.js';
import { limits } from '../limits.js';
import { putLast } from '../put-last.js';
import type { CredentialFacts } from '../record/credential.js';
import type { HeldBundle, Origin } from '../store/origin.js';
import type { Hello } from '../wire/message.js';
import { Allowance } from './allowance.js';

export type PeerPhase = 'greeting' | 'proving' | 'up' | 'closed';

/** A message that waits for credit. */
export interface Waiting {
  readonly channel: Channel;
  readonly bytes: Uint8Array;
}

/** Where a pass over the id space began, where it goes on, and whether it is past the end and near its beginning again. */
export interface CatchUp {
  readonly start: Uint8Array;
  next: Uint8Array;
  wrapped: boolean;
  /** How often it went on where the other had stopped, since the last round. */
  continued: number;
}

export class Peer {
  readonly connection: ConnectionId;
  readonly direction: 'dialled' | 'accepted';
  readonly address: Address;
  readonly localFingerprint: Uint8Array;
  readonly peerFingerprint: Uint8Array;
  readonly maxDatagramBytes: number;
  readonly openedAtMs: number;

  // Written by connections.ts: the handshake.
  phase: PeerPhase = 'greeting';
  /** Who it is, once its proof was verified; before that what it claims. */
  id: NodeId | null = null;
  readonly nonce: Uint8Array;
  hello: Hello | null = null;
  /** A proof that overtook its hello. */
  earlyProof: Uint8Array | null = null;
  proofSeen = false;
  /** Messages that overtook the handshake, in order of arrival. */
  readonly early: Uint8Array[] = [];
  earlyBytes = 0;
  /** Of its credential, once that was admitted. */
  facts: CredentialFacts | null = null;
  proofVerified = false;

  // By the outbox.
  /** Bundles that wait to be pushed: per origin only what is still in force. */
  readonly queue = new Map<Origin, HeldBundle[]>();
  queuedBytes = 0;
  readonly waiting: Waiting[] = [];
  outstanding = 0;
  flushedAtMs = Number.NEGATIVE_INFINITY;

  // By the tree.
  /** Origins whose news are pushed over this link. */
  carried = 0;
  /** Origins that are waited for because it announced them. */
  awaited = 0;

  // By the repair.
  /** The first pass over its whole store; null when done. */
  catchUp: CatchUp | null = null;
  /** The range of the digest that it has not answered yet. */
  asked: { readonly from: Uint8Array; readonly to: Uint8Array; readonly atMs: number } | null = null;
  /** Bundles that it sent in the exchange under way. */
  repaired = 0;

  /** As the transport measures it. */
  roundTripMs = 0;
  /** What it may still cost; once it is up, that of its node. */
  allowance: Allowance;

  constructor(opened: { connection: ConnectionId; direction: 'dialled' | 'accepted'; address: Address; localFingerprint: Uint8Array; peerFingerprint: Uint8Array; maxDatagramBytes: number; nowMs: number; nonce: Uint8Array }) {
    this.connection = opened.connection;
    this.direction = opened.direction;
    this.address = opened.address;
    this.localFingerprint = opened.localFingerprint;
    this.peerFingerprint = opened.peerFingerprint;
    this.maxDatagramBytes = opened.maxDatagramBytes;
    this.openedAtMs = opened.nowMs;
    this.nonce = opened.nonce;
    this.allowance = new Allowance(opened.nowMs);
  }

  /** Whether it is the node that it names: nobody else can have earned what comes of it. */
  get isProven(): boolean {
    return this.facts !== null && this.proofVerified;
  }
}

export class Peers {
  readonly #byConnection = new Map<ConnectionId, Peer>();
  /** Those that are up; kept as an array because every push walks it. */
  #up: Peer[] = [];
  /** What those may still cost that are up no more; whose connection ended longest ago comes first. */
  readonly #parted = new Map<NodeId, Allowance>();

  get size(): number {
    return this.#byConnection.size;
  }

  get(connection: ConnectionId): Peer | undefined {
    return this.#byConnection.get(connection);
  }

  add(peer: Peer): void {
    this.#byConnection.set(peer.connection, peer);
  }

  remove(peer: Peer): void {
    this.#byConnection.delete(peer.connection);
    if (peer.id === null || !this.#up.includes(peer)) return;
    this.#up = this.#up.filter((other) => other !== peer);
    putLast(this.#parted, peer.id, peer.allowance, limits.maxPartedNodes);
  }

  /** Its proof and its credential were accepted, and no other connection of this node is up: it goes on with what its node has left (docs/PROTOCOL.md 11.3). */
  raise(peer: Peer, id: NodeId): void {
    peer.phase = 'up';
    peer.allowance = this.#parted.get(id) ?? peer.allowance;
    this.#parted.delete(id);
    this.#up = [...this.#up, peer];
  }

  /** Whether this node broke the protocol a moment ago (docs/PROTOCOL.md 7.2). */
  isBarred(id: NodeId, nowMs: number): boolean {
    const allowance = this.#parted.get(id);
    return allowance !== undefined && nowMs < allowance.barredUntilMs;
  }

  trustChanged(nowMs: number): void {
    for (const { allowance } of this.#up) allowance.trustChanged(nowMs);
    for (const allowance of this.#parted.values()) allowance.trustChanged(nowMs);
  }

  /** Those whose hello and proof were accepted here. */
  up(): readonly Peer[] {
    return this.#up;
  }

  upWith(id: NodeId): Peer | undefined {
    return this.#up.find((peer) => peer.id === id);
  }

  all(): IterableIterator<Peer> {
    return this.#byConnection.values();
  }
}
