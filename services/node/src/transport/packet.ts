/** What can be read of a QUIC packet without keys (RFC 9000 section 17), as far as routing needs it. Never throws. */
import { transportLimits } from './transport-limits.js';

export type Packet =
  /** Names the connection by our own id. */
  | { readonly type: 'short'; readonly destination: string }
  | {
      readonly type: 'initial' | 'other-long';
      readonly version: number;
      readonly destination: Buffer;
      readonly source: Buffer;
      /** Of an Initial packet; empty when there is none. */
      readonly token: Buffer;
    }
  | { readonly type: 'malformed' };

const malformed: Packet = { type: 'malformed' };
const none = Buffer.alloc(0);
/** Ids of QUIC version 1 have at most so many bytes. */
const maxIdBytes = 20;

export function readPacket(bytes: Buffer): Packet {
  const first = bytes[0];
  if (first === undefined) return malformed;
  if ((first & 0x80) === 0) {
    const end = 1 + transportLimits.connectionIdBytes;
    return bytes.length < end ? malformed : { type: 'short', destination: bytes.toString('latin1', 1, end) };
  }
  if (bytes.length < 7) return malformed;
  const version = bytes.readUInt32BE(1);
  const destinationEnd = 6 + (bytes[5] as number);
  const sourceEnd = destinationEnd + 1 + (bytes[destinationEnd] ?? maxIdBytes + 1);
  if (destinationEnd - 6 > maxIdBytes || sourceEnd - destinationEnd - 1 > maxIdBytes || sourceEnd > bytes.length) return malformed;
  const destination = bytes.subarray(6, destinationEnd);
  const source = bytes.subarray(destinationEnd + 1, sourceEnd);
  if ((first & 0x30) !== 0) return { type: 'other-long', version, destination, source, token: none };
  const token = readToken(bytes, sourceEnd);
  return token === null ? malformed : { type: 'initial', version, destination, source, token };
}

function readToken(bytes: Buffer, at: number): Buffer | null {
  const first = bytes[at];
  if (first === undefined) return null;
  const width = 1 << (first >> 6);
  if (at + width > bytes.length || width > 4) return null;
  let length = first & 0x3f;
  for (let i = 1; i < width; i++) length = length * 256 + (bytes[at + i] as number);
  const end = at + width + length;
  return end > bytes.length ? null : bytes.subarray(at + width, end);
}
