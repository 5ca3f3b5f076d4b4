/** A node that joins a local cluster while it runs: the gateway looks from it too, and stays whole when it goes. */
import type { GatewayStatus, Nodes, Problem } from '@starling/contract';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ClusterProcess, startCluster } from '../support/cluster-process.js';
import { eventually } from '../support/eventually.js';

const deadlineMs = 30_000;
let cluster: ClusterProcess;

beforeAll(async () => {
  cluster = await startCluster({ nodes: 3, ratio: 0.5 });
});
afterAll(async () => {
  expect(await cluster?.stop()).toBe(0);
});

async function ask<T>(path: string): Promise<{ readonly status: number; readonly body: T }> {
  const answer = await fetch(`${cluster.url}${path}`);
  return { status: answer.status, body: (await answer.json()) as T };
}

const offered = async () => (await ask<GatewayStatus>('/v1/gateway')).body.targets.map(({ name }) => name);

it('is verified against the roots of the cluster that runs here; against those of a gateway that is merely named, with a warning', async () => {
  const [own, named] = await Promise.all([cluster.command('verify', 'node-2', '--from', 'node-3'), cluster.command('verify', 'node-2', '--url', cluster.url)]);
  expect(own).toMatchObject({ code: 0, stdout: expect.stringContaining(`Against the roots in ${cluster.folder}/certs/trust`) as string });
  expect(named).toMatchObject({ code: 4, stdout: expect.stringContaining('verified against the roots that this gateway gave') as string });
});

it('can be looked from, by the page and in a terminal, also after another was killed and when it has gone itself', async () => {
  expect(await offered()).toEqual(['node-1', 'node-2', 'node-3']);
  expect(await cluster.command('status', '--from', 'node-4')).toMatchObject({ code: 1, stderr: expect.stringContaining('There is node-1, node-2, node-3.') as string });

  for (const name of ['node-4', 'node-5']) expect(await cluster.command('add')).toMatchObject({ code: 0, stdout: expect.stringContaining(`${name} starts`) as string });
  await eventually('the gateway offers them', async () => (await offered()).length === 5, deadlineMs);
  expect(await offered()).toEqual(['node-1', 'node-2', 'node-3', 'node-4', 'node-5']);
  const seen = await eventually('node-4 sees all five', async () => {
    const { status, body } = await ask<Nodes>('/v1/nodes?from=node-4');
    return status === 200 && body.counts.alive === 5 && body;
  }, deadlineMs);
  expect(seen.asOf.name).toBe('node-4');
  expect(await cluster.command('status', '--from', 'node-4')).toMatchObject({ code: 0, stdout: expect.stringContaining('5 alive as seen by node-4') as string });

  await cluster.command('kill', 'node-4');
  await eventually('node-4 is away', async () => (await ask('/v1/nodes?from=node-4')).status === 502, deadlineMs);
  expect((await ask<Problem>('/v1/nodes?from=node-4')).body.detail).toContain('node-4: nothing listens at its address');
  await eventually('the command shows a failed node', async () => (await cluster.command('status')).code === 3, deadlineMs);
  for (const name of ['node-1', 'node-5']) expect((await ask<Nodes>(`/v1/nodes?from=${name}`)).body.asOf.name).toBe(name);
  await cluster.command('start', 'node-4');
  await eventually('node-4 is back', async () => (await ask('/v1/nodes?from=node-4')).status === 200, deadlineMs);
});
