import {
  type CredentialFacts, type Descriptor, type Event, type NodeId, type Now,
  decodeBundle, encodeBundle, encodeDescriptor, encodeSample, encodeTrust, kinds, limits, sealBundle,
} from '@starling/gossip';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ChangeListener } from '../change-listener.js';
import { NetworkView } from './network-view.js';
import { timelineLimits } from './timeline.js';

const self: NodeId = 'aa'.repeat(32);
const other: NodeId = 'bb'.repeat(32);
const third: NodeId = 'cc'.repeat(32);

const descriptor: Descriptor = {
  name: 'plover',
  version: '1.2.3',
  labels: { zone: 'north' },
  metrics: [
    { name: 'system.cpu.utilization', unit: '1', type: 'gauge', exponent: -4 },
    { name: 'system.memory.usage', unit: 'By', type: 'gauge', exponent: 3 },
  ],
};

const facts: CredentialFacts = {
  nodeId: other,
  cluster: 'starling',
  leafFingerprint: new Uint8Array(32).fill(1),
  leafContent: new Uint8Array(32).fill(1),
  uri: `spiffe://starling/node/${other}`,
  binding: 'named',
  notBeforeMs: Date.UTC(2026, 0, 1),
  notAfterMs: Date.UTC(2027, 0, 1),
  rootFingerprint: new Uint8Array(32).fill(2),
};

interface Said {
  readonly origin?: NodeId;
  readonly incarnation?: number;
  readonly sequence: number;
  readonly descriptor?: Descriptor;
  readonly sample?: { readonly descriptorSequence: number; readonly multiples: readonly (number | undefined)[] };
  readonly roots?: readonly Uint8Array[];
  readonly hops?: number;
  readonly ageMs?: number;
  /** Kinds that supersede; all of the bundle unless stated. */
  readonly superseding?: readonly number[];
}

function merged(said: Said): Extract<Event, { type: 'record-merged' }> {
  const records: { kind: number; payload: Uint8Array }[] = [];
  if (said.descriptor !== undefined) records.push({ kind: kinds.descriptor, payload: encodeDescriptor(said.descriptor) });
  if (said.sample !== undefined) records.push({ kind: kinds.sample, payload: encodeSample({ ...said.sample, viewDigest: new Uint8Array(8).fill(0xab) }) });
  if (said.roots !== undefined) records.push({ kind: kinds.trust, payload: encodeTrust(said.roots) });
  const origin = said.origin ?? other;
  const draft = { clusterTag: new Uint8Array(8), origin, incarnation: said.incarnation ?? 1, sequence: said.sequence, timeMs: 1, lifetimeS: 30, records };
  const decoding = decodeBundle(sealBundle(encodeBundle(draft), new Uint8Array(64)));
  if (!decoding.ok) throw new Error(`The test made a bundle that is ${decoding.reason}`);
  return {
    type: 'record-merged',
    origin,
    bundle: decoding.bundle,
    kinds: said.superseding ?? records.map((record) => record.kind),
    dropped: [],
    via: origin === self ? null : third,
    hops: said.hops ?? 2,
    ageMs: said.ageMs ?? 40,
    path: origin === self ? 'own' : 'eager',
  };
}

let now: { monotonicMs: number; wallMs: number };
let view: NetworkView;
/** By the uid of a pod. */
let absences: Record<string, { reason: 'evicted' | 'scaled-down'; sinceMs: number }> = {};
const tell = (...events: Event[]) => events.forEach((event) => view.onEvent(event, { ...now } satisfies Now));

beforeEach(() => {
  absences = {};
  now = { monotonicMs: 1_000, wallMs: Date.UTC(2026, 5, 1) };
  view = new NetworkView({
    self,
    name: 'here',
    clock: { now: () => ({ ...now }) },
    sampleIntervalMs: () => 1_500,
    absenceOf: (podUid) => absences[podUid] ?? null,
    connectionFigures: (connection) => (connection === 7 ? { roundTripMs: 12, packetsSent: 200, packetsLost: 3, bytesSent: 10, bytesReceived: 20 } : null),
  });
});

