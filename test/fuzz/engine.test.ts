/** A core under fire: arbitrary bytes from a peer and from strangers. It never throws, stays within its limits, and what it rejects changes nothing. */
import { type ConnectionId, encodeBundle, kinds, limits, messageOfUnsigned, type Output, type Random, sealBundle } from '@starling/gossip';
import { expect, it } from 'vitest';
import { pick as pickFrom, randomBytes } from '../../services/gossip/src/random.js';
import { decodeMessage, encodeMessage } from '../../services/gossip/src/wire/codec.js';
import type { Announcement, Message } from '../../services/gossip/src/wire/message.js';
import { excesses } from '../simulator/src/bounds.js';
import { bundleOf, clusterTag, CoreRig, credentialRecord, descriptorRecord, epochMs, farewellRecord, helloOf, introductionOf, maxDatagramBytes, sampleOf, sampleRecord, type ToyKey, toyKey } from '../support/core-rig.js';
import { toySign } from '../simulator/src/toy-crypto.js';
import { fuzzRandom, mutated, runsOf } from './mutation.js';

const keys = Array.from({ length: 80 }, (_, i) => toyKey(77, i + 1));
/** A node of its own for each connection: who broke the protocol is not let in again for a while. */
const bringer = (connection: number) => toyKey(76, connection);
/** Of items of which there is one. */
const pick = <T>(random: Random, items: readonly T[]) => pickFrom(random, items) as T;
/** The small ones often, so that things meet. */
const number = (random: Random) => (random() < 0.7 ? Math.floor(random() ** 2 * 40) : pick(random, [0, 1, 2, 3, 127, 128, 2 ** 32, Number.MAX_SAFE_INTEGER, 65_536]));

/** Says things that an honest origin would not, under a signature that holds. */
function bundle(random: Random, key: ToyKey, atMs: number): Uint8Array {
  const some = [credentialRecord(random() < 0.9 ? key : pick(random, keys)), descriptorRecord(), sampleRecord(number(random) % 1_000)];
  if (random() < 0.02) some.push(farewellRecord);
  const reports = Array.from({ length: Math.floor(random() * 4) }, () => ({ kind: pick(random, [5, 16, 17, 16_383, 20 + Math.floor(random() * 200)]), payload: randomBytes(random, Math.floor(random() ** 4 * 8_000)) }));
  const records = [...some.filter(() => random() < 0.7), ...reports].sort((a, b) => a.kind - b.kind).filter((record, i, all) => record.kind !== all[i - 1]?.kind);
  const timeMs = Math.max(0, epochMs + atMs + pick(random, [0, 0, 0, 0, 0, 0, 0, 59_000, 61_000, -899_000, -901_000, -epochMs]));
  const draft = { clusterTag: random() < 0.98 ? clusterTag : randomBytes(random, 8), origin: key.id, incarnation: random() < 0.99 ? 1 + Math.floor(random() ** 3 * 3) : Math.max(1, number(random)), sequence: Math.max(1, number(random)), timeMs, lifetimeS: number(random), records };
  const unsigned = random() < 0.8 ? encodeBundle(draft) : mutated(random, encodeBundle(draft), []);
  return sealBundle(unsigned, random() < 0.9 ? toySign(key.publicKey, messageOfUnsigned(unsigned)) : randomBytes(random, 64));
}

const announcement = (random: Random): Announcement => ({ prefix: random() < 0.8 ? pick(random, keys).publicKey.subarray(0, 8) : randomBytes(random, 8), incarnation: number(random), sequence: number(random) });
const many = <T>(random: Random, most: number, make: () => T) => Array.from({ length: Math.floor(random() ** 3 * most) }, make);

