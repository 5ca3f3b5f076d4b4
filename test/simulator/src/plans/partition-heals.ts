import { cut } from '../faults.js';
import type { Plan } from '../plan.js';

export const partitionHeals: Plan = {
  name: 'partition-heals',
  about: 'two halves cannot reach one another for 60 s',
  nodes: 200,
  seconds: 120,
  nightly: { nodes: 400, seeds: 2 },
  course(run) {
    const { nodes, seconds } = run.options;
    const cutSeconds = Math.min(60, Math.floor(seconds / 2));
    run.populate(nodes, 2);
    run.advance(20);
    run.measure();
    run.checks.longestFalseDeathMs = Number.POSITIVE_INFINITY;
    cut(run, (node) => node.index % 2, 'both-ways');
    run.advance(cutSeconds);
    run.world.wiring.reaches = null;
    run.health.excuse();
    run.checks.longestFalseDeathMs = 30_000;
    run.figures['agreement after the partition, s'] = run.converge(Math.max(15, seconds - 20 - cutSeconds));
  },
};