describe('a node', () => {
  it('is told with its values in their units, its name, its way and its age by the monotonic clock', () => {
    tell(merged({ sequence: 1, descriptor }), merged({ sequence: 2, sample: { descriptorSequence: 1, multiples: [2_500, undefined] } }));
    now.monotonicMs += 2_000;
    now.wallMs -= 3_600_000;
    expect(view.node(other)).toEqual({
      id: other, name: 'plover', state: 'alive', stateSinceSeconds: 2, ageSeconds: 2.04, incarnation: 1, sequence: 2, hops: 2, via: third,
      values: { 'system.cpu.utilization': 0.25, 'system.memory.usage': null }, view: 'abababababababab', verified: true,
    });
  });

  it('gets its values from the descriptor that the sample names, also when a newer one is here already', () => {
    const renamed = { ...descriptor, metrics: [descriptor.metrics[1] as Descriptor['metrics'][number]] };
    tell(merged({ sequence: 1, descriptor }), merged({ sequence: 3, descriptor: renamed }), merged({ sequence: 2, sample: { descriptorSequence: 1, multiples: [1, 2] } }));
    expect(view.node(other)?.values).toEqual({ 'system.cpu.utilization': 0.0001, 'system.memory.usage': 2_000 });
    tell(merged({ sequence: 4, sample: { descriptorSequence: 3, multiples: [5] } }));
    expect(view.node(other)?.values).toEqual({ 'system.memory.usage': 5_000 });
  });

  it('has no values while the descriptor of its sample is missing, and has them once it comes', () => {
    tell(merged({ sequence: 2, sample: { descriptorSequence: 1, multiples: [1, 2] } }));
    expect(view.node(other)).toMatchObject({ name: 'bbbbbbbb', values: {} });
    tell(merged({ sequence: 1, descriptor }));
    expect(view.node(other)).toMatchObject({ name: 'plover', sequence: 2, values: { 'system.memory.usage': 2_000 } });
  });

  it('does not read the samples of a new life with the descriptor of the former', () => {
    tell(merged({ sequence: 1, descriptor }), merged({ incarnation: 2, sequence: 5, sample: { descriptorSequence: 1, multiples: [1, 2] } }));
    expect(view.node(other)).toMatchObject({ name: 'plover', incarnation: 2, sequence: 5, values: {} });
    expect(view.proof(other)?.bundles).toHaveLength(1);
  });

  it('tells what changes rarely: version, labels, definitions, certificate, roots', () => {
    const root = new Uint8Array(32).fill(9);
    tell({ type: 'credential-admitted', origin: other, credential: new Uint8Array([1, 2, 3]), facts }, merged({ sequence: 1, descriptor, roots: [root] }));
    expect(view.detail(other)).toMatchObject({
      version: '1.2.3',
      labels: { zone: 'north' },
      metrics: [{ name: 'system.cpu.utilization', unit: '1', type: 'gauge' }, { name: 'system.memory.usage', unit: 'By', type: 'gauge' }],
      certificate: { fingerprint: '01'.repeat(32), uri: facts.uri, binding: 'named', notBefore: '2026-01-01T00:00:00.000Z', notAfter: '2027-01-01T00:00:00.000Z', rootFingerprint: '02'.repeat(32) },
      equivocated: false,
      roots: ['09'.repeat(32)],
    });
    expect(view.proof(other)?.credential).toBe('AQID');
  });

  it('is proven by every bundle in force and by no other, newest first', () => {
    const first = merged({ sequence: 1, descriptor });
    const second = merged({ sequence: 2, sample: { descriptorSequence: 1, multiples: [1, 2] } });
    const last = merged({ sequence: 3, sample: { descriptorSequence: 1, multiples: [3, 4] } });
    tell(first, second, last);
    expect(view.proof(other)?.bundles.map(({ sequence, kinds: carried }) => [sequence, carried])).toEqual([[3, [kinds.sample]], [1, [kinds.descriptor]]]);
    expect(view.proof(other)?.bundles[1]?.bytes).toBe(Buffer.from(first.bundle.bytes).toString('base64'));
  });

  it('keeps the proof of its equivocation', () => {
    tell(merged({ sequence: 1, descriptor }), { type: 'equivocation-proven', origin: other, first: new Uint8Array([1]), second: new Uint8Array([2]) });
    expect(view.detail(other)?.equivocated).toBe(true);
    expect(view.proof(other)?.equivocation).toEqual({ first: 'AQ==', second: 'Ag==' });
    expect(view.timeline().at(-1)).toMatchObject({ type: 'equivocation', node: other, name: 'plover' });
  });

  it('is gone when it is forgotten, and unknown before it is met', () => {
    expect([view.node(other), view.detail(other), view.proof(other)]).toEqual([null, null, null]);
    tell(merged({ sequence: 1, descriptor }), { type: 'member-forgotten', origin: other });
    expect(view.nodes()).toEqual([]);
    expect(view.timeline().at(-1)).toMatchObject({ type: 'forgotten', name: 'plover', text: 'plover is forgotten.' });
  });

  it('is not remembered beyond the bound of origins', () => {
    for (let i = 0; i <= limits.maxOrigins; i++) tell({ type: 'member-changed', origin: i.toString(16).padStart(64, '0'), state: 'alive', previous: null, incarnation: 1 });
    expect(view.nodes()).toHaveLength(limits.maxOrigins);
    expect(view.timeline()).toHaveLength(timelineLimits.maxEvents);
  });
});

