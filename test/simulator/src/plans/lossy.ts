import type { Plan } from '../plan.js';

export const lossy: Plan = {
  name: 'lossy',
  about: 'one datagram in twenty is lost; some come twice or late',
  nodes: 300,
  seconds: 60,
  nightly: { nodes: 300, seeds: 3 },
  course(run) {
    const { nodes, seconds } = run.options;
    run.world.wiring.faults = { leastLatencyMs: 5, tailLatencyMs: 5, loss: 0.05, duplication: 0.01, reordering: 0.02 };
    run.populate(nodes, 2);
    run.observe(Math.min(20, seconds / 2));
    run.converge(5);
    if (run.quality.delivered < run.quality.expected) run.figures['samples overtaken by newer ones'] = run.quality.expected - run.quality.delivered;
    if (run.health.falseDeaths > 0) run.checks.fail(`${run.health.falseDeaths} false deaths`);
    run.checkFreshness(2_500);
  },
};
