import type { Plan } from '../plan.js';

/** Survivors agree so long after a crash is detected, seconds. */
const agreedAfterDetectionSeconds = 10;

export const halfCrashes: Plan = {
  name: 'half-crashes',
  about: 'half of all nodes crash at the same moment',
  nodes: 1_000,
  seconds: 60,
  nightly: { nodes: 400, seeds: 2 },
  course(run) {
    run.populate(run.options.nodes, 2);
    run.advance(20);
    run.measure();
    for (const node of run.some(run.world.nodes, Math.floor(run.options.nodes / 2))) run.world.crash(node);
    const seconds = run.converge(run.options.seconds - 20);
    const detectedSeconds = (run.health.failedAfterMs.quantile(0.5) ?? 0) / 1_000;
    run.figures['survivors agree after the crash, s'] = seconds;
    run.figures['survivors agree after detection, s'] = seconds === null ? null : seconds - detectedSeconds;
    if (seconds !== null && seconds - detectedSeconds > agreedAfterDetectionSeconds) run.checks.fail(`survivors agreed ${seconds - detectedSeconds} s after detection, not ${agreedAfterDetectionSeconds}`);
  },
};
