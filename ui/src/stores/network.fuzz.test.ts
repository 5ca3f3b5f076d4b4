/**
 * What comes down the stream may be anything: the store of the page, behind a socket that says whatever the seed chooses,
 * throws never, keeps its bounds, and shows the network again as soon as somebody says something sound.
 */
import { schemas, type ChangesMessage, type Node, type SnapshotMessage, type StreamMessage } from '@starling/contract';
import type { Random } from '@starling/gossip';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { pick as pickFrom } from '../../../services/gossip/src/random.js';
import { fuzzRandom, mutated, runsOf } from '../../../test/fuzz/mutation.js';
import { contractFault } from '../../../test/support/contract-check.js';
import { readMessage } from '../api/stream-message.js';
import { linesOf } from '../components/graph/horizon-lines.js';
import { attentionOf, maxItems } from '../domain/attention.js';
import { domainOf, positionIn, scaleColour } from '../domain/colour-scale.js';
import { formatDateTime, formatMetric, formatTimeOfDay, metricTitle, threeDigits } from '../domain/format.js';
import { layoutHorizon } from '../domain/horizon.js';
import { lastOf, maxColumns, maxPoints, rateOf } from '../domain/metric-history.js';
import { maxNodes, maxPeers, summarizeAges, type NetworkView } from '../domain/network-view.js';
import { rowsOf, sortColumns } from '../domain/node-rows.js';
import { absenceWords, meaningOfAbsence } from '../domain/node-state.js';
import { changesOf, idOf, nodeOf, particularsOf, peerOf, snapshotOf } from '../domain/sample-network.fixture.js';
import { maxEvents, recentRate, toneOf, windowSeconds } from '../domain/timeline.js';
import type { Network } from './network.js';
import { NetworkRig } from './network-rig.fixture.js';

const time = '2026-11-24T12:00:00.000Z';
const nodeCount = 6;
let rig: NetworkRig;
let network: Network;
const say = (data: unknown) => rig.say(data);

beforeEach(async () => {
  rig = new NetworkRig();
  network = rig.network;
  await vi.advanceTimersByTimeAsync(0);
});

afterEach(() => {
  rig.leave();
  expect(rig.warnings).toEqual([]);
});

const pick = <T>(random: Random, items: readonly T[]) => pickFrom(random, items) as T;
const below = (random: Random, most: number) => Math.floor(random() * most);

const certificate = { fingerprint: 'f0', uri: 'spiffe://test/leaf/a', binding: 'named' as const, notBefore: time, notAfter: '2026-12-24T12:00:00.000Z', rootFingerprint: 'aa' };
const metrics = [{ name: 'system.cpu.utilization', unit: '1', type: 'gauge' as const }, { name: 'system.network.io', unit: 'By', type: 'counter' as const }];

function soundNodes(random: Random): Node[] {
  return Array.from({ length: nodeCount }, (_, i) =>
    nodeOf(i, {
      state: i === 5 ? pick(random, ['suspect', 'failed', 'left']) : 'alive',
      sequence: below(random, 1_000),
      via: i < 3 ? null : idOf(1 + below(random, 2)),
      hops: i === 0 ? 0 : 1 + below(random, 4),
      values: { 'system.cpu.utilization': random(), 'system.network.io': below(random, 1e9) },
      ...(i === 5 ? { absence: { reason: 'evicted' as const, since: time } } : {}),
    }),
  );
}

const soundSnapshot = (random: Random, fields: Partial<SnapshotMessage> = {}): SnapshotMessage =>
  snapshotOf(soundNodes(random), {
    details: Object.fromEntries(Array.from({ length: nodeCount }, (_, i) => [idOf(i), particularsOf({ labels: { zone: 'a' }, metrics, certificate, equivocated: i === 4 })])),
    peers: [peerOf(1), peerOf(2, { roundTripSeconds: null, lossRatio: 0.5, push: 'lazy' })],
    events: [{ type: 'joined', node: idOf(2), name: 'node-2', time, text: 'node-2 joined' }],
    refused: { expired: 2 },
    ...fields,
  });

