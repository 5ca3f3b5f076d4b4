/** Messages by hand (docs/PROTOCOL.md section 7): as those who look on read them, and as a malicious node makes them. */
import { compareBytes } from '@starling/gossip';

export interface Passage {
  readonly hops: number;
  readonly ageMs: number;
  readonly bytes: Uint8Array;
}

const names = ['?', 'hello', 'proof', 'push', 'announce', 'graft', 'prune', 'digest', 'request', 'join'] as const;
const pushes = ['push eager', 'push grafted', 'push repair'] as const;
const code = (name: (typeof names)[number]) => names.indexOf(name);
const codes = { push: code('push'), announce: code('announce'), graft: code('graft'), digest: code('digest'), join: code('join') } as const;
const repair = pushes.indexOf('push repair');

/** What a message is, and of a push also why it was sent. */
export function kindOf(message: Uint8Array): string {
  return isPush(message) ? (pushes[message[1] as number] ?? 'push ?') : (names[message[0] as number] ?? '?');
}

export function isPush(message: Uint8Array): boolean {
  return message[0] === codes.push;
}

/** A push that answers a digest or a request. */
export function isRepair(message: Uint8Array): boolean {
  return isPush(message) && message[1] === repair;
}

export function isDigest(message: Uint8Array): boolean {
  return message[0] === codes.digest;
}

export function passagesOf(push: Uint8Array): Passage[] {
  const passages: Passage[] = [];
  let at = 2;
  const number = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = push[at++] ?? 0;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < push.length) {
    const hops = push[at++] as number;
    const ageMs = number();
    const length = number();
    passages.push({ hops, ageMs, bytes: push.slice(at, at + length) });
    at += length;
  }
  return passages;
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return [...bytes, rest];
}

export function pushOf(passages: readonly Passage[]): Uint8Array {
  const parts = passages.map(({ hops, ageMs, bytes }) => [Uint8Array.from([hops, ...varint(ageMs), ...varint(bytes.length)]), bytes]).flat();
  return joined([Uint8Array.of(codes.push, 0), ...parts]);
}

export function announceOf(prefixes: readonly Uint8Array[], incarnation: number, sequence: number): Uint8Array {
  return joined([Uint8Array.of(codes.announce), ...prefixes.map((prefix) => Uint8Array.from([...prefix.subarray(0, 8), ...varint(incarnation), ...varint(sequence), 1]))]);
}

export function graftOf(prefixes: readonly Uint8Array[]): Uint8Array {
  return joined([Uint8Array.of(codes.graft), ...prefixes.map((prefix) => Uint8Array.from([...prefix.subarray(0, 8), 0, 0]))]);
}

/** Claims to hold of these origins what nobody has said. */
export function digestOf(prefixes: readonly Uint8Array[], sequence: number): Uint8Array {
  const ordered = [...prefixes].map((prefix) => prefix.subarray(0, 8)).sort(compareBytes);
  return joined([Uint8Array.of(codes.digest), new Uint8Array(8), new Uint8Array(8).fill(255), ...ordered.map((prefix) => Uint8Array.from([...prefix, ...varint(9), ...varint(sequence), ...varint(12_345)]))]);
}

/** Null for another message. */
export function addressOfJoin(message: Uint8Array): string | null {
  return message[0] === codes.join ? String.fromCharCode(...message.subarray(3)) : null;
}

export function joinOf(address: string): Uint8Array {
  return Uint8Array.from([codes.join, 5, address.length, ...[...address].map((letter) => letter.charCodeAt(0))]);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
