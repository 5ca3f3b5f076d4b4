import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { eventually } from '../../../../test/support/eventually.js';
import type { LocalCluster } from './local-cluster.js';
import { Member } from './member.js';
import { carryOut } from './run-control.js';

let folder: string;
let member: Member;
let onEnd: ReturnType<typeof vi.fn<(member: Member) => void>>;

/** Says that it runs; SIGTERM ends it when the file `go` is there. */
const script = `
import { existsSync } from 'node:fs';
process.on('SIGTERM', () => setInterval(() => existsSync(process.env.GO) && process.exit(0), 5));
console.log('runs');
setInterval(() => undefined, 1_000);
`;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'starling-member-'));
  writeFileSync(join(folder, 'script.mjs'), script);
  onEnd = vi.fn<(member: Member) => void>();
  member = new Member({ name: 'node-3', script: join(folder, 'script.mjs'), environment: { GO: join(folder, 'go') }, log: join(folder, 'log') }, onEnd);
});

afterEach(async () => {
  writeFileSync(join(folder, 'go'), '');
  await member.stop(1_000);
  rmSync(folder, { recursive: true, force: true });
});

const runs = () => readFileSync(join(folder, 'log'), 'utf8').split('\n').filter((line) => line === 'runs').length;

describe('a member', () => {
  it('that is to start while it stops starts when it has ended', async () => {
    const cluster = { url: 'http://127.0.0.1:1', nodes: () => [member] } as unknown as LocalCluster;
    await member.start();
    await eventually('it runs', () => runs() === 1);
    const stopped = carryOut(cluster, { command: 'stop', node: 'node-3' });
    const started = carryOut(cluster, { command: 'start', node: 'node-3' });
    writeFileSync(join(folder, 'go'), '');
    expect([await stopped, await started].map(({ text }) => text)).toEqual(['node-3 is stopped.', 'node-3 is running.']);
    await eventually('it runs again', () => runs() === 2);
    expect(member.state).toBe('running');
    expect(onEnd).not.toHaveBeenCalled();
  });

  it('that was killed starts again at once', async () => {
    await member.start();
    await eventually('it runs', () => runs() === 1);
    member.kill();
    await member.start();
    await eventually('it runs again', () => runs() === 2);
  });

  it('that the system does not start says so, and can be started later', async () => {
    const { execPath } = process;
    process.execPath = join(folder, 'no-such-program');
    try {
      await expect(member.start()).rejects.toMatchObject({ name: 'CommandError', message: expect.stringMatching(/^node-3 cannot be started: .*ENOENT/) as string });
    } finally {
      process.execPath = execPath;
    }
    expect([member.state, onEnd.mock.calls.length]).toEqual(['ended', 0]);
    await member.stop(1_000);
    await member.start();
    await eventually('it runs', () => runs() === 1);
  });

  it('that ends by itself is told of, with how it ended', async () => {
    writeFileSync(join(folder, 'script.mjs'), 'process.exit(3);');
    await member.start();
    await eventually('it ended', () => onEnd.mock.calls.length === 1);
    expect([member.state, member.exit]).toEqual(['ended', 'exit code 3']);
  });
});
