/** What happens to pods in their life: scaled, deleted, killed, rolled. What goes on purpose says so and is never taken for failed. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isReady, kubectl, nodePods } from './support/kubectl.js';
import { type Forward, portForward } from './support/port-forward.js';
import { createNamespace, failuresDeclared, install, podNames, release, removeNamespace, rolledOut, type Seen, seenBy, upgrade, wholeNetwork } from './support/release.js';
import { until } from './support/until.js';
import { Watch } from './support/watch.js';

const namespace = 'starling-disturbed';
const sampleIntervalMs = 1_000;
const gapBoundMs = 3 * sampleIntervalMs;

/** With a process namespace for the whole pod the node is not process 1, which no signal from inside can kill. */
const sharedProcesses = { spec: { template: { spec: { shareProcessNamespace: true } } } };
const killNode = `for (const id of fs.readdirSync('/proc').filter(Number)) {
  if (Number(id) !== process.pid && fs.readFileSync('/proc/' + id + '/cmdline', 'utf8').split('\\0').includes('services/node/dist/main.js')) process.kill(Number(id), 'SIGKILL');
}`;

beforeAll(async () => {
  await createNamespace(namespace);
  await install(namespace, ['node.replicas=3']);
  await kubectl(['--namespace', namespace, 'patch', 'statefulset', release, '--patch', JSON.stringify(sharedProcesses)]);
  await rolledOut(namespace);
  await rolledOut(namespace, `deployment/${release}-ui`);
  await wholeNetwork(namespace, 3);
});
afterAll(() => removeNamespace(namespace));

async function seen(name: string): Promise<Seen | undefined> {
  const nodes = (await seenBy(namespace, `${release}-0`)).filter((node) => node.name === name);
  return nodes.find(({ state }) => state === 'alive') ?? nodes[0];
}

async function scale(replicas: number): Promise<void> {
  await kubectl(['--namespace', namespace, 'scale', 'statefulset', release, `--replicas=${replicas}`]);
  await wholeNetwork(namespace, replicas, 120_000);
}

describe('pods come and go', () => {
  it('scaled from 3 to 6 and back: who goes has left and never failed', async () => {
    await scale(6);
    const joined = new Map((await seenBy(namespace, `${release}-0`)).filter(({ state }) => state === 'alive').map(({ name, id }) => [name, id]));
    await scale(3);
    for (const pod of podNames(3)) {
      const states = new Map((await seenBy(namespace, pod)).map(({ id, state }) => [id, state]));
      for (const name of podNames(6).slice(3)) expect(states.get(joined.get(name) ?? ''), `${name} as ${pod} sees it`).toBe('left');
    }
    expect(await failuresDeclared(namespace)).toBe(0);
  });

  it('deleted: the old node has left, and the new pod joins as a new node', async () => {
    const old = await seen(`${release}-1`);
    await kubectl(['--namespace', namespace, 'delete', 'pod', `${release}-1`]);
    await wholeNetwork(namespace, 3);
    const nodes = await seenBy(namespace, `${release}-0`);
    expect(nodes.find(({ id }) => id === old?.id)?.state).toBe('left');
    expect((await seen(`${release}-1`))?.id).not.toBe(old?.id);
    expect(await failuresDeclared(namespace)).toBe(0);
  });

  it('killed with kill -9: the container starts again as the same node', async () => {
    const restarts = async () => (await nodePods(namespace))[2]?.status.containerStatuses?.[0]?.restartCount;
    const old = await seen(`${release}-2`);
    const before = (await restarts()) ?? 0;
    await kubectl(['--namespace', namespace, 'exec', `${release}-2`, '--', 'node', '--eval', killNode]);
    await until('the container started again', async () => ((await restarts()) === before + 1 ? null : `${await restarts()} restarts`));
    await wholeNetwork(namespace, 3);
    expect((await seen(`${release}-2`))?.id).toBe(old?.id);
  });
});

describe('a rolling restart under load', () => {
  it('declares nobody failed, and nothing new of a survivor is waited for longer than three intervals', async () => {
    // By the chart, so that the visualizer may look from all of them.
    await upgrade(namespace, ['node.replicas=5']);
    await rolledOut(namespace, `deployment/${release}-ui`);
    await wholeNetwork(namespace, 5);
    const forward = await portForward(namespace, `svc/${release}-ui`, 8080);
    const load = askWithoutEnd(forward, 4);
    // The first pod goes last: it sees all others go. The last one comes back first, and sees the rest.
    const first = new Watch(forward, `${release}-0`);
    let second: Watch | null = null;
    try {
      await first.opened();
      const before = (await nodePods(namespace)).find(({ metadata }) => metadata.name === `${release}-4`)?.metadata.uid;
      await kubectl(['--namespace', namespace, 'rollout', 'restart', `statefulset/${release}`]);
      await until('the last pod is back', async () => {
        const pod = (await nodePods(namespace)).find(({ metadata }) => metadata.name === `${release}-4`);
        return pod !== undefined && pod.metadata.uid !== before && isReady(pod) ? null : 'the old one or none';
      });
      second = new Watch(forward, `${release}-4`);
      await second.opened();
      await rolledOut(namespace);
      await wholeNetwork(namespace, 5);
      for (const watch of [first, second]) {
        const { name, milliseconds } = watch.longestGap();
        process.stdout.write(`figure: rolling restart seen from ${watch.from}: longest wait ${Math.round(milliseconds)} ms, for ${name}\n`);
        expect(milliseconds, `wait for ${name} at ${watch.from}`).toBeLessThanOrEqual(gapBoundMs);
        expect([...watch.states].filter((state) => state.endsWith(' failed')), `seen from ${watch.from}`).toEqual([]);
        expect([...watch.states].some((state) => state.endsWith(' left')), `${watch.from} saw nodes go`).toBe(true);
      }
      expect(await failuresDeclared(namespace)).toBe(0);
      expect(load.answered(), 'answers under load').toBeGreaterThan(100);
    } finally {
      load.end();
      first.close();
      second?.close();
      forward.close();
    }
  });
});

/** So many clients that ask the visualizer for everything, one answer after the other. */
function askWithoutEnd(forward: Forward, clients: number): { answered: () => number; end: () => void } {
  const stop = new AbortController();
  let answers = 0;
  const ask = async (number: number) => {
    while (!stop.signal.aborted) {
      // A node that restarts is away for a moment; what matters is that the asking goes on.
      const answer = await fetch(`${forward.origin}/v1/nodes?from=${release}-${number}`, { signal: stop.signal }).catch(() => null);
      await answer?.arrayBuffer().catch(() => null);
      if (answer?.ok === true) answers += 1;
    }
  };
  for (let number = 0; number < clients; number++) void ask(number);
  return { answered: () => answers, end: () => stop.abort() };
}
