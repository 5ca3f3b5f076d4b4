import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { submitInChild } from './child-process.js';
import type { Ask } from './submission.js';

const folder = mkdtempSync(join(tmpdir(), 'starling-child-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ask: Ask = {
  pod: 'p',
  podUid: 'u',
  namespace: 'n',
  name: 'p-1',
  issuer: { group: 'g', kind: 'k', name: 'i' },
  durationS: 1,
  signingRequestPem: 'PEM',
  timeoutMs: 60_000,
};

let programs = 0;
function program(source: string): URL {
  const file = join(folder, `program-${programs++}.mjs`);
  writeFileSync(file, source);
  return pathToFileURL(file);
}

it('hands the ask to the child and gives its answer', async () => {
  const entry = program(`let text = ''; for await (const part of process.stdin) text += part;
    process.stdout.write(JSON.stringify({ outcome: 'issued', chainPem: JSON.parse(text).signingRequestPem }));`);
  expect(await submitInChild(ask, { entry })).toEqual({ outcome: 'issued', chainPem: 'PEM' });
});

it('tells how a child ended that gave no answer, with its last words', async () => {
  const entry = program(`process.stderr.write('x'.repeat(10_000) + 'no memory'); process.exitCode = 7;`);
  const outcome = await submitInChild(ask, { entry });
  expect(outcome).toMatchObject({ reason: 'broken-child', detail: expect.stringMatching(/code 7.*no memory$/) });
  expect(outcome.outcome === 'refused' && outcome.detail.length).toBeLessThan(2_200);
});

it.each(['', 'hello', 'null', '{"outcome":"issued"}', '{"outcome":"refused","reason":1,"detail":"x"}'])('takes %j for no answer', async (answer) => {
  const entry = program(`process.stdout.write(${JSON.stringify(answer)});`);
  expect(await submitInChild(ask, { entry })).toMatchObject({ outcome: 'refused', reason: 'broken-child' });
});

it('stops a child that talks without end', async () => {
  const entry = program(`const more = () => process.stdout.write('x'.repeat(65_536), more); more();`);
  expect(await submitInChild(ask, { entry })).toMatchObject({ reason: 'broken-child', detail: expect.stringContaining('SIGKILL') });
});

it('stops the child when it is told to, also when it was told before', async () => {
  const entry = program(`process.stdin.resume(); setTimeout(() => undefined, 3_600_000);`);
  const stop = new AbortController();
  const outcome = submitInChild(ask, { entry, signal: stop.signal });
  stop.abort();
  expect(await outcome).toMatchObject({ reason: 'broken-child', detail: expect.stringContaining('SIGKILL') });
  expect(await submitInChild(ask, { entry, signal: stop.signal })).toMatchObject({ reason: 'broken-child' });
});
