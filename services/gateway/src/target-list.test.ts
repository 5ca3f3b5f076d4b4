import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gatewayLimits } from './gateway-limits.js';
import { type TargetSettings, readTargetsFile } from './target-list.js';

const ofSettings: TargetSettings[] = [{ name: 'here', url: new URL('https://127.0.0.1:9741') }];
let directory: string;
let file: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'starling-targets-'));
  file = path.join(directory, 'targets');
});

afterEach(() => rm(directory, { recursive: true }));

async function read(text: string): Promise<string[]> {
  await writeFile(file, text);
  return (await readTargetsFile(file, ofSettings)).map(({ name, url }) => `${name}=${url.href}`);
}

const lines = (count: number) => Array.from({ length: count }, (_, i) => `node-${i}=https://127.0.0.1:${1_000 + i}`).join('\n');

describe('the file of targets', () => {
  it('names one node in a line, or nobody', async () => {
    expect(await read('a=https://127.0.0.1:1\r\n\n  # by hand\n b=https://[::1]:2 ')).toEqual(['a=https://127.0.0.1:1/', 'b=https://[::1]:2/']);
    expect(await read('')).toEqual([]);
    expect(await read(lines(gatewayLimits.maxTargets - 1))).toHaveLength(gatewayLimits.maxTargets - 1);
  });

  it.each([
    ['another form', 'a=https://h:1\nnonsense', '"nonsense" is not of the form name=https://host:port'],
    ['two in a line', 'a=https://h:1,b=https://h:2', 'the address of "a"'],
    ['plain HTTP', 'a=http://h:1', 'the address of "a"'],
    ['a path', 'a=https://h:1/x', 'the address of "a"'],
    ['a fragment', 'a=https://h:1#x', 'the address of "a"'],
    ['a password', 'a=https://:p@h:1', 'the address of "a"'],
    ['a name twice', 'a=https://h:1\na=https://h:2', '"a" is given twice'],
    ['a name of the settings', 'here=https://h:1', '"here" is given twice'],
    ['too many', lines(gatewayLimits.maxTargets), `at most ${gatewayLimits.maxTargets - 1} beside the 1 of STARLING_GATEWAY_TARGETS`],
    ['far too much', '#'.repeat(gatewayLimits.maxTargetsFileBytes + 1), `larger than ${gatewayLimits.maxTargetsFileBytes} bytes`],
    ['bytes that are no text', '\u0000\ufffd='.repeat(1_000), 'is not of the form'],
  ])('is refused as a whole with %s, by its name', async (_what, text, word) => {
    const reason = await read(text).then(() => '', (error: Error) => error.message);
    expect(reason).toContain(file);
    expect(reason).toContain(word);
  });

  it('is refused in few words, however much is wrong', async () => {
    const reason = await read('x\n'.repeat(20_000)).then(() => '', (error: Error) => error.message);
    expect(reason).toContain('and 19995 more');
    expect(reason.length).toBeLessThan(2_000);
  });

  it('is refused where it is missing, or no file that ends', async () => {
    await expect(readTargetsFile(file, ofSettings)).rejects.toThrow(/cannot be read: ENOENT.*STARLING_GATEWAY_TARGETS_FILE/);
    await expect(readTargetsFile(directory, ofSettings)).rejects.toThrow('no ordinary file');
    await expect(readTargetsFile('/dev/zero', ofSettings)).rejects.toThrow('no ordinary file');
    expect(spawnSync('mkfifo', [file]).status).toBe(0);
    await expect(readTargetsFile(file, ofSettings)).rejects.toThrow('no ordinary file');
  });
});
