/** What peers say to each other (docs/PROTOCOL.md section 7), as values. codec.ts turns them to bytes and back. */
import type { Address } from '../input.js';

/** First message in each direction. */
export interface Hello {
  readonly type: 'hello';
  readonly clusterTag: Uint8Array;
  readonly nodeId: Uint8Array;
  readonly incarnation: number;
  /** 32 bytes. */
  readonly nonce: Uint8Array;
  /** How many peers the sender has: who has none is not turned away. */
  readonly peers: number;
  readonly credential: Uint8Array;
}

/** Second message in each direction: the node key signs what only the two ends of this connection have in common. */
export interface Proof {
  readonly type: 'proof';
  readonly signature: Uint8Array;
}

/** How far a bundle has come. */
export interface Passage {
  /** Connections crossed, this one included. */
  readonly hops: number;
  /** Time spent so far at the origin, at each hop and between them, milliseconds. */
  readonly ageMs: number;
  readonly bytes: Uint8Array;
}

/** Bundles: along the tree, after a graft, or in answer to anti-entropy. */
export interface Push {
  readonly type: 'push';
  readonly path: 'eager' | 'graft' | 'anti-entropy';
  readonly passages: readonly Passage[];
}

/** A bundle in three numbers. */
export interface Announcement {
  /** First 8 bytes of the origin. */
  readonly prefix: Uint8Array;
  readonly incarnation: number;
  readonly sequence: number;
}

/** A bundle that the sender has, and over how many connections it came to it. */
export interface Rumor extends Announcement {
  readonly hops: number;
}

export interface Announce {
  readonly type: 'announce';
  readonly rumors: readonly Rumor[];
}

/** Push the news of these origins over this link from now on, and send what you hold beyond what the sender states to hold (0, 0: nothing). */
export interface Graft {
  readonly type: 'graft';
  readonly wanted: readonly Announcement[];
}

/** Push the news of these origins over this link no more. */
export interface Prune {
  readonly type: 'prune';
  readonly prefixes: readonly Uint8Array[];
}

export interface DigestEntry extends Announcement {
  /** Over the kinds in force except samples (docs/PROTOCOL.md 9.2). */
  readonly fingerprint: number;
}

/** What the sender holds of the origins whose prefix lies between two bounds, both included, in order. */
export interface Digest {
  readonly type: 'digest';
  readonly from: Uint8Array;
  readonly to: Uint8Array;
  readonly entries: readonly DigestEntry[];
}

/** The end of an answer to a digest: what the answering side lacks, and where it stopped for want of budget. */
export interface Request {
  readonly type: 'request';
  readonly prefixes: readonly Uint8Array[];
  /** Null when the whole range was answered. */
  readonly continueAt: Uint8Array | null;
}

/** Somebody looks for peers; whoever the walk ends at dials the address. */
export interface Join {
  readonly type: 'join';
  readonly steps: number;
  readonly address: Address;
}

export type Message = Hello | Proof | Push | Announce | Graft | Prune | Digest | Request | Join;
export type MessageType = Message['type'];
