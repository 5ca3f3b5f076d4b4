import type { Plan } from '../plan.js';

export const steady: Plan = {
  name: 'steady',
  about: 'everybody starts within two seconds and nothing goes wrong',
  nodes: 1_000,
  seconds: 60,
  nightly: { nodes: 500, seconds: 60, seeds: 2 },
  course(run) {
    const { nodes, seconds } = run.options;
    run.populate(nodes, 2);
    run.observe(Math.min(20, seconds / 3));
    if (run.views.agreement() !== 1) run.checks.fail('not everybody knows everybody');
    if (run.health.falseDeaths > 0) run.checks.fail(`${run.health.falseDeaths} false deaths`);
  },
};
