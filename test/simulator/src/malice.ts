/**
 * What a malicious node does to the messages of the honest engine that it runs, and what it adds. Each has the node's
 * own key and a credential of the authority, and nothing else that is not its own.
 */
import { type BundleRecord, type Channel, decodeBundle, encodeBundle, encodeSample, kinds, limits, messageOfUnsigned, sealBundle } from '@starling/gossip';
import { announceOf, digestOf, graftOf, isDigest, isPush, joinOf, passagesOf, pushOf } from './parcels.js';
import type { Link, SimulatedNode } from './simulated-node.js';
import { clusterTag, toyCredential, type ToyKey, toySign } from './toy-crypto.js';
import type { World } from './world.js';

export interface Parcel {
  readonly channel: Channel;
  readonly bytes: Uint8Array;
}

export interface Malice {
  readonly name: MaliceName;
  /** How often something else went out than the engine wanted. */
  readonly acts: number;
  /** What goes out in place of what the engine wanted to send. */
  tamper(world: World, node: SimulatedNode, link: Link, parcel: Parcel): readonly Parcel[];
}

export const maliceNames = ['forge', 'alter', 'replay', 'future', 'oversize', 'flood', 'equivocate', 'invent', 'lie', 'poison', 'swallow'] as const;
export type MaliceName = (typeof maliceNames)[number];

type Tamper = Malice['tamper'];
/** Of the pushes of a malicious node, one in so many is used for its purpose; the rest keeps it connected. */
const every = 8;
/** Ahead of what its victim has said. */
const ahead = 1_000;

export function maliceOf(name: MaliceName): Malice {
  const tamper = makers[name]();
  let acts = 0;
  return {
    name,
    get acts() {
      return acts;
    },
    tamper(world, node, link, parcel) {
      const parcels = tamper(world, node, link, parcel);
      if (parcels.length !== 1 || parcels[0] !== parcel) acts += 1;
      return parcels;
    },
  };
}

const makers: Readonly<Record<MaliceName, () => Tamper>> = {
  forge: () => onPushes((world, node, parcel) => [parcel, asStream(forged(world, node, parcel, 'victim'))]),
  alter: () => onPushes((_world, _node, parcel) => [altered(parcel)]),
  replay,
  future: () => onPushes((world, node, parcel) => [parcel, asStream(spoken(world, node, node.key, { sequence: 2 ** 30, aheadMs: limits.maxFutureMs * 10 }))]),
  oversize: () => onPushes((_world, _node, parcel) => [parcel, asStream(new Uint8Array(limits.maxMessageBytes + 1).fill(3)), asStream(pushOf([{ hops: 1, ageMs: 0, bytes: new Uint8Array(limits.maxBundleBytes + 1).fill(1) }]))]),
  flood: () => onPushes((world, node, parcel) => [...Array.from({ length: 50 }, () => parcel), asStream(announceOf(unknowns(world, 100), 1, 1)), asStream(graftOf(knowns(world, 200))), asStream(graftOf(knowns(world, 200))), asStream(forged(world, node, parcel, 'itself'))]),
  equivocate: () => onPushes((world, node, parcel, link) => [parcel, asStream(spoken(world, node, node.key, { sequence: 2 ** 20 + Math.floor(world.nowMs / 1_000), aheadMs: link.ids[0] % 7 }))]),
  invent: () => onPushes((world, node, parcel) => [parcel, asStream(invented(world, node))]),
  lie: () => (world, _node, _link, parcel) => (isDigest(parcel.bytes) ? [asStream(digestOf([...knowns(world, 50), ...unknowns(world, 50)], 2 ** 40))] : [parcel]),
  poison: () => onPushes((world, _node, parcel) => [parcel, ...Array.from({ length: 10 }, () => asStream(joinOf(`192.0.2.${Math.floor(world.random() * 255)}:${1_000 + Math.floor(world.random() * 9_000)}`)))]),
  swallow: () => (_world, _node, _link, parcel) => (isPush(parcel.bytes) ? [] : [parcel]),
};

function onPushes(act: (world: World, node: SimulatedNode, parcel: Parcel, link: Link) => readonly Parcel[]): Tamper {
  let count = 0;
  return (world, node, link, parcel) => {
    if (!isPush(parcel.bytes)) return [parcel];
    count += 1;
    return count % every === 0 ? act(world, node, parcel, link) : [parcel];
  };
}

