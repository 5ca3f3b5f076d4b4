import type { Plan } from '../plan.js';

/** Of all nodes, so many say something each second. */
const voices = 100;

export const tenThousand: Plan = {
  name: 'ten-thousand',
  about: '10,000 nodes, of which 100 say something each second',
  nodes: 10_000,
  seconds: 60,
  nightly: { nodes: 2_000, seeds: 1 },
  course(run) {
    const { nodes, seconds } = run.options;
    const speaking = Math.min(voices, Math.ceil(nodes / 2));
    run.populate(speaking, 2);
    run.populate(nodes - speaking, 5, 'silent');
    run.observe(Math.min(25, seconds / 2));
    if (run.views.agreement() !== 1) run.converge(10);
    if (run.health.falseDeaths > 0) run.checks.fail(`${run.health.falseDeaths} false deaths`);
  },
};
