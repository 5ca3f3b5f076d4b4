/** The answers of the visualizer: the network as its designated node, pod 0, sees it. */
import type { NodeAnswer, NodeDetail, Nodes } from '@starling/contract';
import type { Forward } from './port-forward.js';

async function get<T>(forward: Forward, path: string): Promise<T> {
  const answer = await fetch(forward.origin + path);
  if (!answer.ok) throw new Error(`${path} is answered with ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as T;
}

/** Of every node that is alive. */
export async function aliveNodes(forward: Forward): Promise<readonly NodeDetail[]> {
  const { nodes } = await get<Nodes>(forward, '/v1/nodes');
  const alive = nodes.filter(({ state }) => state === 'alive');
  const answers = await Promise.all(alive.map(({ id }) => get<NodeAnswer>(forward, `/v1/nodes/${id}`)));
  return answers.map(({ node }) => node);
}

/** Every node, also who is away. */
export async function allNodes(forward: Forward): Promise<Nodes['nodes']> {
  return (await get<Nodes>(forward, '/v1/nodes')).nodes;
}
