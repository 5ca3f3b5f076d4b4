/** Messages to bytes and back (docs/PROTOCOL.md 7.1). Decoding never throws: bytes that are no message are null. */
import { limits } from '../limits.js';
import type { Memory } from '../memory.js';
import { nodeIdBytes } from '../record/node-id.js';
import type { Announcement, DigestEntry, Message, MessageType, Passage, Push, Rumor } from './message.js';
import { Reader } from './reader.js';
import { varintBytes, Writer } from './writer.js';

/** First byte of each message. */
const codes: Readonly<Record<MessageType, number>> = { hello: 1, proof: 2, push: 3, announce: 4, graft: 5, prune: 6, digest: 7, request: 8, join: 9 };
const paths: readonly Push['path'][] = ['eager', 'graft', 'anti-entropy'];
export const prefixBytes = 8;
const tagBytes = 8;
const nonceBytes = 32;
const signatureBytes = 64;

/** Bytes of a push that are not passages; and of a passage that are not the bundle, at most. */
export const pushOverheadBytes = 2;
export const passageOverheadBytes = 1 + 5 + 3;

/** `memory`: where the bytes are taken from, when many messages are made. */
export function encodeMessage(message: Message, memory?: Memory): Uint8Array {
  const length = lengthOf(message);
  const writer = new Writer(length === null ? undefined : (memory?.take(length) ?? new Uint8Array(length)));
  writer.u8(codes[message.type]);
  switch (message.type) {
    case 'hello':
      writer.bytes(message.clusterTag).bytes(message.nodeId).varint(message.incarnation).bytes(message.nonce).varint(message.peers).blob(message.credential);
      break;
    case 'proof':
      writer.bytes(message.signature);
      break;
    case 'push':
      writer.u8(paths.indexOf(message.path));
      for (const passage of message.passages) writePassage(writer, passage);
      break;
    case 'announce':
      for (const rumor of message.rumors) writeAnnouncement(writer, rumor).u8(rumor.hops);
      break;
    case 'graft':
      for (const wanted of message.wanted) writeAnnouncement(writer, wanted);
      break;
    case 'prune':
      for (const prefix of message.prefixes) writer.bytes(prefix);
      break;
    case 'digest':
      writer.bytes(message.from).bytes(message.to);
      for (const entry of message.entries) writeAnnouncement(writer, entry).varint(entry.fingerprint);
      break;
    case 'request':
      writer.u8(message.continueAt === null ? 0 : 1);
      if (message.continueAt !== null) writer.bytes(message.continueAt);
      for (const prefix of message.prefixes) writer.bytes(prefix);
      break;
    case 'join':
      writer.u8(message.steps).text(message.address);
      break;
  }
  return writer.finish();
}

/** Exactly what the frequent messages take, so that they are written once and not copied; null for others. */
function lengthOf(message: Message): number | null {
  let bytes = 1;
  switch (message.type) {
    case 'push':
      bytes += 1;
      for (const passage of message.passages) bytes += 1 + varintBytes(ageOf(passage)) + varintBytes(passage.bytes.length) + passage.bytes.length;
      return bytes;
    case 'announce':
      for (const rumor of message.rumors) bytes += announcementBytes(rumor) + 1;
      return bytes;
    case 'digest':
      bytes += 2 * prefixBytes;
      for (const entry of message.entries) bytes += announcementBytes(entry) + varintBytes(entry.fingerprint);
      return bytes;
    case 'prune':
      return bytes + message.prefixes.length * prefixBytes;
    default:
      return null;
  }
}

function announcementBytes({ incarnation, sequence }: Announcement): number {
  return prefixBytes + varintBytes(incarnation) + varintBytes(sequence);
}

function writePassage(writer: Writer, passage: Passage): void {
  writer.u8(passage.hops).varint(ageOf(passage)).blob(passage.bytes);
}

function ageOf(passage: Passage): number {
  return Math.min(limits.maxAgeMs, Math.max(0, Math.round(passage.ageMs)));
}

function writeAnnouncement(writer: Writer, announcement: Announcement): Writer {
  return writer.bytes(announcement.prefix).varint(announcement.incarnation).varint(announcement.sequence);
}

export function decodeMessage(bytes: Uint8Array): Message | null {
  if (bytes.length > limits.maxMessageBytes) return null;
  const reader = new Reader(bytes);
  const message = readMessage(reader);
  return message !== null && reader.ended ? message : null;
}

function readMessage(reader: Reader): Message | null {
  switch (reader.u8()) {
    case codes.hello:
      return {
        type: 'hello',
        clusterTag: reader.bytes(tagBytes),
        nodeId: reader.bytes(nodeIdBytes),
        incarnation: reader.varint(),
        nonce: reader.bytes(nonceBytes),
        peers: reader.varint(),
        credential: reader.blob(limits.maxCredentialBytes),
      };
    case codes.proof:
      return { type: 'proof', signature: reader.bytes(signatureBytes) };
    case codes.push:
      return readPush(reader);
    case codes.announce:
      return { type: 'announce', rumors: readMany(reader, limits.maxAnnouncements, readRumor) };
    case codes.graft:
      return { type: 'graft', wanted: readMany(reader, limits.maxRequestedOrigins, readAnnouncement) };
    case codes.prune:
      return { type: 'prune', prefixes: readMany(reader, limits.maxRequestedOrigins, readPrefix) };
    case codes.digest:
      return { type: 'digest', from: reader.bytes(prefixBytes), to: reader.bytes(prefixBytes), entries: readMany(reader, limits.maxDigestEntries, readDigestEntry) };
    case codes.request:
      return readRequest(reader);
    case codes.join:
      return { type: 'join', steps: reader.u8(), address: reader.text(limits.maxAddressBytes) };
    default:
      return null;
  }
}

function readPush(reader: Reader): Message | null {
  const path = paths[reader.u8()];
  if (path === undefined) return null;
  const passages: Passage[] = [];
  while (reader.remaining > 0 && !reader.failed) {
    passages.push({ hops: reader.u8(), ageMs: reader.varintUpTo(limits.maxAgeMs), bytes: reader.blob(limits.maxMessageBytes) });
  }
  return { type: 'push', path, passages };
}

function readRequest(reader: Reader): Message | null {
  const continued = reader.u8();
  if (continued > 1) return null;
  const continueAt = continued === 1 ? reader.bytes(prefixBytes) : null;
  return { type: 'request', continueAt, prefixes: readMany(reader, limits.maxRequestedOrigins, readPrefix) };
}

function readMany<T>(reader: Reader, most: number, read: (reader: Reader) => T): T[] {
  const items: T[] = [];
  while (reader.remaining > 0 && !reader.failed) {
    if (items.length === most) reader.fail();
    else items.push(read(reader));
  }
  return items;
}

function readPrefix(reader: Reader): Uint8Array {
  return reader.bytes(prefixBytes);
}

function readAnnouncement(reader: Reader): Announcement {
  return { prefix: reader.bytes(prefixBytes), incarnation: reader.varint(), sequence: reader.varint() };
}

function readRumor(reader: Reader): Rumor {
  return { prefix: reader.bytes(prefixBytes), incarnation: reader.varint(), sequence: reader.varint(), hops: reader.u8() };
}

function readDigestEntry(reader: Reader): DigestEntry {
  return { prefix: reader.bytes(prefixBytes), incarnation: reader.varint(), sequence: reader.varint(), fingerprint: reader.varintUpTo(0xffffffff) };
}
