import type { Address } from '@starling/gossip';
import { addressOfJoin } from '../parcels.js';
import type { Plan } from '../plan.js';
import type { SimulatedNode } from '../simulated-node.js';

/** Of all nodes, so many leave and as many come each minute. */
const churn = 0.01;

export const churnObserver: Plan = {
  name: 'churn-observer',
  about: 'one node in a hundred is replaced each minute for an hour; how many addresses one observer learns is measured, not checked',
  nodes: 200,
  seconds: 3_600,
  sampleIntervalMs: 30_000,
  metrics: 4,
  nightly: { nodes: 200, seeds: 1 },
  course(run) {
    const { nodes, seconds } = run.options;
    const observer = run.world.add();
    const discovered = new Set<Address>();
    const learned = new Set<Address>();
    const few = run.populate(nodes - 1, 2).slice(0, 8).map((node) => node.address);
    run.world.discovery = (node) => few.filter((address) => address !== node.address);
    run.world.watch({
      onInput(node: SimulatedNode, input): void {
        if (node !== observer) return;
        if (input.type === 'discovered') for (const address of input.addresses) discovered.add(address);
        else if (input.type === 'connection-opened') learned.add(input.address);
        if (input.type !== 'message-received') return;
        const address = addressOfJoin(input.bytes);
        if (address !== null) learned.add(address);
      },
    });
    run.world.start(observer);
    run.advance(10);
    run.measure();
    const beyondDiscovery = () => [...learned].filter((address) => !discovered.has(address)).length;
    const atFirst = beyondDiscovery();
    // Of a small network one hundredth is less than a node: what is owed adds up.
    let owed = 0;
    for (let minute = 0; minute < Math.floor((seconds - 10) / 60); minute++) {
      for (owed += nodes * churn; owed >= 1; owed -= 1) {
        const [gone] = run.some(run.honest().filter((node) => node !== observer && !few.includes(node.address)), 1);
        if (gone !== undefined) run.world.leave(gone);
        run.populate(1, 30);
      }
      run.advance(60);
    }
    const beyond = beyondDiscovery();
    run.figures['addresses learned by the observer, with discovery'] = new Set([...learned, ...discovered]).size;
    run.figures['addresses learned by the observer, beyond discovery'] = beyond;
    run.figures['of them in the first ten seconds'] = atFirst;
    run.figures['share of all addresses, beyond discovery'] = beyond / run.world.nodes.length;
  },
};
