/** What the command line asks for, or what is wrong with it. */
import { parseArgs } from 'node:util';
import type { Plan } from './plan.js';
import { plans } from './plans/index.js';

export type Command =
  | { readonly type: 'help' }
  | { readonly type: 'list' }
  | { readonly type: 'nightly' }
  | { readonly type: 'mistake'; readonly what: string }
  | { readonly type: 'compare'; readonly before: string; readonly after: string }
  | { readonly type: 'run'; readonly plan: Plan; readonly seed: number; readonly nodes: number; readonly seconds: number; readonly json: string | undefined };

export const usage = `usage: npm run sim -- --plan NAME [--nodes N] [--seed N] [--seconds N] [--json FILE]
       npm run sim -- --plan list
       npm run sim -- --compare A.json B.json
       npm run sim -- --nightly`;

const most = { nodes: 20_000, seconds: 86_400, seed: 0xffffffff } as const;

export function parseCommand(args: readonly string[]): Command {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { plan: { type: 'string' }, nodes: { type: 'string' }, seed: { type: 'string' }, seconds: { type: 'string' }, json: { type: 'string' }, compare: { type: 'string' }, nightly: { type: 'boolean' }, help: { type: 'boolean' } },
    });
    if (values.help === true) return { type: 'help' };
    if (values.compare !== undefined) {
      const [after] = positionals;
      if (after === undefined || positionals.length > 1) return mistake('--compare takes two reports: --compare A.json B.json');
      return { type: 'compare', before: values.compare, after };
    }
    if (positionals.length > 0) return mistake(`what is "${positionals[0] ?? ''}"? Everything has a name here.`);
    if (values.nightly === true) return { type: 'nightly' };
    if (values.plan === 'list') return { type: 'list' };
    return parseRun(values);
  } catch (error) {
    return mistake(error instanceof Error ? error.message : String(error));
  }
}

function parseRun(values: { readonly plan?: string | undefined; readonly nodes?: string | undefined; readonly seed?: string | undefined; readonly seconds?: string | undefined; readonly json?: string | undefined }): Command {
  if (values.plan === undefined) return mistake('--plan is missing; --plan list names them all');
  const plan = plans.find(({ name }) => name === values.plan);
  if (plan === undefined) return mistake(`there is no plan "${values.plan}"; there are ${plans.map(({ name }) => name).join(', ')}`);
  const nodes = wholeNumber(values.nodes ?? String(plan.nodes), 2, most.nodes);
  const seconds = wholeNumber(values.seconds ?? String(plan.seconds), 10, most.seconds);
  const seed = wholeNumber(values.seed ?? '1', 0, most.seed);
  if (nodes === null) return mistake(`--nodes must be a whole number from 2 to ${most.nodes}, not "${values.nodes ?? ''}"`);
  if (seconds === null) return mistake(`--seconds must be a whole number from 10 to ${most.seconds}, not "${values.seconds ?? ''}"`);
  if (seed === null) return mistake(`--seed must be a whole number from 0 to ${most.seed}, not "${values.seed ?? ''}"`);
  return { type: 'run', plan, seed, nodes, seconds, json: values.json };
}

function wholeNumber(text: string, least: number, greatest: number): number | null {
  const value = Number(text);
  return /^\d+$/.test(text) && value >= least && value <= greatest ? value : null;
}

function mistake(what: string): Command {
  return { type: 'mistake', what };
}
