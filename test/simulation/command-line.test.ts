import { expect, it } from 'vitest';
import { parseCommand } from '../simulator/src/command-line.js';
import { compare } from '../simulator/src/report.js';
import { simulate } from '../simulator/src/simulate.js';
import { planOf } from './plan-of.js';

it.each([
  [[], '--plan is missing'],
  [['--plan', 'nonsense'], 'there is no plan "nonsense"'],
  [['--plan', 'steady', '--nodes', 'many'], '--nodes must be a whole number'],
  [['--plan', 'steady', '--nodes', '1'], '--nodes must be a whole number from 2'],
  [['--plan', 'steady', '--seed', '-1'], 'seed'],
  [['--plan', 'steady', '--seconds', '5'], '--seconds must be a whole number from 10'],
  [['--plan', 'steady', 'quickly'], '"quickly"'],
  [['--speed', '9'], '--speed'],
  [['--compare', 'a.json'], '--compare takes two reports'],
])('%j is a mistake', (args, words) => {
  const command = parseCommand(args);
  expect(command).toMatchObject({ type: 'mistake' });
  expect(command.type === 'mistake' ? command.what : '').toContain(words);
});

it('takes a whole command line', () => {
  expect(parseCommand(['--nodes', '1000', '--plan', 'partition-heals', '--seed', '42', '--json', 'out.json'])).toMatchObject({ type: 'run', nodes: 1_000, seed: 42, seconds: 120, json: 'out.json' });
  expect(parseCommand(['--plan', 'list'])).toEqual({ type: 'list' });
  expect(parseCommand(['--nightly'])).toEqual({ type: 'nightly' });
  expect(parseCommand(['--compare', 'a.json', 'b.json'])).toEqual({ type: 'compare', before: 'a.json', after: 'b.json' });
});

it('names in its report the command line that replays it', () => {
  const report = simulate({ plan: planOf('steady'), nodes: 8, seconds: 12, seed: 5 });
  const replay = parseCommand(report.command.split(' ').slice(4));
  expect(replay).toMatchObject({ type: 'run', nodes: 8, seconds: 12, seed: 5 });
  expect(compare(report, report)).toContain('the same run');
});
