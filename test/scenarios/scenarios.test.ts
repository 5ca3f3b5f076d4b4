/**
 * Every story in this folder, played again: the transcript must be the one that is written down. With
 * STARLING_SCENARIOS=rewrite in the environment the transcripts are written anew instead, to be read before they are kept.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandForms } from './commands.js';
import { perform } from './performance.js';

const folder = import.meta.dirname;
const stories = readdirSync(folder).filter((name) => name.endsWith('.txt')).sort();
const rewrites = process.env['STARLING_SCENARIOS'] === 'rewrite';

describe('a scenario', () => {
  it.each(stories)('%s', (name) => {
    const path = join(folder, name);
    const text = readFileSync(path, 'utf8');
    const played = perform(name, text);
    if (rewrites) writeFileSync(path, played);
    else expect(played).toBe(text);
  });

  it('gives the same transcript each time', () => {
    const name = stories[0] as string;
    const text = readFileSync(join(folder, name), 'utf8');
    expect(perform(name, text)).toBe(perform(name, text));
  });
});

describe('a mistake in a scenario is named with its place', () => {
  const opening = '# A story.\nseed 1\nnodes 2\n';

  it.each([
    ['seed 1\n----\n', 'x.txt:1: a scenario begins with prose'],
    ['# A story.\nseed 1\n', 'x.txt:2: commands without a rule'],
    ['# A story.\n\n----\n', 'x.txt:3: a rule without commands'],
    ['# A story.\nnodes 2\n----\n', 'x.txt:2: a scenario names its seed'],
    ['# A story.\nseed 1\nrun 1s\n----\n', 'x.txt:3: there are no nodes yet'],
    [`${opening}dance a\n----\n`, 'x.txt:4: there is no command dance'],
    [`${opening}crash\n----\n`, 'x.txt:4: crash is not of the form `crash <node>`'],
    [`${opening}crash c\n----\n`, 'x.txt:4: there is no node c'],
    [`${opening}run soon\n----\n`, 'x.txt:4: soon is no duration'],
    [`${opening}say a much\n----\n`, 'x.txt:4: much is no whole number'],
    [`${opening}write r of a 1 = 1\n----\n`, 'x.txt:4: 1 is no incarnation/sequence'],
    [`${opening}events a of wonders\n----\n`, 'x.txt:4: wonders is none of record-merged'],
    [`${opening}restart a\n----\n`, 'x.txt:4: a runs: crash it first'],
    [`${opening}crash a\nsay a 1\n----\n`, 'x.txt:5: a does not run'],
    [`${opening}hand r from a to b\n----\n`, 'x.txt:4: nothing was written or kept'],
  ])('%j', (text, fault) => expect(() => perform('x.txt', text)).toThrow(fault));
});

it('the README lists every command, and no other', () => {
  const readme = readFileSync(join(folder, 'README.md'), 'utf8');
  const listed = readme.split('\n').filter((line) => line.startsWith('| `'));
  expect(listed).toEqual(commandForms.map(({ usage, meaning }) => `| \`${usage}\` | ${meaning} |`));
});