function message(random: Random, atMs: number): Message {
  const prefix = () => announcement(random).prefix;
  switch (Math.floor(random() * 9)) {
    case 0:
      return { type: 'announce', rumors: many(random, limits.maxAnnouncements, () => ({ ...announcement(random), hops: Math.floor(random() * 256) })) };
    case 1:
      return { type: 'graft', wanted: many(random, limits.maxRequestedOrigins, () => announcement(random)) };
    case 2:
      return { type: 'prune', prefixes: many(random, limits.maxRequestedOrigins, prefix) };
    case 3:
      return { type: 'digest', from: random() < 0.5 ? new Uint8Array(8) : prefix(), to: random() < 0.5 ? new Uint8Array(8).fill(0xff) : prefix(), entries: many(random, limits.maxDigestEntries, () => ({ ...announcement(random), fingerprint: Math.floor(random() * 2 ** 32) })).sort((a, b) => Buffer.compare(a.prefix, b.prefix)) };
    case 4:
      return { type: 'request', continueAt: random() < 0.5 ? null : prefix(), prefixes: many(random, limits.maxRequestedOrigins, prefix) };
    case 5:
      return { type: 'join', steps: Math.floor(random() * 256), address: pick(random, ['10.9.9.9:1', `10.9.${Math.floor(random() * 256)}.1:9740`, '[::1]:2', 'name:1', '', '999.1.1.1:99999']) };
    case 6:
      return pick(random, [helloOf(pick(random, keys)), { type: 'proof', signature: randomBytes(random, 64) } as const]);
    default:
      return { type: 'push', path: pick(random, ['eager', 'graft', 'anti-entropy'] as const), passages: many(random, 6, () => ({ hops: Math.floor(random() * 256), ageMs: Math.floor(random() ** 8 * 86_400_000), bytes: bundle(random, pick(random, keys), atMs) })) };
  }
}

function anyBytes(random: Random, atMs: number): Uint8Array {
  const kind = random();
  if (kind < 0.1) return randomBytes(random, Math.floor(random() * 400));
  const whole = encodeMessage(message(random, atMs));
  return kind < 0.35 ? mutated(random, whole, [encodeMessage(message(random, atMs))]) : whole;
}

function expectWithinLimits(rig: CoreRig, outputs: readonly Output[]): void {
  expect(excesses(rig.engine.statistics(), rig.dialled.length)).toEqual([]);
  for (const output of outputs) {
    if (output.type !== 'send') continue;
    expect(output.bytes.length).toBeLessThanOrEqual(limits.maxMessageBytes);
    expect(decodeMessage(output.bytes)).not.toBeNull();
    if (output.channel === 'datagram') expect(output.bytes.length).toBeLessThanOrEqual(maxDatagramBytes);
  }
  const next = rig.engine.nextWakeup();
  if (next !== null) expect(Number.isFinite(next.atMs)).toBe(true);
}

/** What is held, to the byte, and who is judged how; what may not change by what was rejected. */
function stateOf(rig: CoreRig): string {
  // The budget of the repair fills up; nothing else happens without a wake-up.
  rig.nowMs += 1_000;
  const { inForce } = rig.contents(toyKey(78, 1));
  const { origins, tombstones, pendingVerifications } = rig.engine.statistics();
  return JSON.stringify({ inForce, origins, tombstones, pendingVerifications });
}

/** Forgets what was seen so far, but for the dials that nobody has answered. */
function forget(rig: CoreRig): void {
  const unanswered = rig.dialled.splice(0);
  rig.clear();
  rig.dialled.push(...unanswered);
}

/** Some dials are answered, so that there can be others; time passes now and then. */
function live(rig: CoreRig, random: Random): void {
  for (const address of rig.dialled.splice(0)) {
    if (random() < 0.1) rig.give({ type: 'dial-failed', address, reason: 'nobody' });
    else rig.dialled.push(address);
  }
  if (random() < 0.1) rig.advance(Math.floor(random() * 2_000));
  if (random() < 0.02) rig.give({ type: 'sampled', values: [random() * 1_000] });
}