const soundChanges = (random: Random, fields: Partial<ChangesMessage> = {}): ChangesMessage =>
  changesOf({
    sequence: 6 + below(random, 100),
    nodes: soundNodes(random).filter(() => random() < 0.5),
    peers: random() < 0.5 ? null : [peerOf(1)],
    events: [{ type: 'suspect', node: idOf(5), name: 'node-5', time, text: 'node-5 is late' }],
    arrivals: [{ origin: idOf(3), via: idOf(1), hops: 2 }],
    recordsMerged: below(random, 50),
    ...fields,
  });

function sound(random: Random): StreamMessage {
  const kind = random();
  if (kind < 0.3) return soundSnapshot(random);
  if (kind < 0.8) return soundChanges(random);
  if (kind < 0.9) return { type: 'upstream', upstream: { state: pick(random, ['up', 'away', 'connecting']), since: time, detail: null } };
  return { type: 'targets', targets: [{ name: 'node-1' }, { name: 'node-2' }] };
}

const strange: readonly unknown[] = [null, '', 'x', '__proto__', 'constructor', '\u0000', '9'.repeat(400), -1, 0.5, 1e308, -1e308, 5e-324, 2 ** 53, Number.MAX_SAFE_INTEGER, [], {}, [[]], true, idOf(1), idOf(77), time, '+275760-09-13T00:00:00.000Z', '-000001-01-01T00:00:00Z', { ['constructor']: 1 }];

/** Anywhere in the tree: something else, nothing, twice, under another name, or what stands elsewhere. */
function bent(random: Random, message: StreamMessage): unknown {
  const copy = structuredClone(message) as unknown;
  for (let i = below(random, 3); i >= 0; i--) {
    const places = placesOf(copy);
    if (places.length === 0) break;
    const [parent, key] = pick(random, places);
    const fields = parent as Record<string, unknown>;
    const [other, otherKey] = pick(random, places);
    const value = random() < 0.7 ? pick(random, strange) : structuredClone((other as Record<string, unknown>)[otherKey]);
    const kind = random();
    if (kind < 0.6) fields[key] = value;
    else if (kind < 0.75 && !Array.isArray(parent)) delete fields[key];
    else if (Array.isArray(parent)) parent.push(...parent.slice(0, 20));
    else Object.defineProperty(fields, random() < 0.5 ? '__proto__' : `later-${i}`, { value, enumerable: true, configurable: true, writable: true });
  }
  return copy;
}

