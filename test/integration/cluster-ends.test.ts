/** However `starling cluster` ends, none of its processes stays. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freeTcpPorts } from '../../services/cli/src/cluster/free-ports.js';
import { endWithTests } from '../support/end-with-tests.js';
import { eventually } from '../support/eventually.js';

const program = join(import.meta.dirname, '..', '..', 'services', 'cli', 'bin', 'starling.mjs');
const deadlineMs = 30_000;
/** Two nodes and the gateway. */
const members = 3;
let folder: string;
let undo: (() => void)[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'starling-ends-'));
  undo = [];
});
afterEach(() => {
  for (const step of undo) step();
  for (const pid of processes()) process.kill(pid, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** Processes with a setting that names this folder: those of the cluster, without the command itself. */
function processes(): number[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => settingsOf(pid).includes(`=${folder}/`));
}

function settingsOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').filter((variable) => /^STARLING_(?!TEST_)/.test(variable)).join('\n');
  } catch {
    // It ended meanwhile, or is somebody else's.
    return '';
  }
}

interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  readonly errors: () => string;
}

async function start(place: string, flags: readonly string[] = []): Promise<Started> {
  const [port = 0] = await freeTcpPorts(1);
  const child = spawn(process.execPath, [...flags, program, 'cluster', '--nodes', '2', '--port', String(port)], { env: { ...process.env, STARLING_TEST_FOLDER: place }, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  undo.push(endWithTests(() => child.kill('SIGTERM')), () => child.kill('SIGKILL'));
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  await Promise.race([eventually('all of it runs', () => processes().length === members, deadlineMs), ended]);
  return { child, ended, errors: () => errors };
}

const nothingStays = () => eventually('nothing stays', () => processes().length === 0, deadlineMs);

describe('A cluster', () => {
  it('runs in a folder of any depth, and ends when nobody reads what it says', async () => {
    const deep = join(folder, 'd'.repeat(120));
    mkdirSync(deep);
    const { child, ended, errors } = await start(deep);
    const [first] = (await Promise.race([new Promise<string[]>((resolve) => child.stdout?.once('data', (text: Buffer) => resolve([text.toString()]))), ended.then(() => [errors()])])) as string[];
    expect(first).toContain('Starting 2 nodes');
    child.stdout?.destroy();
    expect(await ended).toBe(0);
    expect(errors()).toBe('');
    await nothingStays();
  });

  it('leaves nothing behind when its nodes run already and something else cannot be had', async () => {
    mkdirSync(join(folder, '.starling', 'control.sock'), { recursive: true });
    const { ended, errors } = await start(folder);
    expect(await ended).toBe(1);
    expect(errors()).toMatch(/^The control socket \S+ cannot be made: [A-Z_]+\.\n$/);
    await nothingStays();
  });

  it('says farewell at Ctrl+C, which reaches every process of the terminal, and through npm this one again', async () => {
    const { child, ended, errors } = await start(folder);
    let said = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (said += text));
    await eventually('its nodes know each other', () => said.includes('Open http'), deadlineMs);
    for (const _ of ['by the terminal', 'by npm']) process.kill(-(child.pid as number), 'SIGINT');
    expect(await ended).toBe(0);
    expect(errors()).toBe('');
    const log = readFileSync(join(folder, '.starling', 'logs', 'node-1.log'), 'utf8');
    expect(log).toContain('Stopped');
    await nothingStays();
  });

  it('leaves nothing behind when it breaks', async () => {
    const fault = `process.on('SIGUSR2', () => { throw new Error('it broke'); })`;
    const { child, ended, errors } = await start(folder, ['--import', `data:text/javascript,${encodeURIComponent(fault)}`]);
    child.kill('SIGUSR2');
    expect(await ended).not.toBe(0);
    expect(errors()).toContain('it broke');
    await nothingStays();
  });
});
