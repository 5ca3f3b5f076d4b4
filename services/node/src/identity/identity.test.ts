import { spawn } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'vite';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Identity, openIdentity } from './identity.js';
import type { IdentityFault } from './identity-error.js';

let folder: string;
let dataDir: string;
const opened: Identity[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'starling-identity-'));
  dataDir = join(folder, 'starling');
});

afterEach(async () => {
  for (const identity of opened.splice(0)) await identity.release();
  rmSync(folder, { recursive: true, force: true });
});

async function start(): Promise<Identity> {
  const identity = await openIdentity(dataDir);
  opened.push(identity);
  return identity;
}

async function live(): Promise<Identity> {
  const identity = await openIdentity(dataDir);
  await identity.release();
  return identity;
}

const keyPath = () => join(dataDir, 'identity.key');
const incarnationPath = () => join(dataDir, 'incarnation');

async function expectRefusal(fault: IdentityFault, ...words: string[]): Promise<void> {
  const error = await openIdentity(dataDir).then(
    () => null,
    (cause: unknown) => cause,
  );
  expect(error).toMatchObject({ name: 'IdentityError', fault });
  for (const word of words) expect((error as Error).message).toContain(word);
}

describe('the first start', () => {
  it('makes a key that only the owner can read, and the first incarnation', async () => {
    const identity = await start();
    expect(identity.incarnation).toBe(1);
    expect(statSync(keyPath()).mode & 0o777).toBe(0o600);
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    expect(readFileSync(incarnationPath(), 'utf8')).toBe('1\n');
  });

  it('signs with the key that the node id names', async () => {
    const identity = await start();
    const message = Buffer.from('to be signed');
    const x = Buffer.from(identity.nodeId, 'hex').toString('base64url');
    expect(verify(null, message, createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }), identity.sign(message))).toBe(true);
  });
});

describe('a directory that is several levels away', () => {
  it('is made with what is above it, for the owner alone', async () => {
    dataDir = join(folder, 'a', 'b', 'c');
    await start();
    for (const path of ['a', 'a/b', 'a/b/c']) expect(statSync(join(folder, path)).mode & 0o777).toBe(0o700);
  });
});

describe('a later start', () => {
  it('keeps the name and takes the next incarnation', async () => {
    const first = await live();
    const second = await live();
    expect(second).toMatchObject({ nodeId: first.nodeId, incarnation: 2 });
    expect(readFileSync(incarnationPath(), 'utf8')).toBe('2\n');
  });

  it('goes on after the incarnation that the core had kept, and never back', async () => {
    const identity = await start();
    await Promise.all([identity.persistIncarnation(9), identity.persistIncarnation(7), identity.persistIncarnation(8)]);
    await identity.persistIncarnation(3);
    await identity.release();
    expect((await live()).incarnation).toBe(10);
  });

  it('does not mind what a life left that ended while it was writing', async () => {
    const first = await live();
    writeFileSync(`${keyPath()}.new`, '-----BEGIN PRIV');
    writeFileSync(`${incarnationPath()}.new`, '');
    expect(await live()).toMatchObject({ nodeId: first.nodeId, incarnation: 2 });
    expect(readdirSync(dataDir).sort()).toEqual(['identity.key', 'identity.key.new', 'incarnation']);
  });

  it('takes the next incarnation with a new key when the first start ended between the two files', async () => {
    mkdirSync(dataDir);
    writeFileSync(incarnationPath(), '1\n');
    expect((await live()).incarnation).toBe(2);
    expect(readdirSync(dataDir).sort()).toEqual(['identity.key', 'incarnation']);
  });
});

