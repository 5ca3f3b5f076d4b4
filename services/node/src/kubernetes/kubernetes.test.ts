import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../../test/support/eventually.js';
import { KubernetesApi } from '../../../../test/support/kubernetes-api.js';
import { type Kubernetes, openKubernetes } from './kubernetes.js';

const slices = '/apis/discovery.k8s.io/v1/namespaces/demo/endpointslices';
const pods = '/api/v1/namespaces/demo/pods';
const sets = '/apis/apps/v1/namespaces/demo/statefulsets';
let api: KubernetesApi;
let kubernetes: Kubernetes | null = null;
let absent: string[] = [];
let faults: string[] = [];
let wallMs = 1_000;

beforeEach(async () => {
  api = await KubernetesApi.start();
  absent = [];
  faults = [];
  wallMs = 1_000;
});
afterEach(() => {
  kubernetes?.stop();
  api.close();
});

function open(statefulSet: string | null = 'starling'): Kubernetes {
  kubernetes = openKubernetes({
    server: api.place,
    namespace: 'demo',
    service: 'starling-gossip',
    absences: { podSelector: 'app=starling', statefulSet },
    clock: { now: () => ({ monotonicMs: 0, wallMs }) },
    random: () => 0.5,
    bounds: { firstBackoffMs: 2, maxBackoffMs: 20 },
    onFault: (what, fault) => faults.push(`${what}: ${fault}`),
    onAbsence: (podUid) => absent.push(`${podUid} ${kubernetes?.absenceOf(podUid)?.reason}`),
  });
  return kubernetes;
}

const slice = (uid: string, ...addresses: string[]) => ({ metadata: { uid, name: uid }, ports: [{ name: 'gossip', port: 9_740 }], endpoints: addresses.map((address) => ({ addresses: [address] })) });
const pod = (ordinal: number, metadata: object = {}, status: object = {}) => ({ metadata: { uid: `pod-${ordinal}`, name: `starling-${ordinal}`, ...metadata }, status: { phase: 'Running', containerStatuses: [{ name: 'node', state: { running: {} } }], ...status } });
const set = (replicas: number) => ({ metadata: { uid: 'set', name: 'starling' }, spec: { replicas }, status: {} });
const deleted = { deletionTimestamp: '2026-11-25T00:00:00Z' };
const watching = (count: number) => eventually('every watch is open', () => api.watching === count);

it('asks for what the role permits, and nothing else', async () => {
  open();
  await watching(3);
  const asked = new Set(api.questions.map(({ path, query }) => `${path} ${query.get('labelSelector') ?? query.get('fieldSelector')}`));
  expect([...asked].sort()).toEqual([`${pods} app=starling`, `${sets} metadata.name=starling`, `${slices} kubernetes.io/service-name=starling-gossip`]);
});

it('merges the slices of a service, and follows them', async () => {
  api.put(slices, slice('one', '10.0.0.1', '10.0.0.2'));
  api.put(slices, slice('two', '10.0.0.2', 'fd00::3'));
  const { addresses } = open();
  await eventually('all are known', () => [...addresses()].sort().join() === '10.0.0.1:9740,10.0.0.2:9740,[fd00::3]:9740');
  await watching(3);
  api.remove(slices, 'one');
  api.put(slices, slice('two', '10.0.0.4'));
  await eventually('the new one is known', () => addresses().join() === '10.0.0.4:9740');
});

describe('the reason of an absence', () => {
  it('is known while the pod goes, settled when it is gone, and stays when the set changes again', async () => {
    api.put(sets, set(2));
    for (const ordinal of [0, 1, 2]) api.put(pods, pod(ordinal));
    const { absenceOf } = open();
    await watching(3);
    expect(absenceOf('pod-2')).toBeNull();
    wallMs = 5_000;
    api.put(pods, pod(2, deleted));
    await eventually('it is on its way', () => absenceOf('pod-2')?.reason === 'scaled-down');
    wallMs = 9_000;
    api.remove(pods, 'pod-2');
    api.put(sets, set(3));
    api.put(pods, pod(1, deleted));
    await eventually('the next one goes', () => absenceOf('pod-1')?.reason === 'deleted');
    expect(absenceOf('pod-2')).toEqual({ reason: 'scaled-down', sinceMs: 5_000 });
    expect(absent).toEqual(['pod-2 scaled-down', 'pod-1 deleted']);
  });

  it('is another one when the set is heard of later than the pod', async () => {
    api.put(sets, set(3));
    api.put(pods, pod(2, deleted));
    const { absenceOf } = open();
    await eventually('it is deleted', () => absenceOf('pod-2')?.reason === 'deleted');
    await watching(3);
    api.put(sets, set(2));
    await eventually('it was scaled down', () => absenceOf('pod-2')?.reason === 'scaled-down');
  });

  it('ends when the container runs again', async () => {
    api.put(pods, pod(0, {}, { containerStatuses: [{ name: 'node', state: { waiting: { reason: 'CrashLoopBackOff' } } }] }));
    const { absenceOf } = open(null);
    await eventually('it has ended', () => absenceOf('pod-0')?.reason === 'container-ended');
    await watching(2);
    api.put(pods, pod(0));
    await eventually('it runs', () => absenceOf('pod-0') === null);
    expect(absent).toEqual(['pod-0 container-ended', 'pod-0 undefined']);
  });

  it('is by what was last seen of a pod that went unobserved', async () => {
    api.put(sets, set(2));
    api.put(pods, pod(2, {}, { conditions: [{ type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI' }] }));
    const { absenceOf } = open();
    await watching(3);
    api.cut();
    api.remove(pods, 'pod-2');
    api.compact();
    await eventually('it is gone', () => absenceOf('pod-2')?.reason === 'evicted');
  });
});

it('outside of a pod it says so once, and has nothing', () => {
  const none = openKubernetes({ server: null, namespace: 'demo', service: 's', absences: null, clock: { now: () => ({ monotonicMs: 0, wallMs }) }, random: () => 0.5, onFault: (what, fault) => faults.push(`${what}: ${fault}`), onAbsence: () => undefined });
  expect(faults).toEqual(['endpointslices: this is no pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set']);
  expect([none.addresses(), none.absenceOf('x')]).toEqual([[], null]);
  none.stop();
});
