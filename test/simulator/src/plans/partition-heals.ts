import { cut } from '../faults.js';
import type { Plan } from '../plan.js';

/** Of the repair: so many after the cut is healed, everybody agrees. */
const mostRounds = 2;

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
    const healedMs = run.world.nowMs;
    let metMs: number | null = null;
    const partOf = new Map(run.world.nodes.map((node) => [node.key.id, node.index % 2]));
    run.world.watch({
      onEvent(node, event): void {
        if (metMs === null && event.type === 'peer-up' && partOf.get(event.peer) !== node.index % 2) metMs = run.world.nowMs - healedMs;
      },
    });
    const agreed = run.converge(mostRounds);
    run.figures['the halves met after, s'] = metMs === null ? null : metMs / 1_000;
    run.figures['agreement after the partition, s'] = agreed;
  },
};
