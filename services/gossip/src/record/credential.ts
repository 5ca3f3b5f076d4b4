/** What joins a node id to the certificate authority (docs/PROTOCOL.md section 3). */
import type { NodeId } from '../input.js';

/** What the shell established about a credential that it admitted. */
export interface CredentialFacts {
  readonly nodeId: NodeId;
  readonly cluster: string;
  /** SHA-256 of the leaf, 32 bytes. */
  readonly leafFingerprint: Uint8Array;
  /** The leaf's URI subject alternative name. */
  readonly uri: string;
  /** `named`: the leaf names this node id; `first-come`: it names none and serves one; `shared`: it may serve many. */
  readonly binding: 'named' | 'first-come' | 'shared';
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** SHA-256 of the trusted root that the chain ends in, 32 bytes. */
  readonly rootFingerprint: Uint8Array;
}

export type CredentialRefusal =
  | 'malformed'
  | 'untrusted-chain'
  | 'expired'
  | 'not-yet-valid'
  | 'wrong-usage'
  | 'wrong-uri'
  | 'wrong-cluster'
  | 'wrong-node'
  | 'bad-signature';
