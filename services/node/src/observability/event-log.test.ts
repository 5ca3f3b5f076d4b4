import type { Event } from '@starling/gossip';
import { type LogOptions, createLog } from '@starling/program';
import { beforeEach, describe, expect, it } from 'vitest';
import { EventLog } from './event-log.js';

const id = 'aa'.repeat(32);
const now = { monotonicMs: 1_000, wallMs: 0 };
let lines: string[];

beforeEach(() => {
  lines = [];
});

const open = (options: LogOptions) => createLog(options, { write: (line) => void lines.push(line) });
const entries = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>);

describe('events', () => {
  const levelOf = (event: Event): unknown => {
    lines = [];
    new EventLog(open({ level: 'trace', format: 'json' })).onEvent(event, now);
    return entries()[0]?.['level'];
  };

  it.each<[string, Event]>([
    ['trace', { type: 'record-repeated', origin: id, via: id }],
    ['trace', { type: 'record-refused', origin: id, via: id, verdict: 'ignore', reason: 'superseded' }],
    ['debug', { type: 'record-refused', origin: id, via: id, verdict: 'reject', reason: 'malformed' }],
    ['info', { type: 'member-changed', origin: id, state: 'failed', previous: 'suspect', incarnation: 1 }],
    ['info', { type: 'peer-down', connection: 1, peer: id, reason: 'x' }],
    ['warn', { type: 'limit-reached', limit: 'maxOrigins' }],
    ['warn', { type: 'own-identity-conflict', incarnation: 1, sequence: 1, repeated: false }],
    ['error', { type: 'own-identity-conflict', incarnation: 1, sequence: 1, repeated: true }],
  ])('are worth %s: %j', (level, event) => expect(levelOf(event)).toBe(level));

  it('leave the words of others out above debug', () => {
    new EventLog(open({ level: 'info', format: 'json' })).onEvent({ type: 'peer-down', connection: 1, peer: id, reason: 'buy my pills' }, now);
    expect(lines.join('')).not.toContain('pills');
    new EventLog(open({ level: 'debug', format: 'json' })).onEvent({ type: 'peer-down', connection: 1, peer: id, reason: 'buy my pills' }, now);
    expect(lines.join('')).toContain('pills');
  });

  it('say why a node is away where it is known', () => {
    const log = new EventLog(open({ level: 'info', format: 'json' }), () => 'evicted');
    log.onEvent({ type: 'member-changed', origin: id, state: 'left', previous: 'alive', incarnation: 1 }, now);
    log.onEvent({ type: 'member-changed', origin: id, state: 'alive', previous: 'left', incarnation: 2 }, now);
    expect(entries().map((entry) => entry['absence'])).toEqual(['evicted', undefined]);
  });

  it('warn of one kind once a minute, and count the others', () => {
    const log = new EventLog(open({ level: 'info', format: 'json' }));
    for (let i = 0; i < 5; i++) log.onEvent({ type: 'limit-reached', limit: 'maxOrigins' }, now);
    log.onEvent({ type: 'limit-reached', limit: 'maxMissing' }, now);
    log.onEvent({ type: 'limit-reached', limit: 'maxOrigins' }, { ...now, monotonicMs: now.monotonicMs + 60_000 });
    expect(entries().map((entry) => [entry['limit'], entry['alsoBefore']])).toEqual([['maxOrigins', undefined], ['maxMissing', undefined], ['maxOrigins', 4]]);
  });
});