it('takes anything from a peer that is up', () => {
  const random = fuzzRandom(31);
  const rig = new CoreRig({ seed: 77 });
  let connection: ConnectionId | null = null;
  let merged = 0;
  let dials = 0;
  const reasons = new Set<string>();
  for (let i = 0; i < runsOf(6_000); i++) {
    connection ??= rig.connect(bringer(i), 'accepted', { peers: Math.floor(random() * 5) });
    forget(rig);
    const outputs = rig.hearBytes(connection, anyBytes(random, rig.nowMs));
    merged += rig.all('record-merged').length;
    for (const reason of rig.refusals()) reasons.add(reason);
    expectWithinLimits(rig, outputs);
    dials = Math.max(dials, rig.dialled.length);
    if (rig.closed.some((one) => one.connection === connection)) connection = null;
    live(rig, random);
    if (rig.closed.some((one) => one.connection === connection)) connection = null;
  }
  // It came deep enough to mean something.
  expect(merged).toBeGreaterThan(100);
  expect(dials).toBe(limits.maxDials);
  for (const reason of ['malformed', 'wrong-cluster', 'signature-invalid', 'too-old', 'from-the-future', 'credential-missing', 'credential-wrong-node', 'equivocation']) expect(reasons).toContain(reason);
});

it('takes anything from strangers, who get nothing for it', () => {
  const random = fuzzRandom(32);
  const rig = new CoreRig({ seed: 79 });
  const feeder = rig.connect(toyKey(78, 2));
  for (const key of keys) rig.push(feeder, [introductionOf(key, 1, rig.nowMs)]);
  const before = stateOf(rig);
  const open = new Map<ConnectionId, ToyKey>();
  for (let i = 0; i < runsOf(4_000); i++) {
    if (open.size < 5) {
      const key = pick(random, keys);
      open.set(rig.open(key, random() < 0.5 ? 'accepted' : 'dialled', `10.8.${i >> 8}.${i & 255}:9740`), key);
    }
    const [connection, key] = pick(random, [...open]);
    forget(rig);
    const hello = encodeMessage(helloOf(key));
    const bytes = random() < 0.3 ? (random() < 0.3 ? hello : mutated(random, hello, [hello])) : anyBytes(random, rig.nowMs);
    const outputs = rig.hearBytes(connection, bytes);
    expect(rig.all('record-merged')).toEqual([]);
    expect(rig.all('peer-up')).toEqual([]);
    for (const output of outputs) if (output.type === 'send') expect([1, 2]).toContain(output.bytes[0]);
    expectWithinLimits(rig, outputs);
    for (const closed of rig.closed) open.delete(closed.connection);
  }
  expect(stateOf(rig)).toBe(before);
});

it('changes nothing by what it rejects, however it is damaged', () => {
  const random = fuzzRandom(33);
  const rig = new CoreRig({ seed: 81 });
  const feeder = rig.connect(toyKey(78, 2));
  for (const key of keys) rig.push(feeder, [introductionOf(key, 2, rig.nowMs)]);
  let before = stateOf(rig);
  let rejected = 0;
  for (let i = 0; i < runsOf(600); i++) {
    const key = pick(random, keys);
    const connection = rig.connect(bringer(i), 'accepted', { peers: 4 });
    rig.clear();
    const whole = encodeMessage({ type: 'push', path: 'eager', passages: [{ hops: 1, ageMs: 0, bytes: sampleOf(key, 2 + i, rig.nowMs, 2) }] });
    rig.hearBytes(connection, mutated(random, whole, [bundleOf(key, { sequence: 9, records: [{ kind: kinds.firstReport, payload: new Uint8Array(50) }] })]));
    const isMerged = rig.all('record-merged').length > 0;
    const isRejected = rig.closed.length > 0;
    rig.give({ type: 'connection-closed', connection, reason: 'done' });
    const after = stateOf(rig);
    if (!isMerged) expect(after).toBe(before);
    rejected += Number(isRejected);
    before = after;
  }
  expect(rejected).toBeGreaterThan(100);
});
