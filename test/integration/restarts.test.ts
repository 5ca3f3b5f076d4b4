/**
 * A thousand deaths by kill -9, at moments that a seed chooses, of the part that writes identity and incarnation; and a few
 * dozen of the whole node. Neither file is ever damaged, no name changes, and no incarnation is used twice or goes back.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@starling/gossip';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openIdentity } from '../../services/node/src/identity/identity.js';
import { eventually } from '../support/eventually.js';
import { ProcessNetwork } from './node-process.js';

/** Processes at a time, and identities that one of them has, each in its own directory: starting Node.js is what takes the time. */
const lanes = 2;
const identities = 2;
const restarts = 1_000;
/** A process takes about so long to open its identity, and to keep one more incarnation, milliseconds. */
const openingMs = 8;
const keepingMs = 3;
/** Incarnations that a process keeps at most before it dies. */
const mostKept = 3;
const nodeLanes = 3;
const nodeRestarts = 30;
/** A node runs after about a second, and is looked at for so long after that, milliseconds. */
const startingMs = 1_400;
const runningMs = 500;
const seed = 20_261_125;
/** On a machine that has other things to do as well, milliseconds. */
const busyMs = 480_000;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'starling-restarts-'));
  // One file starts fastest.
  await build({
    configFile: false,
    logLevel: 'silent',
    ssr: { noExternal: true, resolve: { conditions: ['source'] } },
    build: { ssr: join(import.meta.dirname, '..', '..', 'services', 'node', 'src', 'identity', 'identity.ts'), outDir: folder, emptyOutDir: false, rollupOptions: { output: { entryFileNames: 'identity.mjs' } } },
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What is on disk, checked to be whole; `atLeast` was used already. */
function readWhole(dataDir: string, atLeast: number): { readonly key: string | null; readonly incarnation: number } {
  const [keyPath, incarnationPath] = [join(dataDir, 'identity.key'), join(dataDir, 'incarnation')];
  const key = existsSync(keyPath) ? readFileSync(keyPath, 'utf8') : null;
  if (key !== null) expect(key).toMatch(/^-----BEGIN PRIVATE KEY-----\n[A-Za-z0-9+/=\n]{60,}-----END PRIVATE KEY-----\n$/);
  if (!existsSync(incarnationPath)) {
    expect([key, atLeast]).toEqual([null, 0]);
    return { key, incarnation: 0 };
  }
  const text = readFileSync(incarnationPath, 'utf8');
  expect(text).toMatch(/^[1-9][0-9]*\n$/);
  expect(Number(text)).toBeGreaterThanOrEqual(atLeast);
  return { key, incarnation: Number(text) };
}

/** Death comes so long after the process began to open its identity (0), or after it told so many incarnations. */
interface Moment {
  readonly afterWords: number;
  readonly delayMs: number;
}

function momentOf(random: () => number): Moment {
  const afterWords = random() < 0.5 ? 0 : 1 + Math.floor(random() * mostKept);
  return { afterWords, delayMs: random() * (afterWords === 0 ? openingMs : keepingMs) };
}

interface Use {
  readonly directory: number;
  readonly name: string;
  readonly incarnation: number;
}

/** Runs the program until the moment; returns what it wrote, which is only what was certain. */
async function live(directories: readonly string[], { afterWords, delayMs }: Moment): Promise<readonly Use[]> {
  // Tells each incarnation when it may be used, and goes on to the next.
  const source = `import { openIdentity } from ${JSON.stringify(join(folder, 'identity.mjs'))};
    process.stdout.write('.\\n');
    process.argv.slice(1).forEach(async (path, directory) => {
      const identity = await openIdentity(path);
      for (let n = identity.incarnation; ; n++) { await identity.persistIncarnation(n); process.stdout.write(directory + ' ' + identity.nodeId + ' ' + n + '\\n'); }
    });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source, ...directories], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [output, complaints] = ['', ''];
  let isDoomed = false;
  child.stderr.on('data', (bytes: Buffer) => (complaints += bytes.toString()));
  child.stdout.on('data', (bytes: Buffer) => {
    output += bytes.toString();
    if (isDoomed || output.split('\n').length - 2 < afterWords) return;
    isDoomed = true;
    // Not a wait for anything: the moment of its death.
    setTimeout(() => child.kill('SIGKILL'), delayMs);
  });
  await new Promise((resolve) => child.once('close', resolve));
  expect(complaints).toBe('');
  return [...output.matchAll(/^(\d) ([0-9a-f]{64}) (\d+)$/gm)].map(([, directory, name = '', incarnation]) => ({ directory: Number(directory), name, incarnation: Number(incarnation) }));
}

/** What is known of one directory from all its lives so far. */
class Course {
  readonly dataDir: string;
  readonly #names = new Set<string>();
  #last = 0;
  #key: string | null = null;

  constructor(dataDir: string) {
    this.dataDir = dataDir;
  }

  /** Checks a life against those before. */
  take(uses: readonly Use[]): void {
    for (const { name, incarnation } of uses) {
      this.#names.add(name);
      expect(incarnation).toBeGreaterThan(this.#last);
      this.#last = incarnation;
    }
    const stored = readWhole(this.dataDir, this.#last);
    if (this.#key !== null) expect(stored.key).toBe(this.#key);
    this.#key = stored.key;
  }

  async end(): Promise<void> {
    const after = await openIdentity(this.dataDir);
    await after.release();
    expect(after.incarnation).toBeGreaterThan(this.#last);
    expect([...this.#names].filter((name) => name !== after.nodeId)).toEqual([]);
  }
}

describe(`The identity of a node, over ${restarts} deaths`, () => {
  it('is never damaged and never goes back', { timeout: busyMs }, async () => {
    const ends = { beforeUse: 0, inUse: 0 };
    const liveOn = async (lane: number) => {
      const random = seededRandom(seed + lane);
      const courses = Array.from({ length: identities }, (_, i) => new Course(join(folder, `lane-${lane}-${i}`)));
      for (let round = 0; round < restarts / lanes / identities; round++) {
        const uses = await live(courses.map(({ dataDir }) => dataDir), momentOf(random));
        courses.forEach((course, i) => {
          const own = uses.filter(({ directory }) => directory === i);
          course.take(own);
          ends[own.length === 0 ? 'beforeUse' : 'inUse'] += 1;
        });
      }
      for (const course of courses) await course.end();
    };
    await Promise.all(Array.from({ length: lanes }, (_, lane) => liveOn(lane)));
    process.stdout.write(`figure: of ${restarts} deaths ${ends.beforeUse} came before an incarnation could be used, ${ends.inUse} while they were written\n`);
    // Both kinds, or the moments would be chosen badly. How many of each depends on the machine.
    expect(ends.beforeUse).toBeGreaterThan(0);
    expect(ends.inUse).toBeGreaterThan(0);
  });
});

describe(`A whole node, over ${nodeRestarts} deaths`, () => {
  it('comes back under its name, with a greater incarnation, and its neighbour believes it', async () => {
    const network = await ProcessNetwork.open();
    try {
      const neighbour = await network.start('neighbour');
      await neighbour.id();
      let lived = 0;
      const liveOn = async (lane: number) => {
        const random = seededRandom(seed + 100 + lane);
        const { dataDir } = await network.prepare(`node-${lane}`, [neighbour.address]);
        let [last, key]: [number, string | null] = [0, null];
        for (let round = 0; round < nodeRestarts / nodeLanes; round++) {
          const node = await network.start(`node-${lane}`, [neighbour.address]);
          // Half of them die while they start, however long that takes here; the others once they run.
          const mayRun = random() < 0.5;
          if (mayRun) await eventually('it has started', () => node.output.includes('"msg":"Node started"') || !node.isRunning, 30_000);
          setTimeout(() => node.signal('SIGKILL'), random() * (mayRun ? runningMs : startingMs));
          const ended = await node.ended;
          expect(ended.signal, ended.output).toBe('SIGKILL');
          const started = /"incarnation":(\d+).*"msg":"Node started"/.exec(ended.output);
          if (started !== null) {
            lived += 1;
            expect(Number(started[1])).toBeGreaterThan(last);
          }
          const stored = readWhole(dataDir, Math.max(last, Number(started?.[1] ?? 0)));
          if (key !== null) expect(stored.key).toBe(key);
          [last, key] = [stored.incarnation, stored.key];
        }
        const node = await network.start(`node-${lane}`, [neighbour.address]);
        const self = await node.self();
        expect(self.node.incarnation).toBeGreaterThan(last);
        await eventually('the neighbour met the last life', async () => (await neighbour.node(self.node.id))?.incarnation === self.node.incarnation, 20_000);
      };
      await Promise.all(Array.from({ length: nodeLanes }, (_, lane) => liveOn(lane)));
      process.stdout.write(`figure: of ${nodeRestarts} deaths of a whole node ${lived} came after it had started\n`);
      expect(lived).toBeGreaterThan(0);
      expect((await neighbour.nodes()).length).toBeLessThanOrEqual(1 + nodeLanes);
      expect(await neighbour.metric('starling_equivocations_total')).toBe(0);
    } finally {
      await network.close();
    }
  });
});