describe('what it does not understand stays as it is', () => {
  const pem = (type: 'ed25519' | 'x25519' = 'ed25519') => generateKeyPairSync(type as 'ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

  it.each([
    ['an empty key', '', 'damaged'],
    ['a truncated key', pem().slice(0, 60), 'damaged'],
    ['no key at all', 'hello', 'damaged'],
    ['a key of another type', pem('x25519'), 'x25519'],
    ['a public key', createPublicKey(pem()).export({ type: 'spki', format: 'pem' }).toString(), 'damaged or no private key'],
  ])('%s', async (_, text, word) => {
    await live();
    writeFileSync(keyPath(), text);
    await expectRefusal('not-a-key', keyPath(), word, 'Restore it');
    expect(readFileSync(keyPath(), 'utf8')).toBe(text);
  });

  it.each([['', 'empty'], ['12', 'the beginning of a number'], ['-1\n', 'negative'], ['9007199254740991\n', 'without a successor'], ['\0\0\0\n', 'zeroes']])('incarnation %j (%s)', async (text) => {
    await live();
    writeFileSync(incarnationPath(), text);
    await expectRefusal('corrupt-incarnation', incarnationPath(), 'Write a number');
    expect(readFileSync(incarnationPath(), 'utf8')).toBe(text);
  });

  it('a key without an incarnation', async () => {
    await live();
    rmSync(incarnationPath());
    await expectRefusal('missing-incarnation', incarnationPath(), 'Restore it');
    expect(existsSync(incarnationPath())).toBe(false);
  });

  it.each([0o640, 0o604, 0o660])('a key of mode %o', async (mode) => {
    await live();
    chmodSync(keyPath(), mode);
    await expectRefusal('exposed', keyPath(), 'chmod 600', mode.toString(8));
  });

  it('a directory, or far too much, in the place of the key', async () => {
    await live();
    rmSync(keyPath());
    mkdirSync(keyPath());
    await expectRefusal('unreadable', keyPath());
    rmSync(keyPath(), { recursive: true });
    writeFileSync(keyPath(), 'x'.repeat(20_000), { mode: 0o600 });
    await expectRefusal('unreadable', keyPath(), '20000 bytes');
  });

  it('a file in the place of the directory', async () => {
    writeFileSync(dataDir, '');
    await expectRefusal('unwritable', dataDir, 'a part of the path is a file', 'STARLING_DATA_DIR');
  });

  it('a link that leads nowhere in the place of the directory, or above it', async () => {
    const link = join(folder, 'link');
    symlinkSync(join(folder, 'gone', 'starling'), link);
    for (dataDir of [link, join(link, 'starling')]) await expectRefusal('unwritable', dataDir, 'a link that leads nowhere', 'STARLING_DATA_DIR');
  });

  it('the incarnation when the next one cannot be written', async () => {
    const identity = await start();
    mkdirSync(`${incarnationPath()}.new`);
    await expect(identity.persistIncarnation(5)).rejects.toMatchObject({ fault: 'unwritable', message: expect.stringContaining(incarnationPath()) });
    expect(readFileSync(incarnationPath(), 'utf8')).toBe('1\n');
    rmSync(`${incarnationPath()}.new`, { recursive: true });
    await identity.persistIncarnation(5);
    expect(readFileSync(incarnationPath(), 'utf8')).toBe('5\n');
  });

  it.runIf(process.getuid?.() === 0)('a key of another user', async () => {
    await live();
    chownSync(keyPath(), 65_534, 65_534);
    await expectRefusal('foreign-owner', keyPath(), 'user 65534', 'chown');
  });
});

describe('two processes on one directory', () => {
  it('the second is refused until the first gives it free', async () => {
    const first = await start();
    await expectRefusal('in-use', dataDir, 'STARLING_DATA_DIR');
    expect(readFileSync(incarnationPath(), 'utf8')).toBe('1\n');
    await first.release();
    expect((await live()).incarnation).toBe(2);
    expect(readdirSync(dataDir).sort()).toEqual(['identity.key', 'incarnation']);
  });

  it('of many that start at once, at most one goes on', async () => {
    const starts = await Promise.allSettled(Array.from({ length: 8 }, () => start()));
    const refused = starts.filter((one) => one.status === 'rejected').map((one) => (one.reason as { fault: IdentityFault }).fault);
    expect(starts.length - refused.length).toBeLessThanOrEqual(1);
    expect(refused.every((fault) => fault === 'in-use')).toBe(true);
  });

  it('finds room for its claim in a directory with a long path', async () => {
    dataDir = join(folder, 'd'.repeat(150));
    await start();
    await expectRefusal('in-use');
  });
});

describe('a process that is killed at any moment', () => {
  const built = mkdtempSync(join(tmpdir(), 'starling-identity-built-'));
  afterAll(() => rmSync(built, { recursive: true, force: true }));

  it('neither damages its identity, nor goes back, nor keeps the next one out', async () => {
    await build({
      configFile: false,
      logLevel: 'silent',
      ssr: { noExternal: true, resolve: { conditions: ['source'] } },
      build: { ssr: join(import.meta.dirname, 'identity.ts'), outDir: built, emptyOutDir: false, rollupOptions: { output: { entryFileNames: 'identity.mjs' } } },
    });
    // Tells each incarnation only when it may be used, and goes on to the next.
    const program = `import { openIdentity } from ${JSON.stringify(join(built, 'identity.mjs'))};
      process.stdout.write('.');
      const identity = await openIdentity(process.argv[1]);
      for (let n = identity.incarnation; ; n++) { await identity.persistIncarnation(n); process.stdout.write(identity.nodeId + ' ' + n + '\\n'); }`;
    let last = 0;
    const names = new Set<string>();
    for (let round = 0; round < 12; round++) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', program, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
      let output = '';
      child.stdout.on('data', (bytes: Buffer) => {
        output += bytes.toString();
        // Each round dies after another number of words, so at another point of its writing.
        if (output.length > round * 40) child.kill('SIGKILL');
      });
      await new Promise((resolve) => child.once('close', resolve));
      const used = [...output.matchAll(/^\.?([0-9a-f]{64}) (\d+)$/gm)];
      for (const [, name = '', incarnation] of used) {
        names.add(name);
        expect(Number(incarnation)).toBeGreaterThan(last);
        last = Number(incarnation);
      }
    }
    expect(names.size).toBeLessThanOrEqual(1);
    const after = await start();
    expect(after.incarnation).toBeGreaterThan(last);
    expect([...names, after.nodeId].every((name) => name === after.nodeId)).toBe(true);
    // The claims of the dead are gone.
    expect(readdirSync(dataDir).filter((name) => name.startsWith('claim'))).toHaveLength(1);
  });
});
