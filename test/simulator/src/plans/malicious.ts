import { maliceNames } from '../malice.js';
import type { Plan } from '../plan.js';

export const malicious: Plan = {
  name: 'malicious',
  about: 'a fifth of the nodes forges, alters, replays, floods, lies and poisons',
  nodes: 100,
  seconds: 60,
  nightly: { nodes: 200, seeds: 5 },
  course(run) {
    const { nodes, seconds } = run.options;
    run.checks.longestFalseDeathMs = 20_000;
    const all = run.populate(nodes, 2);
    run.corrupt(run.some(all, Math.max(1, Math.floor(nodes / 5))), maliceNames);
    run.measure();
    run.advance(Math.floor(seconds / 2));
    const newcomers = run.populate(2, 1);
    // The world of a newcomer is full of those who swallow what they should pass on; one address is honest.
    const honest = run.honest()[0];
    const swallowing = run.world.nodes.filter((node) => node.malice !== null);
    run.world.discovery = (node) => (newcomers.includes(node) && honest !== undefined ? [honest.address, ...swallowing.slice(0, 20).map((other) => other.address)] : run.someAddresses(node, 8));
    run.advance(Math.ceil(seconds / 2) - 10);
    run.converge(20);
    run.figures['malicious nodes'] = swallowing.length;
  },
};