function asStream(bytes: Uint8Array): Parcel {
  return { channel: 'stream', bytes };
}

/** Says again, much later, what it passed on once. */
function replay(): Tamper {
  const kept: Parcel[] = [];
  return (world, _node, _link, parcel) => {
    if (!isPush(parcel.bytes)) return [parcel];
    if (kept.length < 2_000) kept.push(parcel);
    const old = kept[Math.floor(world.random() * kept.length)] as Parcel;
    return [parcel, old];
  };
}

/** One bit of the last bundle is another. */
function altered(parcel: Parcel): Parcel {
  const passages = passagesOf(parcel.bytes);
  const last = passages[passages.length - 1];
  if (last === undefined) return parcel;
  const bytes = last.bytes.slice();
  const at = bytes.length - 70;
  bytes[at] = (bytes[at] as number) ^ 1;
  return { channel: parcel.channel, bytes: pushOf([...passages.slice(0, -1), { ...last, bytes }]) };
}

/** A newer bundle of somebody else, or of itself, under a signature that it cannot make or did not care to. */
function forged(world: World, node: SimulatedNode, parcel: Parcel, whose: 'victim' | 'itself'): Uint8Array {
  const known = passagesOf(parcel.bytes)[0];
  const decoding = known === undefined ? null : decodeBundle(known.bytes);
  if (decoding === null || !decoding.ok) return parcel.bytes;
  const { origin, incarnation, sequence, records } = decoding.bundle;
  const unsigned = encodeBundle({ clusterTag, origin: whose === 'itself' ? node.key.id : origin, incarnation, sequence: sequence + ahead, timeMs: node.wallMs(world.nowMs), lifetimeS: 600, records });
  const message = messageOfUnsigned(unsigned);
  const isOwn = origin === node.key.id;
  const signature = whose === 'itself' ? new Uint8Array(64).fill(7) : isOwn ? world.sign(node, message) : toySign(node.key.publicKey, message);
  return pushOf([{ hops: 1, ageMs: 0, bytes: sealBundle(unsigned, signature) }]);
}

/** A bundle that a key says itself, validly signed by it. */
function spoken(world: World, node: SimulatedNode, key: ToyKey, { sequence, aheadMs, credential }: { sequence: number; aheadMs: number; credential?: Uint8Array }): Uint8Array {
  const sample = { kind: kinds.sample, payload: encodeSample({ descriptorSequence: 1, viewDigest: new Uint8Array(8), multiples: [1] }) };
  const records: BundleRecord[] = credential === undefined ? [sample] : [{ kind: kinds.credential, payload: credential }, sample];
  const unsigned = encodeBundle({ clusterTag, origin: key.id, incarnation: node.disk.incarnation, sequence, timeMs: Math.round(node.wallMs(world.nowMs) + aheadMs), lifetimeS: 600, records });
  const message = messageOfUnsigned(unsigned);
  const signature = key === node.key ? world.sign(node, message) : toySign(key.publicKey, message);
  return pushOf([{ hops: 1, ageMs: 0, bytes: sealBundle(unsigned, signature) }]);
}

/** A node that the authority never admitted: its credential is one that the inventor wrote. */
function invented(world: World, node: SimulatedNode): Uint8Array {
  const key = world.newKey();
  const credential = toyCredential(key);
  credential[credential.length - 60] = (credential[credential.length - 60] as number) ^ 1;
  credential[credential.length - 64] = (credential[credential.length - 64] as number) ^ 1;
  return spoken(world, node, key, { sequence: 1, aheadMs: 0, credential });
}

function knowns(world: World, count: number): Uint8Array[] {
  const start = Math.floor(world.random() * world.nodes.length);
  return [...new Set(Array.from({ length: Math.min(count, world.nodes.length) }, (_, i) => (world.nodes[(start + i) % world.nodes.length] as SimulatedNode).key.publicKey))];
}

function unknowns(world: World, count: number): Uint8Array[] {
  return Array.from({ length: count }, () => Uint8Array.from({ length: 8 }, () => Math.floor(world.random() * 256)));
}
