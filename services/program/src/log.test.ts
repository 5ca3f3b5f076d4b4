import { beforeEach, describe, expect, it } from 'vitest';
import { type LogOptions, createLog } from './log.js';

let lines: string[];

beforeEach(() => {
  lines = [];
});

const open = (options: LogOptions) => createLog(options, { write: (line) => void lines.push(line) });

describe('the log', () => {
  it('writes a line of JSON with the level by its name and the time as text', () => {
    open({ level: 'info', format: 'json' }).info({ port: 1 }, 'Listening');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([{ level: 'info', time: expect.stringMatching(/^\d{4}-.*Z$/), port: 1, msg: 'Listening' }]);
  });

  it('writes lines for a person', () => {
    const log = open({ level: 'debug', format: 'pretty' });
    log.warn({ limit: 'maxOrigins', list: [1] }, 'A bound was reached');
    log.error({ err: new Error('it broke') }, 'Failed');
    log.trace('unheard');
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} WARN {2}A bound was reached limit=maxOrigins list=\[1\]\n$/);
    expect(lines[1]).toMatch(/ERROR Failed\nError: it broke\n/);
    expect(lines).toHaveLength(2);
  });

  it('lets the words of others neither command the terminal of that person nor make lines', () => {
    const log = open({ level: 'debug', format: 'pretty' });
    log.debug({ reason: 'bye\n12:00:00.000 INFO  all is well\u001b[2J', list: ['\u009b2J'] }, 'A connection ended');
    log.error({ err: new Error('it broke: \u001b[2J') }, 'Failed');
    expect(lines[0]).toMatch(/^[^\n]+ reason=bye\ufffd12:00:00.000 INFO {2}all is well\ufffd\[2J list=\["\ufffd2J"\]\n$/);
    expect(lines[1]).toMatch(/\nError: it broke: \ufffd\[2J\n/);
  });
});
