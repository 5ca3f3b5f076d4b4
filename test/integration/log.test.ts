/** What a process that ends leaves in its log when the reader is slow: everything, and a reader that is gone holds nothing up for long. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, constants, openSync, readdirSync } from 'node:fs';
import { createServer, Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { endWithTests } from '../support/end-with-tests.js';
import { eventually } from '../support/eventually.js';
import { type Program, ProcessNetwork } from './node-process.js';

const main = join(import.meta.dirname, '..', '..', 'services', 'node', 'dist', 'main.js');
let network: ProcessNetwork;
const undo: (() => unknown)[] = [];

beforeAll(async () => {
  network = await ProcessNetwork.open();
});
afterAll(() => network?.close());
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/** With settings that alone, told at the start, fill a pipe of 64 KiB. */
const longSettings = { STARLING_SEEDS: Array.from({ length: 6_000 }, (_, i) => `127.0.${i >> 8}.${i & 255}:9`).join() };

interface Unread {
  readonly child: ChildProcess;
  readonly complaints: () => string;
  /** Reads its log from now on; resolves with the messages when it has ended. */
  readonly read: () => Promise<string[]>;
}

function startUnread({ folder, settings }: Program): Unread {
  // A pipe of the kernel, as a shell or a container runtime gives it; what Node.js gives its children holds far more.
  const pipe = join(folder, 'log');
  execFileSync('mkfifo', [pipe]);
  const [end, start] = [openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK), openSync(pipe, constants.O_WRONLY)];
  const child = spawn(process.execPath, [main], { env: { PATH: process.env['PATH'] ?? '', ...settings, ...longSettings }, stdio: ['ignore', start, 'pipe'] });
  closeSync(start);
  undo.push(endWithTests(() => child.kill('SIGKILL')), () => child.kill('SIGKILL'));
  let complaints = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (complaints += text));
  return {
    child,
    complaints: () => complaints,
    read: async () => {
      let text = '';
      // Not before: it reads ahead.
      const reader = new Socket({ fd: end, readable: true, writable: false });
      reader.setEncoding('utf8').on('data', (part: string) => (text += part));
      await Promise.all([new Promise((resolve) => reader.once('end', resolve)), child.exitCode ?? new Promise((resolve) => child.once('exit', resolve))]);
      return text.trimEnd().split('\n').map((line) => (JSON.parse(line) as { msg: string }).msg);
    },
  };
}

const ready = ({ metricsPort }: Program) => eventually('it is ready', () => fetch(`http://127.0.0.1:${metricsPort}/readyz`).then(({ ok }) => ok, () => false), 30_000);

describe('The log of a node whose reader stalls', () => {
  it('is whole to the last line when the node is told to stop', async () => {
    const program = await network.prepare('stalled-stop');
    const node = startUnread(program);
    await ready(program);
    node.child.kill('SIGTERM');
    // The last that it does before its last words.
    await eventually('it gave up its directory', () => !readdirSync(program.dataDir).some((name) => name.startsWith('claim-')));
    const messages = await node.read();
    expect(messages[0]).toBe('Settings');
    expect(messages).toEqual(expect.arrayContaining(['Node started', 'Stopping']));
    expect(messages.at(-1)).toBe('Stopped');
    expect(node.child.exitCode).toBe(0);
  });

  it('is whole also when the node cannot start', async () => {
    const program = await network.prepare('stalled-fault');
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(program.metricsPort, '127.0.0.1', resolve));
    undo.push(() => new Promise((resolve) => taken.close(resolve)));
    const node = startUnread(program);
    await eventually('it complains', () => node.complaints() !== '', 30_000);
    expect(await node.read()).toEqual(['Settings']);
    expect(node.child.exitCode).toBe(69);
  });

  it('holds up the end for no longer than it has to when nobody ever reads it', async () => {
    const program = await network.prepare('unread');
    const node = startUnread(program);
    await ready(program);
    node.child.kill('SIGTERM');
    await eventually('it has ended', () => node.child.exitCode === 0);
  });
});