describe('this node', () => {
  it('is answered before its own first record, and from its record afterwards', () => {
    expect(view.self()).toMatchObject({ id: self, name: 'here', hops: 0, via: null, values: {} });
    tell(merged({ origin: self, sequence: 1, descriptor, hops: 0, ageMs: 0 }));
    expect(view.self()).toMatchObject({ id: self, name: 'plover', hops: 0, via: null, sequence: 1 });
    expect(view.asOf()).toEqual({ node: self, name: 'plover', time: '2026-06-01T00:00:00.000Z' });
  });
});

describe('states', () => {
  it('are counted, timed and told in sentences', () => {
    tell(
      merged({ sequence: 1, descriptor }),
      { type: 'member-changed', origin: other, state: 'alive', previous: null, incarnation: 1 },
      { type: 'member-changed', origin: other, state: 'suspect', previous: 'alive', incarnation: 1 },
    );
    now.monotonicMs += 5_000;
    expect(view.node(other)).toMatchObject({ state: 'suspect', stateSinceSeconds: 5 });
    expect(view.counts()).toEqual({ alive: 0, suspect: 1, failed: 0, left: 0 });
    tell(
      { type: 'member-changed', origin: other, state: 'alive', previous: 'suspect', incarnation: 1 },
      { type: 'member-changed', origin: other, state: 'left', previous: 'alive', incarnation: 1 },
      { type: 'member-changed', origin: other, state: 'alive', previous: 'left', incarnation: 2 },
    );
    expect(view.timeline().map((event) => event.type)).toEqual(['joined', 'suspect', 'recovered', 'left', 'joined']);
    expect(view.timeline()[1]?.text).toBe('plover has been silent for longer than usual.');
  });
});

describe('refusals', () => {
  const refused: Event = { type: 'record-refused', origin: other, via: third, verdict: 'reject', reason: 'signature-invalid' };

  it('are counted by reason, and one of a flood is told', () => {
    for (let i = 0; i < 50; i++) tell(refused);
    tell({ ...refused, verdict: 'ignore', reason: 'superseded' });
    expect(view.refused()).toEqual({ 'signature-invalid': 50, superseded: 1 });
    expect(view.timeline()).toHaveLength(1);
    now.monotonicMs += timelineLimits.refusalIntervalMs;
    tell(refused);
    expect(view.timeline().map((event) => event.text)).toEqual([
      'A record of bbbbbbbb that cccccccc passed on was refused: signature-invalid.',
      'A record of bbbbbbbb that cccccccc passed on was refused: signature-invalid (and 49 more of this kind before).',
    ]);
  });

  it('and so of a certificate that is shown for one node after the other', () => {
    for (let i = 0; i < 50; i++) tell({ type: 'leaf-reused', fingerprint: new Uint8Array(32), first: other, second: `${i % 10}`.repeat(64) });
    expect(view.timeline()).toMatchObject([{ type: 'certificate', text: '00000000 shows the certificate that bbbbbbbb already uses: it is refused.' }]);
  });
});

describe('peers', () => {
  it('are listed with the figures of their connection while it lasts', () => {
    tell({ type: 'peer-up', connection: 7, peer: other, direction: 'dialled', address: '127.0.0.1:1' }, { type: 'peer-up', connection: 8, peer: third, direction: 'accepted', address: '127.0.0.1:2' });
    now.monotonicMs += 3_000;
    tell({ type: 'peer-push-changed', connection: 7, peer: other, push: 'eager' }, { type: 'peer-down', connection: 8, peer: third, reason: 'bye \u202e\n' });
    expect(view.peers()).toEqual([
      { id: other, name: null, direction: 'dialled', push: 'eager', roundTripSeconds: 0.012, lossRatio: 0.015, connectedSeconds: 3, bytesSent: 10, bytesReceived: 20 },
    ]);
    expect(view.timeline().at(-1)?.text).toBe('The connection to cccccccc ended: bye ??.');
  });

  it('have no figures that the transport does not know', () => {
    tell({ type: 'peer-up', connection: 9, peer: other, direction: 'accepted', address: '127.0.0.1:1' });
    expect(view.peers()[0]).toMatchObject({ roundTripSeconds: null, lossRatio: null, push: 'lazy' });
  });
});

