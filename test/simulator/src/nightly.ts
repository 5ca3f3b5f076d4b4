/** The long set: every plan at its nightly size, over several seeds. */
import { plans } from './plans/index.js';
import { simulate } from './simulate.js';

/** Returns the exit code. */
export function nightly(print: (text: string) => void): number {
  let failed = 0;
  for (const plan of plans) {
    const { nodes, seeds, seconds = plan.seconds } = plan.nightly;
    for (let seed = 1; seed <= seeds; seed++) {
      const report = simulate({ plan, seed, nodes, seconds });
      print(`${report.failures.length === 0 ? 'passed' : 'FAILED'}  ${report.command}  trace ${report.trace}  ${report.took.wallSeconds.toFixed(0)} s`);
      for (const { atMs, what } of report.failures) print(`        at ${(atMs / 1_000).toFixed(3)} s: ${what}`);
      if (report.failures.length > 0) failed += 1;
    }
  }
  print(failed === 0 ? 'all passed' : `${failed} failed`);
  return failed === 0 ? 0 : 1;
}
