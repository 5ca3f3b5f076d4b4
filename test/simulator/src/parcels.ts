/** Messages as those who look on read them, and as a malicious node makes them: the codec of the core writes also what no honest node says. */
import { compareBytes } from '@starling/gossip';
import { decodeMessage, encodeMessage, type Message, type Passage, type Push } from '@starling/gossip/wire';

const nothing = new Uint8Array(0);
const everything = { from: new Uint8Array(8), to: new Uint8Array(8).fill(255) } as const;

/** One of each type, as short as it gets. */
const shortest: { readonly [T in Message['type']]: Extract<Message, { type: T }> } = {
  hello: { type: 'hello', clusterTag: nothing, nodeId: nothing, incarnation: 0, nonce: nothing, peers: 0, credential: nothing },
  proof: { type: 'proof', signature: nothing },
  push: { type: 'push', path: 'eager', passages: [] },
  announce: { type: 'announce', rumors: [] },
  graft: { type: 'graft', wanted: [] },
  prune: { type: 'prune', prefixes: [] },
  digest: { type: 'digest', ...everything, entries: [] },
  request: { type: 'request', prefixes: [], continueAt: null },
  join: { type: 'join', steps: 0, address: '' },
};
const pushes: Readonly<Record<Push['path'], string>> = { eager: 'push eager', graft: 'push grafted', 'anti-entropy': 'push repair' };

// Every message that is sent is told by its first bytes: to decode it would take longer than all the rest of looking on.
const codeOf = (type: Message['type']) => encodeMessage(shortest[type])[0] as number;
const codeOfPath = (path: Push['path']) => encodeMessage({ ...shortest.push, path })[1] as number;
const names = new Map(Object.values(shortest).map(({ type }) => [codeOf(type), type]));
const pushNames = new Map(Object.entries(pushes).map(([path, name]) => [codeOfPath(path as Push['path']), name]));
const codes = { push: codeOf('push'), digest: codeOf('digest'), join: codeOf('join'), repair: codeOfPath('anti-entropy') } as const;

/** What a message is, and of a push also why it was sent. */
export function kindOf(message: Uint8Array): string {
  return isPush(message) ? (pushNames.get(message[1] as number) ?? 'push ?') : (names.get(message[0] as number) ?? '?');
}

export function isPush(message: Uint8Array): boolean {
  return message[0] === codes.push;
}

/** A push that answers a digest or a request. */
export function isRepair(message: Uint8Array): boolean {
  return isPush(message) && message[1] === codes.repair;
}

export function isDigest(message: Uint8Array): boolean {
  return message[0] === codes.digest;
}

/** None for another message. */
export function passagesOf(push: Uint8Array): readonly Passage[] {
  const message = decodeMessage(push);
  return message?.type === 'push' ? message.passages : [];
}

export function pushOf(passages: readonly Passage[]): Uint8Array {
  return encodeMessage({ type: 'push', path: 'eager', passages });
}

export function announceOf(ids: readonly Uint8Array[], incarnation: number, sequence: number): Uint8Array {
  return encodeMessage({ type: 'announce', rumors: ids.map((id) => ({ prefix: prefixOf(id), incarnation, sequence, hops: 1 })) });
}

export function graftOf(ids: readonly Uint8Array[]): Uint8Array {
  return encodeMessage({ type: 'graft', wanted: ids.map((id) => ({ prefix: prefixOf(id), incarnation: 0, sequence: 0 })) });
}

/** Claims to hold of these origins what nobody has said. */
export function digestOf(ids: readonly Uint8Array[], sequence: number): Uint8Array {
  const prefixes = ids.map(prefixOf).sort(compareBytes);
  return encodeMessage({ type: 'digest', ...everything, entries: prefixes.map((prefix) => ({ prefix, incarnation: 9, sequence, fingerprint: 12_345 })) });
}

/** Null for another message. */
export function addressOfJoin(message: Uint8Array): string | null {
  const join = message[0] === codes.join ? decodeMessage(message) : null;
  return join?.type === 'join' ? join.address : null;
}

export function joinOf(address: string): Uint8Array {
  return encodeMessage({ type: 'join', steps: 5, address });
}

function prefixOf(id: Uint8Array): Uint8Array {
  return id.subarray(0, 8);
}
