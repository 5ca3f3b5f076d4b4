/** What befalls many nodes at once: half of them die, or one half loses the other. */
import type { Nodes } from '@starling/contract';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { faultOf, LocalNodes } from './local-nodes.js';
import { type NodeProcess, ProcessNetwork } from './node-process.js';
import { TwoSides, withoutNamespaces } from './two-sides.js';

const reason = withoutNamespaces();
const perSide = 5;
const deadlineMs = 90_000;
/** On a machine that has other things to do as well, milliseconds. */
const busyMs = 480_000;
const closing: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function failedIn(view: Nodes | null | undefined): string[] {
  return (view?.nodes ?? []).filter(({ state }) => state === 'failed').map(({ name }) => name).sort();
}

describe('Twenty nodes', () => {
  it('of which ten are killed at once: the other ten agree again', { timeout: busyMs }, async () => {
    const nodes = await LocalNodes.start(20, 0.2);
    closing.push(() => nodes.close());
    await nodes.agree(nodes.names(), deadlineMs);
    const [first = '', ...others] = nodes.names();
    const victims = others.filter((_, i) => i % 2 === 0);
    expect(victims).toHaveLength(10);
    for (const name of victims) nodes.member(name).kill();
    const survivors = nodes.names();
    expect(survivors).toHaveLength(10);
    await nodes.agree(survivors, deadlineMs);
    // Suspects count among no views already; that they have failed is said later.
    await eventually('the others have failed', async () => failedIn(await nodes.view(first)).join() === victims.sort().join(), deadlineMs);
  });
});

describe.skipIf(reason !== '')(`A network whose halves lose each other${reason}`, () => {
  async function agree(nodes: readonly NodeProcess[]): Promise<void> {
    const names = nodes.map(({ program }) => program.name);
    for (const node of nodes) {
      let fault = '';
      const sees = async () => (fault = faultOf(await node.get<Nodes>('/v1/nodes'), names)) === '';
      await eventually(`${node.program.name} agrees with ${nodes.length} nodes`, sees, deadlineMs).catch((error: Error) => {
        throw new Error(`${error.message}: ${fault}`, { cause: error });
      });
    }
  }

  it('agrees within each half, and as a whole when they meet again', { timeout: busyMs }, async () => {
    const ground = new TwoSides();
    closing.push(() => ground.close());
    const network = await ProcessNetwork.open();
    closing.push(() => network.close());
    const nodes: NodeProcess[][] = [];
    const seeds = ground.sides.map(({ address }) => `${address(1)}:9740`);
    for (const side of ground.sides) {
      const started: NodeProcess[] = [];
      for (let number = 1; number <= perSide; number++) {
        const listen = `${side.address(number)}:9740`;
        const program = await network.prepare(`${side.name}-${number}`, seeds, { STARLING_LISTEN: listen, STARLING_CONNECTION_RATIO: '0.3' });
        started.push(network.run({ ...program, address: listen, apiHost: side.apiHost, prefix: side.command, settings: { ...program.settings, STARLING_API_LISTEN: `${side.apiHost}:${program.apiPort}` } }));
      }
      nodes.push(started);
    }
    const [left = [], right = []] = nodes;
    const all = [...left, ...right];
    await agree(all);
    const crossed = async () => (await Promise.all(left.map(async (node) => (await node.nodes()).filter(({ name, hops }) => name.startsWith('right') && hops > 0)))).flat().length;
    expect(await crossed()).toBe(perSide * perSide);

    ground.split();
    await Promise.all([agree(left), agree(right)]);
    const lost = right.map(({ program }) => program.name).sort().join();
    for (const node of left) await eventually(`${node.program.name} has given up the other half`, async () => failedIn(await node.get<Nodes>('/v1/nodes')).join() === lost, deadlineMs);

    ground.heal();
    await agree(all);
    for (const node of all) expect(node.isRunning, node.output).toBe(true);
  });
});
