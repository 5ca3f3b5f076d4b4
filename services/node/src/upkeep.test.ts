import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { OwnCertificates } from './certificates/certificates.js';
import type { Log } from '@starling/program';
import { type RefreshResult, startUpkeep, type UpkeepParts } from './upkeep.js';

const certificates = { notAfterMs: 0 } as OwnCertificates;
const changed: RefreshResult = { type: 'changed', leafRenewed: true, trustChanged: false };
const logged: string[] = [];
let looks = 0;

beforeEach(() => {
  vi.useFakeTimers();
  logged.length = 0;
  looks = 0;
});
afterEach(() => vi.useRealTimers());

/** `answers` come one after the other, the last of them for ever. */
function start(answers: readonly (() => RefreshResult)[], over: Partial<UpkeepParts> = {}): () => void {
  const note = (level: string) => (_fields: object, text: string) => void logged.push(`${level}: ${text}`);
  const refresh = async () => (answers[Math.min(looks++, answers.length - 1)] as () => RefreshResult)();
  const log = { info: note('info'), warn: note('warn'), error: note('error') } as unknown as Log;
  return startUpkeep({ source: { current: () => certificates, refresh }, log, random: () => 0.5, onLeafRenewed: () => undefined, onTrustChanged: () => undefined, ...over });
}

it('tells a fault once, and looks on', async () => {
  const stop = start([() => ({ type: 'faulty', fault: new Error(`torn at ${1_000 * looks} ms`) })]);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(looks).toBe(3);
  expect(logged).toEqual(['warn: The certificates stay as they are: torn at 1000 ms']);
  stop();
  await vi.advanceTimersByTimeAsync(30_000);
  expect(looks).toBe(3);
});

it('outlives whatever is thrown by those who take a set into use, or by the source', async () => {
  const renewed: OwnCertificates[] = [];
  const onLeafRenewed = (set: OwnCertificates) => {
    renewed.push(set);
    if (renewed.length === 1) throw new Error('refused');
  };
  const stop = start(
    [
      () => changed,
      () => {
        throw new Error('broken');
      },
      () => changed,
    ],
    { onLeafRenewed },
  );
  await vi.advanceTimersByTimeAsync(30_000);
  expect(renewed).toHaveLength(2);
  expect(logged.filter((line) => line.startsWith('error'))).toHaveLength(2);
  stop();
});
