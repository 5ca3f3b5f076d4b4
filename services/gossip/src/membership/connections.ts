/**
 * From a connection that TLS has authenticated to a peer that carries gossip, and its end (docs/PROTOCOL.md 7.2, 7.3):
 * hello and proof in both directions, one connection per identity. The credential alone admits nobody (docs/PROTOCOL.md 3.5).
 */
import type { Context } from '../context.js';
import type { Address, ConnectionId, CredentialVerdict, Input, NodeId, PeerCertificate } from '../input.js';
import { limits } from '../limits.js';
import { randomBytes } from '../random.js';
import type { CredentialFacts } from '../record/credential.js';
import { parseLeafUri } from '../record/leaf-uri.js';
import { equalBytes, toHex } from '../record/node-id.js';
import { signedMessage } from '../record/signed-message.js';
import type { Hello, Message, Proof } from '../wire/message.js';
import type { Outbox } from '../wire/outbox.js';
import { Peer } from './peers.js';

/** Application error codes of a close (docs/PROTOCOL.md 7.3). */
export const closeCodes = { refused: 2, surplus: 3, replaced: 4, late: 5 } as const;

const nonceBytes = 32;

export interface ConnectionsListener {
  onUp(peer: Peer): void;
  /** A peer that was up is none any more; it is no longer in the table. */
  onDown(peer: Peer): void;
  /** A credential passed every check but this one: whether its leaf has vouched for another node (docs/PROTOCOL.md 3.4). */
  reportReuse(facts: CredentialFacts): boolean;
  /** A connection ended over which such a credential was admitted; it is no longer in the table. */
  onParted(facts: CredentialFacts): void;
  /** This address, dialled, led to this node itself. */
  onSelf(address: Address): void;
}

export class Connections {
  readonly #context: Context;
  readonly #outbox: Outbox;
  readonly #listener: ConnectionsListener;
  #credential: Uint8Array;

  constructor(context: Context, outbox: Outbox, listener: ConnectionsListener) {
    this.#context = context;
    this.#outbox = outbox;
    this.#listener = listener;
    this.#credential = context.config.credential;
  }

  /** The credential for the hellos to come. */
  renewCredential(credential: Uint8Array): void {
    this.#credential = credential;
  }

