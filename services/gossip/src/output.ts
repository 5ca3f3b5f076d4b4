/**
 * Everything that the core can ask of the shell or tell it, one sentence each. Requests are to be carried out; events
 * are what metrics, log, API and history hang off, and off nothing else.
 */
import type { Address, Channel, ConnectionId, NodeId, RequestId } from './input.js';
import type { ReportedLimit } from './limits.js';
import type { CredentialFacts } from './record/credential.js';
import type { Bundle } from './record/bundle.js';
import type { RefusalReason } from './record/refusal-reason.js';
import type { MessageType } from './wire/message.js';

/** Requests to the shell. */
export type Request =
  /** Open a connection to this address; answered by `connection-opened` or `dial-failed`. */
  | { readonly type: 'dial'; readonly address: Address }
  /** Close a connection; `reason` is at most 200 ASCII characters and goes to the other side. */
  | { readonly type: 'close'; readonly connection: ConnectionId; readonly code: number; readonly reason: string }
  /** Send these bytes; answered by `messages-sent` once they have left (credit). */
  | { readonly type: 'send'; readonly connection: ConnectionId; readonly channel: Channel; readonly bytes: Uint8Array }
  /** Sign with the node key: Ed25519 over exactly these bytes. */
  | { readonly type: 'sign'; readonly request: RequestId; readonly message: Uint8Array }
  /** Check an Ed25519 signature. */
  | {
      readonly type: 'verify-signature';
      readonly request: RequestId;
      readonly publicKey: Uint8Array;
      readonly message: Uint8Array;
      readonly signature: Uint8Array;
    }
  /** Check a credential against the trusted roots, at the current wall time. */
  | { readonly type: 'verify-credential'; readonly request: RequestId; readonly credential: Uint8Array }
  /** Ask discovery for addresses, now. */
  | { readonly type: 'discover' }
  /** Keep this incarnation on disk before anything is signed with it (an own record from a former life was met). */
  | { readonly type: 'persist-incarnation'; readonly incarnation: number }
  /** The farewell has left for every peer, or was waited for long enough: the process may end. */
  | { readonly type: 'departed' };

/** A life as judged by this node (docs/PROTOCOL.md section 8). */
export type MemberState = 'alive' | 'suspect' | 'failed' | 'left';

/** What happened, for those who watch. */
export type Event =
  /** A bundle was admitted and superseded what was known of its origin. `via` is null for our own. */
  | {
      readonly type: 'record-merged';
      readonly origin: NodeId;
      readonly bundle: Bundle;
      /** Kinds of this bundle that superseded an older record; a late bundle may supersede only some. */
      readonly kinds: readonly number[];
      /** Kinds of older bundles of its origin whose records went out of force, since there is no room for them beside this one. */
      readonly dropped: readonly number[];
      readonly via: NodeId | null;
      readonly hops: number;
      /** Age on arrival, milliseconds, from the time spent at each hop (no synchronized clocks). */
      readonly ageMs: number;
      /** How the bundle reached us. */
      readonly path: 'own' | 'eager' | 'graft' | 'anti-entropy';
    }
  /** A bundle that was new to us was refused; `origin` is what it claims, null where it could not be read. */
  | { readonly type: 'record-refused'; readonly origin: NodeId | null; readonly via: NodeId | null; readonly verdict: 'ignore' | 'reject'; readonly reason: RefusalReason }
  /** A bundle arrived again. Counted, so that the redundancy of the overlay can be measured. */
  | { readonly type: 'record-repeated'; readonly origin: NodeId; readonly via: NodeId }
  /** Two contents under one (incarnation, sequence), both validly signed: proof of misbehaviour of that origin. */
  | { readonly type: 'equivocation-proven'; readonly origin: NodeId; readonly first: Uint8Array; readonly second: Uint8Array }
  /** One leaf certificate vouched for two node ids: proof of misbehaviour of the leaf's holder. */
  | { readonly type: 'leaf-reused'; readonly fingerprint: Uint8Array; readonly first: NodeId; readonly second: NodeId }
  /** The credential of an origin was admitted or replaced. */
  | { readonly type: 'credential-admitted'; readonly origin: NodeId; readonly credential: Uint8Array; readonly facts: CredentialFacts }
  /** An origin was met, or its state changed. `previous` is null when it was not known before. */
  | { readonly type: 'member-changed'; readonly origin: NodeId; readonly state: MemberState; readonly previous: MemberState | null; readonly incarnation: number }
  /** All memory of an origin is gone (it left or failed long ago). */
  | { readonly type: 'member-forgotten'; readonly origin: NodeId }
  /** Another process uses our key, or our disk was restored: we met a record of ours that we did not make. */
  | { readonly type: 'own-identity-conflict'; readonly incarnation: number; readonly sequence: number; readonly repeated: boolean }
  /** A dial came to nothing. `reason` may hold what the other side worded. */
  | { readonly type: 'dial-failed'; readonly address: Address; readonly reason: string }
  /** The hello and the proof of the other end were accepted, which need not be so at the other end yet: this connection carries gossip. */
  | { readonly type: 'peer-up'; readonly connection: ConnectionId; readonly peer: NodeId; readonly direction: 'dialled' | 'accepted'; readonly address: Address }
  /** A peer is no longer one. */
  | { readonly type: 'peer-down'; readonly connection: ConnectionId; readonly peer: NodeId; readonly reason: string }
  /** A link began (`eager`) or ceased (`lazy`) to carry news as they come; it still announces them. */
  | { readonly type: 'peer-push-changed'; readonly connection: ConnectionId; readonly peer: NodeId; readonly push: 'eager' | 'lazy' }
  /** A handshake or a message of a peer broke the protocol; the connection is closed. */
  | { readonly type: 'peer-refused'; readonly connection: ConnectionId; readonly peer: NodeId | null; readonly reason: string }
  /** One message went out or came in; for counting by kind and size. */
  | { readonly type: 'message-counted'; readonly direction: 'sent' | 'received'; readonly kind: MessageType; readonly bytes: number; readonly records: number }
  /** A bound was reached and something was dropped for it. */
  | { readonly type: 'limit-reached'; readonly limit: ReportedLimit }
  /** One anti-entropy exchange ended. */
  | { readonly type: 'anti-entropy-ended'; readonly peer: NodeId; readonly received: number; readonly sent: number }
  /** The number of different settled views among the origins alive, and how many share ours. */
  | { readonly type: 'views-compared'; readonly agreeing: number; readonly total: number; readonly views: number };

export type Output = Request | Event;
