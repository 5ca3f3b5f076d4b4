import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askControl, isServed, serveControl } from './control.js';

const request = { command: 'where', node: null };
let folder: string;
let path: string;
const undo: (() => Promise<void> | void)[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'starling-control-'));
  path = join(folder, 'control.sock');
  undo.push(() => rmSync(folder, { recursive: true, force: true }));
});

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/** Holds the socket and says nothing, as a cluster that is suspended. */
async function hold(): Promise<void> {
  const server = createServer((socket) => undo.push(() => void socket.destroy()));
  await new Promise<void>((resolve) => server.listen(path, resolve));
  undo.push(() => new Promise((resolve) => server.close(() => resolve())));
}

describe('the control socket', () => {
  it('answers its owner, in a folder of any depth, and is gone with the cluster', async () => {
    const deep = join(folder, 'd'.repeat(200));
    mkdirSync(deep);
    path = join(deep, 'control.sock');
    const close = await serveControl(path, async ({ command }) => ({ ok: true, text: command, url: 'u' }));
    undo.push(close);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await askControl(path, request)).toEqual({ ok: true, text: 'where', url: 'u' });
    await close();
    undo.pop();
    expect(existsSync(path)).toBe(false);
  });

  it('is held by nobody when its process died', async () => {
    spawnSync(process.execPath, ['-e', `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`]);
    expect(existsSync(path)).toBe(true);
    expect(await isServed(path)).toBe(false);
    await expect(askControl(path, request)).rejects.toThrow('No cluster runs from this folder');
    undo.push(await serveControl(path, async () => ({ ok: true, text: '', url: 'u' })));
    expect(await isServed(path)).toBe(true);
  });

  it('is not taken from a cluster that does not answer, and asking says that it does not', async () => {
    await hold();
    expect(await isServed(path)).toBe(true);
    await expect(serveControl(path, async () => ({ ok: true, text: '', url: 'u' }))).rejects.toThrow('A cluster already runs');
    await expect(askControl(path, request, 20)).rejects.toMatchObject({ name: 'CommandError', message: expect.stringContaining('does not answer within 0.02 s. Is it suspended') as string });
  });

  it('that cannot be reached is not one that is not there', async () => {
    writeFileSync(join(folder, 'file'), '');
    const inFile = join(folder, 'file', 'control.sock');
    expect(await isServed(inFile)).toBe(true);
    await expect(askControl(inFile, request)).rejects.toThrow('Whether a cluster runs from this folder cannot be told');
    await expect(askControl(join(folder, 'none', 'control.sock'), request)).rejects.toThrow('No cluster runs');
  });

  it('answers a fault with its words', async () => {
    undo.push(await serveControl(path, () => Promise.reject(new Error('it broke'))));
    expect(await askControl(path, request)).toEqual({ ok: false, text: 'it broke' });
  });
});