function placesOf(value: unknown, found: [object, string][] = []): [object, string][] {
  if (typeof value !== 'object' || value === null) return found;
  for (const key of Object.keys(value)) {
    found.push([value, key]);
    placesOf((value as Record<string, unknown>)[key], found);
  }
  return found;
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytes = (message: unknown) => new TextEncoder().encode(JSON.stringify(message));

/** What a socket may hand over: text mostly, and now and then what no text is. */
function anything(random: Random): unknown {
  const kind = random();
  if (kind < 0.2) return JSON.stringify(sound(random));
  if (kind < 0.7) return JSON.stringify(bent(random, sound(random)));
  if (kind < 0.85) return text(mutated(random, bytes(sound(random)), [bytes(sound(random))]));
  if (kind < 0.9) return JSON.stringify(soundChanges(random, { recordsMerged: 7 })).replace(':7', pick(random, [':1e999', ':-1e999', ':007', ':7.0', ':"7"', ':7e300', ':NaN']));
  return pick(random, ['', 'null', '[]', '1', '"snapshot"', '{"type":"snapshot"}', '{"type":"__proto__"}', '{"type":"constructor"}', '{"type":["changes"]}', '['.repeat(50_000), '{"a":'.repeat(50_000), new ArrayBuffer(8), undefined, null, 7, {}]);
}

/** What the components ask for whenever they draw, in numbers and words: nobody throws, and the lists are as short as they promise. */
function look(view: NetworkView, nowMs: number): void {
  expect(attentionOf(view, network.liveness.value).items.length).toBeLessThanOrEqual(maxItems);
  summarizeAges(view, nowMs);
  const metric = network.metric.value;
  for (const column of sortColumns) expect(rowsOf(view, '-x a', { column, direction: 'descending' }, metric?.name ?? '', nowMs).length).toBeLessThanOrEqual(view.nodes.size);
  const scale = domainOf([...view.nodes.values()].flatMap(({ node }) => node.values[metric?.name ?? ''] ?? []), false);
  for (const [id, { node, particulars }] of view.nodes) {
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    scaleColour(positionIn(scale, node.values[metric?.name ?? ''] ?? 0), 'dark');
    if (node.absence !== undefined) expect([absenceWords(node), meaningOfAbsence[node.absence.reason]].every((words) => typeof words === 'string')).toBe(true);
    for (const { name, unit } of particulars?.metrics ?? []) {
      const series = network.history.series(id, name);
      for (const { timesMs, values } of [series, rateOf(series)]) expect([timesMs.length <= maxPoints, timesMs.length - values.length]).toEqual([true, 0]);
      expect(formatMetric(lastOf(series), unit, name).number).toBeTypeOf('string');
      expect(metricTitle(name)).toBeTypeOf('string');
    }
    expect(network.history.metricsOf(id).length).toBeLessThanOrEqual(maxColumns);
    if (particulars?.certificate) formatDateTime(particulars.certificate.notAfter);
  }
  const { places } = layoutHorizon({ selfId: view.asOf.node, peerIds: view.peers.map(({ id }) => id).filter((id) => view.nodes.has(id)), routes: network.routes.value, aspect: 1 });
  for (const { x, y } of places.values()) expect([Number.isFinite(x), Number.isFinite(y)]).toEqual([true, true]);
  linesOf(view, network.routes.value, idOf(3), new Set());
}

function expectWithinBounds(): void {
  const view = network.newest.value;
  const nowMs = network.nowMs.value;
  const { events, rates } = network.timeline.value;
  expect(events.length).toBeLessThanOrEqual(maxEvents);
  expect(rates.size).toBeLessThanOrEqual(windowSeconds + 2);
  for (const count of rates.values()) expect(Number.isFinite(count)).toBe(true);
  for (const { event, atMs } of events) expect([toneOf(event), formatTimeOfDay(atMs)].every((words) => typeof words === 'string' && !words.includes('NaN'))).toBe(true);
  threeDigits(recentRate(network.timeline.value, nowMs) ?? 0);
  expect(network.liveness.value.detail ?? '').not.toMatch(/NaN|undefined/);
  expect(network.gateway.value?.targets.length).toBeLessThanOrEqual(schemas.gatewayStatus.properties.targets.maxItems);
  if (view === null) return;
  expect(view.nodes.size).toBeLessThanOrEqual(maxNodes);
  expect(view.peers.length).toBeLessThanOrEqual(maxPeers);
  expect([...network.routes.value.keys()].sort()).toEqual([...view.nodes.keys()].sort());
  look(view, nowMs);
  const past = network.past.at(nowMs - 10_000);
  if (past !== null) look(past, nowMs);
}

/** A snapshot of another life, and changes on top of it, are shown as if nothing had been. */
function expectUsable(random: Random, session: string): void {
  const snapshot = soundSnapshot(random, { session, sequence: 5, peers: [peerOf(1)] });
  say(JSON.stringify(snapshot));
  expect([...(network.newest.value?.nodes.values() ?? [])].map(({ node }) => node)).toEqual(snapshot.nodes);
  const node = nodeOf(3, { sequence: 5_000 });
  say(JSON.stringify(changesOf({ session, sequence: 6, nodes: [node] })));
  expect(network.newest.value).toMatchObject({ session, sequence: 6, peers: [peerOf(1)] });
  expect(network.newest.value?.nodes.get(node.id)?.node).toEqual(node);
  say(JSON.stringify({ type: 'upstream', upstream: { state: 'up', since: time, detail: null } }));
  vi.advanceTimersByTime(500);
  expect(network.liveness.value).toMatchObject({ state: 'live', detail: null });
}

it('takes anything that a socket can hand over', () => {
  const random = fuzzRandom(41);
  const verdicts = { message: 0, unknown: 0, malformed: 0 };
  let viewsTaken = 0;
  for (let i = 1; i <= runsOf(1_000); i++) {
    const data = anything(random);
    const { verdict } = readMessage(data);
    verdicts[verdict] += 1;
    const before = network.newest.value;
    try {
      say(data);
      if (verdict !== 'message') expect(rig.isOpen).toBe(verdict === 'unknown');
      if (random() < 0.3) vi.advanceTimersByTime(below(random, 3_000));
      if (verdict !== 'message') expect(network.newest.value).toBe(before);
      else if (network.newest.value !== before) viewsTaken += 1;
      if (verdict === 'message') expectWithinBounds();
      if (i % 50 === 0) expectUsable(random, `session ${i}`);
    } catch (fault) {
      throw new Error(`message ${i}: ${typeof data === 'string' ? data.slice(0, 5_000) : String(data)}`, { cause: fault });
    }
  }
  // It came deep enough to mean something.
  expect(verdicts.message).toBeGreaterThan(100);
  expect(verdicts.malformed).toBeGreaterThan(100);
  expect(verdicts.unknown).toBeGreaterThan(0);
  expect(viewsTaken).toBeGreaterThan(50);
});

it('keeps its bounds before a node that invents more and more', () => {
  const random = fuzzRandom(42);
  say(JSON.stringify(soundSnapshot(random)));
  for (let i = 1; i <= runsOf(200); i++) {
    const invented = Array.from({ length: 20 }, (_, j) => nodeOf(j, { sequence: i, values: Object.fromEntries(Array.from({ length: 30 }, (_unused, k) => [`m${i}.${k}`, k])) }));
    say(JSON.stringify(soundChanges(random, { sequence: 5 + i, nodes: invented, peers: Array.from({ length: 300 }, (_, j) => peerOf(i * 300 + j)), events: Array.from({ length: 50 }, () => ({ type: 'refused' as const, node: null, name: null, time, text: '' })), recordsMerged: Number.MAX_SAFE_INTEGER })));
    vi.advanceTimersByTime(1_000);
    if (i % 20 === 0) expectWithinBounds();
  }
  expect(network.newest.value?.sequence).toBe(5 + runsOf(200));
  expect(network.timeline.value.events).toHaveLength(maxEvents);
  expectUsable(random, 'afterwards');
});

/** Without what shape.ts does not ask for on purpose. */
function lenient(schema: unknown): unknown {
  if (typeof schema !== 'object' || schema === null) return schema;
  if (Array.isArray(schema)) return schema.map(lenient);
  return Object.fromEntries(Object.entries(schema).flatMap(([key, value]) => (key === 'format' || (key === 'additionalProperties' && value === false) ? [] : [[key, lenient(value)]])));
}

it('takes nothing for a message that another validator of the same schemas does not', () => {
  const random = fuzzRandom(43);
  const twins: Readonly<Record<string, unknown>> = { snapshot: lenient(schemas.snapshotMessage), changes: lenient(schemas.changesMessage), upstream: lenient(schemas.upstreamMessage), targets: lenient(schemas.targetsMessage) };
  let taken = 0;
  for (let i = 0; i < runsOf(50); i++) {
    const message = sound(random);
    expect(readMessage(JSON.stringify(message)).verdict, JSON.stringify(message)).toBe('message');
    expect(contractFault(twins[message.type] as object, message)).toBeNull();
    const reading = readMessage(JSON.stringify(bent(random, message)));
    if (reading.verdict !== 'message') continue;
    taken += 1;
    expect(contractFault(twins[reading.message.type] as object, reading.message), JSON.stringify(reading.message)).toBeNull();
  }
  expect(taken).toBeGreaterThan(5);
});
