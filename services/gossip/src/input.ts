/**
 * Everything that can happen to a node, one sentence each. `Engine.step` takes one of these and nothing else reaches
 * the core (docs/ARCHITECTURE.md, "One door in, one list out").
 */
import type { CredentialFacts, CredentialRefusal } from './record/credential.js';
import type { Descriptor } from './record/descriptor.js';

/** A dial target, `host:port` with an IP literal (`[v6]:port`); never spread beyond docs/PROTOCOL.md section 6. */
export type Address = string;

/** Names one connection for the life of the process; never used again. */
export type ConnectionId = number;

/** Joins an answer of the shell (signature, verdict) to the request of the core that asked for it. */
export type RequestId = number;

/** Public key of a node, 64 lowercase hexadecimal digits: its name in the network. */
export type NodeId = string;

/** Both clocks, read once per step by the shell. Ordering and timers use the first, time stamps the second. */
export interface Now {
  /** Milliseconds of a clock that never goes back; its origin means nothing. */
  readonly monotonicMs: number;
  /** Milliseconds since 1970 UTC; may jump. */
  readonly wallMs: number;
}

/** `datagram` may be lost and is small; `stream` arrives once, whole, in no particular order. */
export type Channel = 'datagram' | 'stream';

/** What the transport has established about the other end before the core hears of a connection. */
export interface PeerCertificate {
  /** SHA-256 of the DER of the peer's leaf, 32 bytes. */
  readonly fingerprint: Uint8Array;
  /** Its one URI subject alternative name, already of a form of docs/PROTOCOL.md section 3. */
  readonly uri: string;
}

/** What a credential says, or why it is not believed. */
export type CredentialVerdict = { readonly admitted: true; readonly facts: CredentialFacts } | { readonly admitted: false; readonly reason: CredentialRefusal };

export type Input =
  /** The node begins: the first input, given once. */
  | { readonly type: 'started' }
  /** The time that `nextWakeup` named has come. */
  | { readonly type: 'wake-up' }
  /** The machine was measured; one value per metric of the own descriptor, undefined where it could not be read. */
  | { readonly type: 'sampled'; readonly values: readonly (number | undefined)[] }
  /** The own descriptor changed (labels, metrics, name). */
  | { readonly type: 'described'; readonly descriptor: Descriptor }
  /** An application on this machine has something to say, under a kind of its own (docs/PROTOCOL.md section 4). */
  | { readonly type: 'reported'; readonly records: readonly { readonly kind: number; readonly payload: Uint8Array }[] }
  /** The leaf certificate was renewed: the new credential to show and to spread. */
  | { readonly type: 'credential-renewed'; readonly credential: Uint8Array }
  /** The roots that the shell trusts changed: every credential has to be looked at again. */
  | { readonly type: 'trust-changed' }
  /** Discovery answered. */
  | { readonly type: 'discovered'; readonly addresses: readonly Address[] }
  /** A dial that the core asked for did not lead to a connection. */
  | { readonly type: 'dial-failed'; readonly address: Address; readonly reason: string }
  /** A connection is authenticated by TLS on both sides; the hello comes next and is the core's affair. */
  | {
      readonly type: 'connection-opened';
      readonly connection: ConnectionId;
      readonly direction: 'dialled' | 'accepted';
      /** The address dialled, or the one that the packets come from. */
      readonly address: Address;
      /** SHA-256 of our own leaf as used on this connection, 32 bytes. */
      readonly localFingerprint: Uint8Array;
      readonly peer: PeerCertificate;
      /** The largest datagram payload that this connection carries, bytes. */
      readonly maxDatagramBytes: number;
    }
  /** A connection ended, whoever ended it. */
  | { readonly type: 'connection-closed'; readonly connection: ConnectionId; readonly reason: string }
  /** Bytes came from a peer. They are not ours to change, and not to be trusted. */
  | { readonly type: 'message-received'; readonly connection: ConnectionId; readonly channel: Channel; readonly bytes: Uint8Array }
  /** `count` messages that were handed out by `send` left this machine (or were dropped as datagrams may be): credit returns. */
  | { readonly type: 'messages-sent'; readonly connection: ConnectionId; readonly count: number }
  /** The transport's current estimate of a connection's round trip. */
  | { readonly type: 'round-trip-measured'; readonly connection: ConnectionId; readonly milliseconds: number }
  /** The signature that was asked for by `sign`. */
  | { readonly type: 'signed'; readonly request: RequestId; readonly signature: Uint8Array }
  /** The answer to `verify-signature`. */
  | { readonly type: 'signature-verified'; readonly request: RequestId; readonly valid: boolean }
  /** The answer to `verify-credential`. */
  | { readonly type: 'credential-verified'; readonly request: RequestId; readonly result: CredentialVerdict }
  /** This process did not run for so long (paused, starved): what was not heard meanwhile is nobody's fault. */
  | { readonly type: 'stalled'; readonly milliseconds: number }
  /** Say farewell: the process is about to end. */
  | { readonly type: 'leaving' };
