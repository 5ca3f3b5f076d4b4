/**
 * `npm run bench`: speed and memory, as ratios within one run where there is something to compare with, because a machine is
 * never alone; `latency`, `idle` and the first figure of `simulator` are absolute.
 * `npm run bench -- --only quic,delivery` runs some; `--minutes 10` lengthens the look at memory; `--json FILE` keeps the figures.
 */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { fail, requireBuild, requirePackages, requirePlatform } from '../../services/cli/setup.mjs';

const parts = ['quic', 'delivery', 'latency', 'idle', 'memory', 'simulator'];
const { only, json, minutes } = options();
requirePlatform();
requirePackages();
requireBuild();

const machine = `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.versions.node}`;
process.stdout.write(`\n${machine}\n`);
const figures = [];
for (const part of only) {
  const { measure } = await import(`./${part}.mjs`);
  process.stdout.write(`\n${part} ...\n`);
  for (const figure of await measure({ minutes })) {
    figures.push({ part, ...figure });
    process.stdout.write(`  ${line(figure)}\n`);
  }
}
const over = figures.filter(({ value, atMost }) => value > atMost).length;
process.stdout.write(`\n${figures.length} figures, ${over} over their bound\n`);
if (json !== undefined) writeFileSync(json, `${JSON.stringify({ machine, figures }, null, 2)}\n`);
process.exit(0);

/** A figure: `value` in `unit`, a bound, and what it was made of. */
function line({ name, value, unit, atMost, from }) {
  return `${value <= atMost ? 'ok  ' : 'OVER'} ${name}: ${round(value)} ${unit} (at most ${round(atMost)})${from === undefined ? '' : `: ${from}`}`;
}

function round(value) {
  return Number(value.toPrecision(3));
}

function options() {
  try {
    const { values } = parseArgs({ options: { only: { type: 'string' }, json: { type: 'string' }, minutes: { type: 'string', default: '2' } } });
    const chosen = values.only?.split(',') ?? parts;
    const unknown = chosen.filter((part) => !parts.includes(part));
    if (unknown.length > 0) fail(`Unknown part ${unknown.join(', ')}: choose of ${parts.join(', ')}.`);
    const length = Number(values.minutes);
    if (!(length > 0 && length <= 60)) fail(`--minutes ${values.minutes}: a number above 0, and 60 at most.`);
    return { only: chosen, json: values.json, minutes: length };
  } catch (fault) {
    return fail(fault.message);
  }
}
