/** One installation of the chart in a namespace of its own, and what its nodes say of each other. */
import { join } from 'node:path';
import { sumOfMetric } from '../../support/exposition.js';
import { chart, helm, httpGet, isReady, kubectl, nodePods } from './kubectl.js';
import { until } from './until.js';

export const release = 'starling';

/** Small requests; STARLING_TEST_VALUES names a file with more, such as where another cluster gets the images. */
const valueFiles = [join(import.meta.dirname, '..', 'values.yaml'), ...(process.env['STARLING_TEST_VALUES'] ?? '').split(',').filter((file) => file !== '')];

export const standardValues = valueFiles.flatMap((file) => ['--values', file]);

/** `set` are assignments as `helm --set` takes them. */
export function assignments(set: readonly string[]): string[] {
  return set.flatMap((assignment) => ['--set', assignment]);
}

/** An empty namespace with what pods must keep to there; one of an earlier, interrupted run is removed before. */
export async function createNamespace(namespace: string): Promise<void> {
  await removeNamespace(namespace);
  await kubectl(['create', 'namespace', namespace]);
  await kubectl(['label', 'namespace', namespace, 'pod-security.kubernetes.io/enforce=restricted']);
}

/** With whatever is installed there; also what the release has outside of it. */
export async function removeNamespace(namespace: string): Promise<void> {
  await helm(['uninstall', release, '--namespace', namespace, '--ignore-not-found']).catch(() => undefined);
  await kubectl(['delete', 'namespace', namespace, '--ignore-not-found', '--wait=true', '--timeout=120s']);
}

export function install(namespace: string, set: readonly string[], from = chart): Promise<string> {
  return helm(['install', release, from, '--namespace', namespace, ...standardValues, ...assignments(set)]);
}

/** As the chart's README says it. */
export function upgrade(namespace: string, set: readonly string[]): Promise<string> {
  return helm(['upgrade', release, chart, '--namespace', namespace, '--reset-then-reuse-values', ...assignments(set)]);
}

export async function rolledOut(namespace: string, what = `statefulset/${release}`): Promise<void> {
  await kubectl(['--namespace', namespace, 'rollout', 'status', what, '--timeout=180s']);
}

export function podNames(count: number): string[] {
  return Array.from({ length: count }, (_, number) => `${release}-${number}`);
}

export interface Seen {
  readonly id: string;
  readonly name: string;
  readonly state: string;
}

/** Every node that the node in this pod knows of. */
export async function seenBy(namespace: string, pod: string): Promise<readonly Seen[]> {
  const text = await httpGet(namespace, pod, '/metrics/network');
  return [...text.matchAll(/^starling_node_state\{node="(\w+)",name="([^"]*)",state="(\w+)"\} 1$/gm)].map(([, id = '', name = '', state = '']) => ({ id, name, state }));
}

/** The value of one series of a pod, the sum over all its labels; 0 when there is none. */
export async function metricOf(namespace: string, pod: string, name: string, labels = ''): Promise<number> {
  return sumOfMetric(await httpGet(namespace, pod, '/metrics'), name, labels);
}

/** Null when every node of `pods` is ready and holds exactly `pods` alive, and no other node suspect or failed. */
async function lackOfWholeness(namespace: string, pods: readonly string[]): Promise<string | null> {
  const ready = (await nodePods(namespace)).filter(isReady).map(({ metadata }) => metadata.name);
  if (ready.join() !== pods.join()) return `ready are ${ready.join(', ') || 'none'}`;
  for (const pod of pods) {
    const seen = await seenBy(namespace, pod);
    const alive = seen.filter(({ state }) => state === 'alive').map(({ name }) => name);
    if (alive.sort().join() !== [...pods].sort().join()) return `${pod} sees ${seen.map(({ name, state }) => `${name} ${state}`).join(', ')}`;
    const doubtful = seen.find(({ state }) => state === 'suspect' || state === 'failed');
    if (doubtful !== undefined) return `${pod} holds ${doubtful.name} to be ${doubtful.state}`;
  }
  return null;
}

/** Waits until `count` nodes are ready and every one of them sees every one alive; gives how long it took, milliseconds. */
export function wholeNetwork(namespace: string, count: number, deadlineMs = 90_000): Promise<number> {
  return until(`${count} nodes that all see each other in ${namespace}`, () => lackOfWholeness(namespace, podNames(count).sort((a, b) => a.localeCompare(b))), deadlineMs);
}

/** How often the nodes that run now declared another one failed, since they started. */
export async function failuresDeclared(namespace: string): Promise<number> {
  let failures = 0;
  for (const { metadata } of await nodePods(namespace)) failures += await metricOf(namespace, metadata.name, 'starling_member_changes_total', 'state="failed"');
  return failures;
}
