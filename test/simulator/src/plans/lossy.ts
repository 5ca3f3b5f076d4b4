import type { Plan } from '../plan.js';

/**
 * A sample that is lost is told of by announcements, or overtaken by the next. That two and three in a row come late is
 * rare, and in a large network it happens to somebody: the figure below counts who waits for 2.5 s.
 */
const stalestMs = 4_000;

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
    run.figures['pairs of nodes of which one knows nothing of the other from the last 2.5 s'] = run.quality.stale(2_500);
    run.checkFreshness(stalestMs);
  },
};
