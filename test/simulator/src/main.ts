/** `npm run sim`: reads the command line, runs, and prints. See `--help`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { type Command, parseCommand, usage } from './command-line.js';
import { nightly } from './nightly.js';
import { plans } from './plans/index.js';
import { compare, type Report, tableOf } from './report.js';
import { simulate } from './simulate.js';

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function readReport(path: string): Report {
  return JSON.parse(readFileSync(path, 'utf8')) as Report;
}

function obey(command: Command): number {
  switch (command.type) {
    case 'help':
      print(usage);
      return 0;
    case 'list':
      for (const plan of plans) print(`${plan.name.padEnd(18)} ${plan.about} (${plan.nodes} nodes, ${plan.seconds} s)`);
      return 0;
    case 'mistake':
      process.stderr.write(`${command.what}\n${usage}\n`);
      return 2;
    case 'compare':
      print(compare(readReport(command.before), readReport(command.after)));
      return 0;
    case 'nightly':
      return nightly(print);
    case 'run': {
      const report = simulate(command);
      print(tableOf(report));
      if (command.json !== undefined) writeFileSync(command.json, `${JSON.stringify(report, null, 2)}\n`);
      return conclude(report);
    }
  }
}

function conclude(report: Report): number {
  for (const { atMs, what } of report.failures) print(`FAILED at ${(atMs / 1_000).toFixed(3)} s: ${what}`);
  if (report.failures.length > 0) print(`To see it again: ${report.command}`);
  print(`${report.failures.length === 0 ? 'passed' : 'failed'}: ${report.plan}, ${report.nodes} nodes, seed ${report.seed}, ${report.seconds} s; trace ${report.trace}`);
  return report.failures.length === 0 ? 0 : 1;
}

process.exitCode = obey(parseCommand(process.argv.slice(2)));
