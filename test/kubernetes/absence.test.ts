/** Discovery by EndpointSlices alone, and the reason of an absence: what Kubernetes did to a pod stands beside its node, at another one. */
import type { Node } from '@starling/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isReady, kubectl, nodePods } from './support/kubectl.js';
import { asPod } from './support/pod-token.js';
import { type Forward, portForward } from './support/port-forward.js';
import { createNamespace, install, metricOf, podNames, release, removeNamespace, rolledOut, wholeNetwork } from './support/release.js';
import { until } from './support/until.js';
import { allNodes } from './support/visualizer.js';

const namespace = 'starling-absence';
const nodes = 4;
const mebibyte = 1_048_576;
const nodeMemoryBytes = 130 * mebibyte;
let forward: Forward;

beforeAll(async () => {
  await createNamespace(namespace);
  // Without the service record they would never meet.
  await install(namespace, [`node.replicas=${nodes}`, 'discovery.endpointSlices.enabled=true', 'node.env.STARLING_SEEDS=']);
  await wholeNetwork(namespace, nodes);
  await rolledOut(namespace, `deployment/${release}-ui`);
  forward = await portForward(namespace, `svc/${release}-ui`, 8080);
});
afterAll(async () => {
  forward?.close();
  await removeNamespace(namespace);
});

function inNamespace(...args: readonly string[]): Promise<string> {
  return kubectl(['--namespace', namespace, ...args]);
}

/** The node that now runs in a pod, as pod 0 sees it. */
async function aliveIn(pod: string): Promise<Node> {
  const found = (await allNodes(forward)).find(({ name, state }) => name === pod && state === 'alive');
  if (found === undefined) throw new Error(`no node in ${pod} is alive`);
  return found;
}

/** Waits until pod 0 says that this node has left, and why. */
async function awayFor(id: string, reason: string): Promise<void> {
  await until(`the node has left, ${reason}`, async () => {
    const node = (await allNodes(forward)).find((one) => one.id === id);
    return node?.state === 'left' && node.absence?.reason === reason ? null : `${node?.state} ${JSON.stringify(node?.absence)}`;
  });
}

async function evict(pod: string): Promise<void> {
  const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: pod, namespace } };
  await kubectl(['create', '--raw', `/api/v1/namespaces/${namespace}/pods/${pod}/eviction`, '--filename', '-'], JSON.stringify(eviction));
}

describe('nodes that know nothing but the service', () => {
  it('have found each other by its EndpointSlices', async () => {
    expect(await inNamespace('get', 'pod', `${release}-0`, '--output', 'jsonpath={.spec.containers[0].env[?(@.name=="STARLING_SEEDS")].value}')).toBe('');
    for (const pod of podNames(nodes)) expect(await metricOf(namespace, pod, 'starling_peers'), `peers of ${pod}`).toBeGreaterThanOrEqual(1);
  });

  it('may read what they follow, and nothing else', async () => {
    const asked = [`/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`, `/api/v1/namespaces/${namespace}/pods`, `/apis/apps/v1/namespaces/${namespace}/statefulsets/${release}`];
    const refused = [`/api/v1/namespaces/${namespace}/secrets`, `/apis/apps/v1/namespaces/${namespace}/statefulsets`, `/api/v1/namespaces/kube-system/pods`, `/api/v1/namespaces/${namespace}/configmaps`];
    const answers = await asPod(namespace, `${release}-1`, [...asked, ...refused].map((path) => ({ method: 'GET', path })));
    expect(answers.map(({ code }) => code)).toEqual([200, 200, 200, 403, 403, 403, 403]);
  });

  it('hold little more memory than others', async () => {
    for (const pod of podNames(nodes)) {
      const bytes = await metricOf(namespace, pod, 'process_resident_memory_bytes');
      process.stdout.write(`figure: a node that follows the Kubernetes API, ${pod}: ${(bytes / mebibyte).toFixed(0)} MiB resident\n`);
      expect(bytes, pod).toBeLessThanOrEqual(nodeMemoryBytes);
    }
  });
});

describe('why a node is away', () => {
  it('evicted: also in the log, and nothing is said of the one that comes in its place', async () => {
    const { id } = await aliveIn(`${release}-2`);
    await evict(`${release}-2`);
    await awayFor(id, 'evicted');
    await wholeNetwork(namespace, nodes);
    expect(await aliveIn(`${release}-2`)).not.toHaveProperty('absence');
    const log = (await inNamespace('logs', `${release}-0`)).split('\n').filter((line) => line.includes(id) && line.includes('"absence":"evicted"'));
    expect(log).not.toEqual([]);
  });

  it('deleted', async () => {
    const { id } = await aliveIn(`${release}-1`);
    await inNamespace('delete', 'pod', `${release}-1`, '--wait=false');
    await awayFor(id, 'deleted');
    await wholeNetwork(namespace, nodes);
  });

  it('scaled down', async () => {
    const { id } = await aliveIn(`${release}-3`);
    await inNamespace('scale', 'statefulset', release, '--replicas=3');
    await awayFor(id, 'scaled-down');
    await wholeNetwork(namespace, 3);
  });

  it('updated', async () => {
    const { id } = await aliveIn(`${release}-2`);
    await inNamespace('rollout', 'restart', `statefulset/${release}`);
    await awayFor(id, 'updated');
  });
});

it('a node that may not follow starts all the same, and its log says so', async () => {
  await rolledOut(namespace);
  await inNamespace('delete', 'rolebinding', `${release}-discovery`);
  await inNamespace('delete', 'pod', `${release}-1`);
  await until('it is ready', async () => ((await nodePods(namespace)).some((pod) => pod.metadata.name === `${release}-1` && isReady(pod)) ? null : 'not yet'));
  await until('its log says so', async () => {
    const log = await inNamespace('logs', `${release}-1`);
    return ['endpointslices', 'pods', 'statefulsets'].every((what) => log.includes(`"what":"${what}"`)) && log.includes('is forbidden') ? null : log.slice(-500);
  });
});