describe('a follower', () => {
  it('hears which nodes to read again, until it ends its subscription', () => {
    const heard: unknown[] = [];
    const listener: ChangeListener = {
      onNodeChanged: (id, change) => heard.push(['node', id, change.details]),
      onNodeForgotten: (id) => heard.push(['forgotten', id]),
      onPeersChanged: () => heard.push(['peers']),
      onTimelineEvent: (event) => heard.push(['event', event.type]),
      onRecordArrived: (arrival) => heard.push(['arrival', arrival]),
      onFiguresChanged: (change) => heard.push(['figures', change.refused]),
    };
    const end = view.subscribe(listener);
    tell(
      merged({ sequence: 1, descriptor }),
      merged({ sequence: 2, sample: { descriptorSequence: 1, multiples: [] } }),
      { type: 'views-compared', agreeing: 1, total: 2, views: 2 },
      { type: 'peer-up', connection: 7, peer: other, direction: 'dialled', address: '127.0.0.1:1' },
      { type: 'member-forgotten', origin: other },
    );
    end();
    tell(merged({ sequence: 3, descriptor }));
    const arrival = { origin: other, via: third, hops: 2 };
    expect(heard).toEqual([
      ['node', other, true], ['arrival', arrival], ['node', other, false], ['arrival', arrival], ['figures', false],
      ['event', 'peer-up'], ['peers'], ['event', 'forgotten'], ['forgotten', other],
    ]);
    expect(view.agreement()).toEqual({ agreeing: 1, total: 2, views: 2 });
  });
});

describe('a node in a pod that is absent', () => {
  const member = (origin: NodeId, state: 'alive' | 'suspect' | 'failed' | 'left', previous: 'alive' | 'suspect' | null) => ({ type: 'member-changed', origin, state, previous, incarnation: 1 }) as const;
  const inPod = (uid: string) => ({ ...descriptor, labels: { 'k8s.pod.uid': uid } });
  const evicted = { reason: 'evicted', sinceMs: Date.UTC(2026, 5, 1) } as const;
  const absence = { reason: 'evicted', since: '2026-06-01T00:00:00.000Z' };

  it('has the reason once it is away, and not while it is heard', () => {
    absences = { one: evicted };
    tell(merged({ sequence: 1, descriptor: inPod('one') }), member(other, 'alive', null));
    expect(view.node(other)).not.toHaveProperty('absence');
    tell(member(other, 'suspect', 'alive'));
    expect([view.node(other)?.absence, view.detail(other)?.absence, view.nodes()[0]?.absence]).toEqual([absence, absence, absence]);
    expect(view.timeline().at(-1)).toMatchObject({ type: 'suspect', text: 'plover has been silent for longer than usual. Kubernetes says: evicted.' });
  });

  it('has the reason of its own pod, not of one by the same name', () => {
    absences = { one: evicted };
    tell(merged({ sequence: 1, descriptor: inPod('one') }), merged({ origin: third, sequence: 1, descriptor: inPod('two') }), member(other, 'left', 'alive'), member(third, 'left', 'alive'));
    expect(view.node(other)?.absence).toEqual(absence);
    expect(view.node(third)).not.toHaveProperty('absence');
  });

  it('tells when the reason comes later', () => {
    const changed: NodeId[] = [];
    tell(merged({ sequence: 1, descriptor: inPod('one') }), merged({ origin: third, sequence: 1, descriptor: inPod('two') }), member(other, 'failed', 'suspect'));
    const quiet = { onNodeForgotten: () => undefined, onPeersChanged: () => undefined, onTimelineEvent: () => undefined, onRecordArrived: () => undefined, onFiguresChanged: () => undefined };
    view.subscribe({ ...quiet, onNodeChanged: (id) => changed.push(id) });
    absences = { one: { ...evicted, reason: 'scaled-down' }, two: evicted };
    expect(view.onAbsence('one')).toEqual([{ node: other, reason: 'scaled-down' }]);
    expect(view.timeline().at(-1)).toMatchObject({ type: 'absence', node: other, text: 'plover is away. Kubernetes says: scaled down.' });
    // That one is heard.
    expect(view.onAbsence('two')).toEqual([]);
    absences = {};
    expect(view.onAbsence('one')).toEqual([]);
    expect(changed).toEqual([other, other]);
  });
});
