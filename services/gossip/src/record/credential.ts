/** Kind 0: what joins a node id to the certificate authority (docs/PROTOCOL.md section 3). */
import type { NodeId } from '../input.js';
import { limits } from '../limits.js';
import { Reader } from '../wire/reader.js';
import { Writer } from '../wire/writer.js';
import { fromHex, nodeIdBytes, toHex } from './node-id.js';
import { signedMessage } from './signed-message.js';

/** What the shell established about a credential that it admitted. */
export interface CredentialFacts {
  readonly nodeId: NodeId;
  readonly cluster: string;
  /** SHA-256 of the leaf, 32 bytes. */
  readonly leafFingerprint: Uint8Array;
  /** SHA-256 of what the authority signed of the leaf (its tbsCertificate), 32 bytes: two leaves are one if this is the same (docs/PROTOCOL.md 3.6). */
  readonly leafContent: Uint8Array;
  /** The leaf's URI subject alternative name. */
  readonly uri: string;
  /** `named`: the leaf names this node id; `first-come`: it names none and serves one; `shared`: it may serve many. */
  readonly binding: 'named' | 'first-come' | 'shared';
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** SHA-256 of the trusted root that the chain ends in, 32 bytes. */
  readonly rootFingerprint: Uint8Array;
}

/** Why a credential is refused (docs/PROTOCOL.md 3.7). */
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

export interface Credential {
  readonly clusterTag: Uint8Array;
  readonly nodeId: NodeId;
  readonly notBeforeS: number;
  readonly notAfterS: number;
  /** DER, leaf first. */
  readonly chain: readonly Uint8Array[];
  readonly leafSignature: Uint8Array;
}

const version = 1;
const tagBytes = 8;
const leafSignatureBytes = 64;

/** Everything but the leaf signature. */
export function encodeCredential(credential: Omit<Credential, 'leafSignature'>): Uint8Array {
  const writer = new Writer(new Uint8Array(1_024));
  writer.u8(version).bytes(credential.clusterTag).bytes(fromHex(credential.nodeId) ?? new Uint8Array(nodeIdBytes));
  writer.varint(credential.notBeforeS).varint(credential.notAfterS).u8(credential.chain.length);
  for (const certificate of credential.chain) writer.blob(certificate);
  return writer.finish();
}

/** The bytes that the leaf signature covers, given a credential without it. */
export function messageOfUnsignedCredential(unsigned: Uint8Array): Uint8Array {
  return signedMessage('starling/credential/1', unsigned);
}

/** The bytes that the leaf signature covers, given a whole credential. */
export function messageOfCredential(bytes: Uint8Array): Uint8Array {
  return messageOfUnsignedCredential(bytes.subarray(0, bytes.length - leafSignatureBytes));
}

/** The form only; whether to believe it is docs/PROTOCOL.md 3.3. Null for bytes that are no credential. */
export function decodeCredential(bytes: Uint8Array): Credential | null {
  if (bytes.length > limits.maxCredentialBytes) return null;
  const reader = new Reader(bytes);
  if (reader.u8() !== version) return null;
  const clusterTag = reader.bytes(tagBytes);
  const nodeId = toHex(reader.bytes(nodeIdBytes));
  const notBeforeS = reader.varint();
  const notAfterS = reader.varint();
  const count = reader.u8();
  if (count === 0 || count > limits.maxCertificates) return null;
  const chain: Uint8Array[] = [];
  for (let i = 0; i < count && !reader.failed; i++) chain.push(reader.blob(limits.maxCredentialBytes));
  const leafSignature = reader.bytes(leafSignatureBytes);
  return reader.ended ? { clusterTag, nodeId, notBeforeS, notAfterS, chain, leafSignature } : null;
}