  open(opened: Extract<Input, { type: 'connection-opened' }>): void {
    const { peers, timers, nowMs, config } = this.#context;
    const full = this.#fullFor(opened.peer);
    if (full !== null) {
      this.#context.limitReached(full);
      this.#context.emit({ type: 'close', connection: opened.connection, code: closeCodes.surplus, reason: 'no room for another connection' });
      return;
    }
    const { connection, direction, address, localFingerprint, maxDatagramBytes } = opened;
    const nonce = randomBytes(config.random, nonceBytes);
    const peer = new Peer({ connection, direction, address, localFingerprint, peerFingerprint: opened.peer.fingerprint, maxDatagramBytes, nowMs, nonce });
    peers.add(peer);
    this.#outbox.send(peer, {
      type: 'hello',
      clusterTag: config.clusterTag,
      nodeId: this.#context.selfBytes,
      incarnation: this.#context.incarnation,
      nonce,
      peers: peers.up().length,
      credential: this.#credential,
    });
    timers.atLatest('handshake', nowMs + limits.handshakeDeadlineMs);
  }

  /** The bound that leaves no room for another connection of this certificate; null when there is room. */
  #fullFor({ fingerprint, uri }: PeerCertificate): 'maxConnections' | 'maxHandshakesPerLeaf' | null {
    const { peers } = this.#context;
    if (peers.size >= limits.maxConnections) return 'maxConnections';
    if (parseLeafUri(uri)?.form === 'shared') return null;
    let handshakes = 0;
    for (const peer of peers.all()) if (peer.phase !== 'up' && equalBytes(peer.peerFingerprint, fingerprint)) handshakes += 1;
    return handshakes >= limits.maxHandshakesPerLeaf ? 'maxHandshakesPerLeaf' : null;
  }

  /** Handles what comes before a peer is up; anything but hello and proof waits for the handshake. */
  greet(peer: Peer, message: Message, bytes: Uint8Array): void {
    if (message.type === 'hello') return this.#onHello(peer, message);
    if (message.type === 'proof') return this.#onProof(peer, message);
    peer.earlyBytes += bytes.length;
    if (peer.early.length < limits.maxEarlyMessages && peer.earlyBytes <= limits.maxEarlyBytes) {
      peer.early.push(bytes);
      return;
    }
    this.#context.limitReached(peer.earlyBytes > limits.maxEarlyBytes ? 'maxEarlyBytes' : 'maxEarlyMessages');
    this.refuse(peer, 'messages before the handshake');
  }

  #onHello(peer: Peer, hello: Hello): void {
    if (peer.hello !== null) return this.refuse(peer, 'a second hello');
    if (!equalBytes(hello.clusterTag, this.#context.config.clusterTag)) return this.refuse(peer, 'wrong cluster');
    if (equalBytes(hello.nodeId, this.#context.selfBytes)) {
      if (peer.direction === 'dialled') this.#listener.onSelf(peer.address);
      return this.refuse(peer, 'own identity');
    }
    const id = toHex(hello.nodeId);
    if (this.#context.peers.isBarred(id, this.#context.nowMs)) return this.refuse(peer, 'it broke the protocol a moment ago');
    peer.hello = hello;
    peer.id = id;
    peer.phase = 'proving';
    const { requests } = this.#context;
    requests.verifyCredential(hello.credential, (verdict) => this.#onCredentialVerified(peer, verdict));
    requests.sign(this.#proofMessage(peer, peer.direction), (signature) => this.#onSigned(peer, signature));
    if (peer.earlyProof !== null) this.#checkProof(peer, peer.earlyProof);
  }

  #onProof(peer: Peer, proof: Proof): void {
    if (peer.proofSeen) return this.refuse(peer, 'a second proof');
    peer.proofSeen = true;
    if (peer.hello === null) peer.earlyProof = proof.signature;
    else this.#checkProof(peer, proof.signature);
  }

  #checkProof(peer: Peer, signature: Uint8Array): void {
    const theirs = peer.direction === 'dialled' ? 'accepted' : 'dialled';
    const publicKey = peer.hello?.nodeId ?? new Uint8Array(0);
    this.#context.requests.verifySignature({ publicKey, message: this.#proofMessage(peer, theirs), signature }, (valid) => this.#onProofVerified(peer, valid));
  }

  /** What the end of this direction signs: both ends of this very connection, so that it proves nothing on another. */
  #proofMessage(peer: Peer, direction: 'dialled' | 'accepted'): Uint8Array {
    const ours = { fingerprint: peer.localFingerprint, nonce: peer.nonce, id: this.#context.selfBytes };
    const theirs = { fingerprint: peer.peerFingerprint, nonce: peer.hello?.nonce ?? new Uint8Array(0), id: peer.hello?.nodeId ?? new Uint8Array(0) };
    const [dialler, acceptor] = peer.direction === 'dialled' ? [ours, theirs] : [theirs, ours];
    const parts = [dialler.fingerprint, acceptor.fingerprint, dialler.nonce, acceptor.nonce, dialler.id, acceptor.id];
    const body = new Uint8Array(1 + parts.reduce((sum, part) => sum + part.length, 0));
    body[0] = direction === 'dialled' ? 0 : 1;
    let at = 1;
    for (const part of parts) {
      body.set(part, at);
      at += part.length;
    }
    return signedMessage('starling/proof/1', body);
  }

  #onSigned(peer: Peer, signature: Uint8Array): void {
    if (peer.phase !== 'closed') this.#outbox.send(peer, { type: 'proof', signature });
  }

  #onProofVerified(peer: Peer, valid: boolean): void {
    if (peer.phase === 'closed') return;
    if (!valid) return this.refuse(peer, 'its proof is not signed by the key that it names');
    peer.proofVerified = true;
    this.#raise(peer);
  }

  #onCredentialVerified(peer: Peer, verdict: CredentialVerdict): void {
    if (peer.phase === 'closed') return;
    if (!verdict.admitted) return this.refuse(peer, `credential ${verdict.reason}`);
    const { facts } = verdict;
    if (facts.nodeId !== peer.id) return this.refuse(peer, 'credential of another node');
    if (!equalBytes(facts.leafFingerprint, peer.peerFingerprint)) return this.refuse(peer, 'credential of another certificate than the one presented');
    if (this.#listener.reportReuse(facts)) return this.refuse(peer, 'its certificate has vouched for another node');
    peer.facts = facts;
    this.#raise(peer);
  }

  #raise(peer: Peer): void {
    if (!peer.isProven || peer.id === null) return;
    const rival = this.#context.peers.upWith(peer.id);
    if (rival !== undefined) {
      const loser = this.#survivor(rival, peer) === peer ? rival : peer;
      this.close(loser, closeCodes.replaced, 'another connection of the same identity stays');
      if (loser === peer) return;
    }
    this.#context.peers.raise(peer, peer.id);
    this.#context.emit({ type: 'peer-up', connection: peer.connection, peer: peer.id, direction: peer.direction, address: peer.address });
    this.#listener.onUp(peer);
  }

  /** Dialled at the same time from both ends: that of the smaller id stays. Otherwise the one that came up last, as after a restart. */
  #survivor(older: Peer, newer: Peer): Peer {
    if (older.hello?.incarnation !== newer.hello?.incarnation || older.direction === newer.direction) return newer;
    const smaller = this.#context.config.self < (newer.id as NodeId) ? 'dialled' : 'accepted';
    return newer.direction === smaller ? newer : older;
  }

  /**
   * A peer broke the protocol. One that was up is not let in again for a while, else it costs as much with each connection
   * (docs/PROTOCOL.md 7.2); it may have come back before what it brought over an earlier one was found out.
   */
  refuse(peer: Peer, reason: string): void {
    if (!peer.isProven) return this.#refuseConnection(peer, reason);
    peer.allowance.barredUntilMs = this.#context.nowMs + limits.barredMs;
    for (const other of [...this.#context.peers.all()]) if (other.id === peer.id) this.#refuseConnection(other, reason);
  }

  #refuseConnection(peer: Peer, reason: string): void {
    this.#context.emit({ type: 'peer-refused', connection: peer.connection, peer: peer.id, reason });
    this.close(peer, closeCodes.refused, reason);
  }

  close(peer: Peer, code: number, reason: string): void {
    if (peer.phase === 'closed') return;
    this.#context.emit({ type: 'close', connection: peer.connection, code, reason });
    this.#remove(peer, reason);
  }

  /** The transport says that it ended. */
  closed(connection: ConnectionId, reason: string): void {
    const peer = this.#context.peers.get(connection);
    if (peer !== undefined) this.#remove(peer, reason);
  }

  #remove(peer: Peer, reason: string): void {
    const wasUp = peer.phase === 'up';
    peer.phase = 'closed';
    this.#context.peers.remove(peer);
    this.#outbox.forget(peer);
    if (peer.facts !== null) this.#listener.onParted(peer.facts);
    if (!wasUp) return;
    this.#context.emit({ type: 'peer-down', connection: peer.connection, peer: peer.id ?? '', reason });
    this.#listener.onDown(peer);
  }

  /** Closes what has not come through the handshake in time. */
  expire(): void {
    const { peers, nowMs, timers } = this.#context;
    for (const peer of [...peers.all()]) {
      if (peer.phase === 'up') continue;
      const dueMs = peer.openedAtMs + limits.handshakeDeadlineMs;
      if (dueMs <= nowMs) this.close(peer, closeCodes.late, 'the handshake took too long');
      else timers.atLatest('handshake', dueMs);
    }
  }

}
