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
    // Each kind at least once, and at most half of all: where nobody honest is left there is nothing to protect.
    const liars = run.some(all, Math.min(Math.floor(nodes / 2), Math.max(maliceNames.length, Math.floor(nodes / 5))));
    run.corrupt(liars, maliceNames);
    run.measure();
    run.advance(Math.floor(seconds / 2));
    const newcomers = run.populate(2, 1);
    // Newcomers are told of liars, whatever these do, and of one honest node.
    const honest = run.honest()[0];
    run.world.discovery = (node) => (newcomers.includes(node) && honest !== undefined ? [honest.address, ...liars.slice(0, 20).map((other) => other.address)] : run.someAddresses(node, 8));
    run.advance(Math.ceil(seconds / 2) - 10);
    run.converge(20);
    run.figures['malicious nodes'] = liars.length;
    for (const { malice } of liars) if (malice?.acts === 0) run.checks.fail(`a node that should ${malice.name} never did`);
  },
};
