import { createLog } from '@starling/program';
import { beforeEach, expect, it } from 'vitest';
import { DialLog } from './dial-log.js';

const address = '192.0.2.1:9740';
let lines: string[];
let peers: number;

beforeEach(() => {
  lines = [];
  peers = 0;
});

const open = () => new DialLog(createLog({ level: 'info', format: 'json' }, { write: (line) => void lines.push(line) }), () => peers);
const entries = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>);
const fail = (log: DialLog, reason: string, seconds: number) => log.onEvent({ type: 'dial-failed', address, reason }, { monotonicMs: seconds * 1_000, wallMs: 0 });

it('a node that stays alone warns, after a while and once a minute', () => {
  const log = open();
  const warnedAt = [0, 10, 29, 31, 50, 90, 92].filter((second) => {
    const before = lines.length;
    fail(log, 'no answer within 4 s', second);
    return lines.length > before;
  });
  expect(warnedAt).toEqual([31, 92]);
  expect(entries()[0]).toMatchObject({ level: 'warn', address, reason: 'no answer within 4 s', aloneSeconds: 31 });
});

it('a node that has peers does not, and its patience begins anew', () => {
  const log = open();
  fail(log, 'no answer', 0);
  peers = 1;
  log.onEvent({ type: 'peer-up', connection: 1, peer: 'aa'.repeat(32), direction: 'dialled', address }, { monotonicMs: 0, wallMs: 0 });
  fail(log, 'no answer', 40);
  peers = 0;
  for (const second of [41, 70]) fail(log, 'no answer', second);
  expect(lines).toEqual([]);
  fail(log, 'no answer', 71);
  expect(lines).toHaveLength(1);
});

it.each([
  ['refused here: TLS alert 48, certificate of an unknown authority', 'refused here: TLS alert 48, certificate of an unknown authority'],
  ['closed by the other side: TLS alert 48, buy my pills', 'closed by the other side: TLS alert 48 (it refuses the certificate of this node)'],
  ['closed by the other side: buy my pills', 'closed by the other side'],
])('a warning leaves out what others worded: %s', (reason, told) => {
  const log = open();
  for (const second of [0, 30]) fail(log, reason, second);
  expect(entries()[0]).toMatchObject({ reason: told });
});
