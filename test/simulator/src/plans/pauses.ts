import type { Plan } from '../plan.js';

const pauseMs = 5_000;
const everySeconds = 15;
/** A node that was given up wrongly is back with everybody so long after, milliseconds. */
const refutedWithinMs = 10_000;

export const pauses: Plan = {
  name: 'pauses',
  about: 'every 15 s a fifth of the nodes stands still for 5 s',
  nodes: 300,
  seconds: 120,
  nightly: { nodes: 300, seeds: 2 },
  course(run) {
    run.checks.longestFalseDeathMs = refutedWithinMs;
    run.populate(run.options.nodes, 2);
    run.advance(20);
    run.measure();
    while (run.world.nowMs < (run.options.seconds - everySeconds) * 1_000) {
      for (const node of run.some(run.honest(), Math.ceil(run.options.nodes / 5))) run.world.at(run.world.nowMs + run.random() * 5_000, () => run.world.pause(node, pauseMs));
      run.advance(everySeconds);
    }
    run.converge(10);
  },
};
