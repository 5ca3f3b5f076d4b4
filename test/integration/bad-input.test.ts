/**
 * What people get wrong: each mistake is answered by the real process with a message that names the thing and says what to
 * do, with an exit code or a status, without a stack trace; and the identity of the node is still there afterwards.
 */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { createSocket } from 'node:dgram';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { openIdentity } from '../../services/node/src/identity/identity.js';
import { createTestAuthority, type LeafChanges, serverAuth } from '../support/authority.js';
import { eventually } from '../support/eventually.js';
import { askApi, cluster, type NodeProcess, type Program, ProcessNetwork, writeLeaf } from './node-process.js';

const root = join(import.meta.dirname, '..', '..');
const isRoot = process.getuid?.() === 0;
const hourMs = 3_600_000;
let network: ProcessNetwork;
const undo: (() => Promise<void> | void)[] = [];
let count = 0;

beforeAll(async () => {
  network = await ProcessNetwork.open();
});
afterAll(() => network?.close());
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/** A node that has an identity already. */
async function prepared(): Promise<Program> {
  count += 1;
  const program = await network.prepare(`node-${count}`);
  await (await openIdentity(program.dataDir)).release();
  return program;
}

type Changes = Readonly<Record<string, string>>;

/** Starts it as it was spoilt; expects the end, the words, and that nothing was lost. */
async function expectRefusal(program: Program, changes: Changes, code: number, words: readonly string[], prefix: readonly string[] = []): Promise<void> {
  const path = (name: string) => join(program.dataDir, name);
  const before = { key: readFileSync(path('identity.key')), incarnation: Number(readFileSync(path('incarnation'), 'utf8')) };
  const ended = await network.run({ ...program, settings: { ...program.settings, ...changes }, prefix }).ended;
  for (const word of words) expect(ended.output).toContain(word);
  expect(ended.output).not.toMatch(/^ {4}at /m);
  expect(ended.code).toBe(code);
  expect(readFileSync(path('identity.key')).equals(before.key)).toBe(true);
  expect(Number(readFileSync(path('incarnation'), 'utf8'))).toBeGreaterThanOrEqual(before.incarnation);
}

async function leafWith(program: Program, changes: LeafChanges): Promise<void> {
  writeLeaf(program.certificateDir, await network.authority.issue([`spiffe://${cluster}/leaf/${program.name}`], changes));
}

/** Below an authority whose key no library takes. */
async function weakLeaf({ certificateDir, name }: Program): Promise<void> {
  const weak = await network.authority.intermediate('weak', { isWeak: true });
  const { cert, key } = await weak.issue([`spiffe://${cluster}/leaf/${name}`]);
  writeLeaf(certificateDir, { cert: cert + weak.root, key });
}

describe('A node does not start', () => {
  it('with settings that are unknown, wrong or contradict each other: all are told at once', async () => {
    const changes = { STARLING_LISTN: '1', STARLING_CONNECTION_RATIO: '3', STARLING_API_PLAINTEXT: 'true', STARLING_API_LISTEN: '0.0.0.0:1', STARLING_SAMPLE_INTERVAL: 'often' };
    await expectRefusal(await prepared(), changes, 78, ['STARLING_LISTN is not a setting; did you mean STARLING_LISTEN?', 'STARLING_CONNECTION_RATIO: "3"', 'STARLING_API_PLAINTEXT=true needs a loopback address', 'STARLING_SAMPLE_INTERVAL: "often"', 'docs/OPERATING.md']);
  });

  it('with a seed that is no address', async () => {
    await expectRefusal(await prepared(), { STARLING_SEEDS: 'somewhere' }, 78, ['STARLING_SEEDS', 'somewhere']);
  });

  const spoilers: readonly (readonly [what: string, code: number, words: (program: Program) => readonly string[], spoil: (program: Program) => Promise<void> | void])[] = [
    ['a truncated key', 78, ({ dataDir }) => [join(dataDir, 'identity.key'), 'Restore it'], ({ dataDir }) => truncateSync(join(dataDir, 'identity.key'), 60)],
    ['a key that all may read', 78, ({ dataDir }) => [join(dataDir, 'identity.key'), 'chmod 600'], ({ dataDir }) => chmodSync(join(dataDir, 'identity.key'), 0o644)],
    [
      'the certificate of another authority',
      78,
      ({ certificateDir }) => [join(certificateDir, 'tls.crt'), 'leads to none of the 1 trusted roots', 'CN=Theirs'],
      async ({ certificateDir, name }) => writeLeaf(certificateDir, await (await createTestAuthority('Theirs')).issue([`spiffe://${cluster}/leaf/${name}`])),
    ],
    ['an expired certificate', 78, ({ certificateDir }) => [join(certificateDir, 'tls.crt'), 'expired at', 'Renew it'], (program) => leafWith(program, { notBefore: new Date(Date.now() - 2 * hourMs), notAfter: new Date(Date.now() - hourMs) })],
    ['a clock that is far off', 78, ({ certificateDir }) => [join(certificateDir, 'tls.crt'), 'The clock is probably wrong'], (program) => leafWith(program, { notBefore: new Date(Date.now() + 24 * hourMs), notAfter: new Date(Date.now() + 48 * hourMs) })],
    ['a certificate for servers only', 78, ({ certificateDir }) => [join(certificateDir, 'tls.crt'), 'both extended key usages'], (program) => leafWith(program, { usages: [serverAuth] })],
    ['a certificate below a weak key', 78, ({ certificateDir }) => [join(certificateDir, 'tls.crt'), 'cannot be used', 'key too small', 'Issue it'], weakLeaf],
    [
      'a key that is not that of the certificate',
      78,
      ({ certificateDir }) => [join(certificateDir, 'tls.key'), 'is not the key of the certificate'],
      async (program) => {
        const certificate = readFileSync(join(program.certificateDir, 'tls.crt'), 'utf8');
        await leafWith(program, {});
        writeFileSync(join(program.certificateDir, 'tls.crt'), certificate);
      },
    ],
    ['no certificate', 78, ({ certificateDir }) => [join(certificateDir, 'tls.crt'), 'STARLING_CERTIFICATE_DIR'], ({ certificateDir }) => rmSync(join(certificateDir, 'tls.crt'))],
  ];
  it.each(spoilers)('with %s', async (_what, code, words, spoil) => {
    const program = await prepared();
    await spoil(program);
    await expectRefusal(program, {}, code, words(program));
  });

  it('with an empty directory of roots', async () => {
    const program = await prepared();
    const empty = join(program.folder, 'no-roots');
    mkdirSync(empty);
    await expectRefusal(program, { STARLING_TRUST_DIR: empty }, 78, [empty, 'Put the certificate of the authority there']);
  });

  it.runIf(isRoot)('as a user who may not read its key', async () => {
    const program = await prepared();
    const prefix = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
    // Others may pass through the folders of the test; the directory itself is given, its key is not.
    for (const folder of [network.folder, program.folder]) chmodSync(folder, 0o755);
    chownSync(program.dataDir, 65_534, 65_534);
    await expectRefusal(program, {}, 77, [join(program.dataDir, 'identity.key'), 'this user may not', 'chown'], prefix);
  });

  it('where a port is taken', async () => {
    const program = await prepared();
    const [host = '', port] = program.address.split(':');
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(Number(port), host, resolve));
    undo.push(() => new Promise((resolve) => socket.close(() => resolve())));
    await expectRefusal(program, {}, 69, [program.address, 'taken', 'STARLING_LISTEN']);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    undo.push(() => new Promise((resolve) => server.close(() => resolve())));
    const taken = `127.0.0.1:${(server.address() as { port: number }).port}`;
    for (const setting of ['STARLING_API_LISTEN', 'STARLING_METRICS_LISTEN']) await expectRefusal(program, { STARLING_LISTEN: '127.0.0.1:0', [setting]: taken }, 69, [taken, 'taken', setting]);
  });

  it('on a full disk, and does once there is room, as who it was', async (context) => {
    const program = await prepared();
    const disk = join(program.folder, 'disk');
    mkdirSync(disk);
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]).status !== 0) context.skip('a tiny file system needs root');
    undo.push(() => void spawnSync('umount', ['-l', disk]));
    const dataDir = join(disk, 'data');
    const identity = await openIdentity(dataDir);
    await identity.release();
    const filler = join(disk, 'filler');
    spawnSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=1k']);
    const full = { ...program, dataDir };
    await expectRefusal(full, { STARLING_DATA_DIR: dataDir }, 77, [dataDir, 'the disk is full', 'Make room']);
    rmSync(filler);
    const node = network.run({ ...full, settings: { ...full.settings, STARLING_DATA_DIR: dataDir } });
    expect((await node.self()).node).toMatchObject({ id: identity.nodeId, incarnation: 2 });
    await node.kill();
  });

  it('with a data directory where nothing can be made', async () => {
    for (const nowhere of ['/proc/starling', '/proc/self/fd/starling']) await expectRefusal(await prepared(), { STARLING_DATA_DIR: nowhere }, 77, [`Cannot make the directory ${nowhere}`, 'Choose another directory with STARLING_DATA_DIR']);
  });

  it('on a machine for which there is no QUIC library', async () => {
    const elsewhere = `data:text/javascript,Object.defineProperty(process,'arch',{value:'arm64'})`;
    await expectRefusal(await prepared(), { NODE_OPTIONS: `--import=${elsewhere}` }, 78, ['linux arm64', 'x86-64 with glibc', 'container image']);
  });
});

describe('A node that runs', () => {
  it('outlives a certificate that no library takes, and keeps the one that it has', async () => {
    const program = await prepared();
    const node = network.run(program);
    await node.self();
    await weakLeaf(program);
    const told = 'The certificates stay as they are: The certificate ';
    await eventually('the fault is told', () => !node.isRunning || node.output.includes(`${told}${join(program.certificateDir, 'tls.crt')}`), 30_000);
    expect(node.isRunning, node.output).toBe(true);
    // The next set that fits is taken.
    await leafWith(program, {});
    await eventually('the good one is taken', () => !node.isRunning || node.output.includes('The certificates changed'), 30_000);
    expect((await node.self()).node.name).toBe(program.name);
    await node.kill();
  });
});

describe('A command', () => {
  interface Result {
    readonly code: number | null;
    readonly output: string;
  }
  function run(args: readonly string[], environment: Changes = {}): Promise<Result> {
    const child = spawn(process.execPath, args, { cwd: root, env: { PATH: process.env['PATH'] ?? '', ...environment }, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })));
  }
  const starling = join(root, 'services', 'cli', 'bin', 'starling.mjs');
  const folder = mkdtempSync(join(tmpdir(), 'starling-commands-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each<readonly [string, readonly string[], number, string]>([
    ['that is none', ['fly'], 2, '"fly" is no command'],
    ['without its argument', ['kill'], 2, 'kill needs the name of a node'],
    ['with a number that is none', ['cluster', '--nodes', 'many'], 2, '--nodes takes a whole number'],
    ['with a ratio out of bounds', ['cluster', '--ratio', '2'], 2, '--ratio takes a number above 0'],
    ['with an interval that is none', ['cluster', '--sample-interval', 'banana'], 2, '--sample-interval: "banana" is not a duration'],
    ['with an option that is none', ['cluster', '--size', '3'], 2, '--size'],
    ['where no cluster runs', ['pause', 'node-1'], 1, 'No cluster runs from this folder'],
    ['to an address without a scheme', ['status', '--url', '127.0.0.1:80'], 2, '--url takes the address of a gateway, such as http://'],
    ['to a gateway that is not there', ['status', '--url', 'http://127.0.0.1:9'], 1, 'http://127.0.0.1:9 does not answer'],
  ])('%s is explained', async (_what, args, code, word) => {
    const result = await run([starling, ...args], { STARLING_TEST_FOLDER: folder });
    expect(result).toEqual({ code, output: expect.stringContaining(word) });
    expect(result.output).not.toMatch(/^ {4}at /m);
  });

  it('for a cluster on a port that is taken names the port', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    undo.push(() => new Promise((resolve) => server.close(() => resolve())));
    const { port } = server.address() as { port: number };
    expect(await run([starling, 'cluster', '--port', String(port)], { STARLING_TEST_FOLDER: folder })).toEqual({ code: 1, output: expect.stringMatching(`Port ${port} is taken .*--port`) });
  });

  it.each([
    ['platform', 'darwin', 'does not run on darwin x64'],
    ['arch', 'arm64', 'does not run on linux arm64'],
    ['versions', { node: '18.0.0' }, 'Node 20.19 or newer is needed; this is 18.0.0'],
    ['report', { getReport: () => ({ header: {} }) }, 'another C library than glibc'],
    ['report', { getReport: () => ({ header: { glibcVersionRuntime: '2.31' } }) }, 'glibc 2.31'],
  ])('to start says on which machine it would run (%s)', async (field, value, word) => {
    const literal = typeof value === 'object' && 'getReport' in value ? `{ getReport: () => (${JSON.stringify(value.getReport())}) }` : JSON.stringify(value);
    const source = `Object.defineProperty(process, '${field}', { value: ${literal} }); (await import(${JSON.stringify(join(root, 'services', 'cli', 'setup.mjs'))})).requirePlatform();`;
    expect(await run(['--input-type=module', '-e', source])).toEqual({ code: 1, output: expect.stringContaining(word) });
  });

  it('that starts a gateway lists all that is missing or wrong', async () => {
    const result = await run([join(root, 'services', 'gateway', 'dist', 'main.js')], { STARLING_GATEWAY_LISTEN: 'here', STARLING_GATEWAY_TARGET: 'x' });
    expect(result.code).toBe(78);
    for (const word of ['STARLING_GATEWAY_LISTEN', 'STARLING_GATEWAY_TARGETS must be set', 'STARLING_TRUST_DIR must be set', 'STARLING_GATEWAY_TARGET is not a setting']) expect(result.output).toContain(word);
  });
});

describe('A gateway', () => {
  it('does not start with a file of targets that is wrong, and names it', async () => {
    const file = join(network.folder, 'targets');
    writeFileSync(file, 'a=https://127.0.0.1:1\nnode-2 127.0.0.1:2\n');
    const ended = spawnSync(process.execPath, [join(root, 'services', 'gateway', 'dist', 'main.js')], {
      env: { PATH: process.env['PATH'] ?? '', STARLING_GATEWAY_TARGETS: 'node-1=https://127.0.0.1:3', STARLING_GATEWAY_TARGETS_FILE: file, STARLING_CERTIFICATE_DIR: network.folder, STARLING_TRUST_DIR: network.folder },
      encoding: 'utf8',
    });
    expect(ended).toMatchObject({ status: 78, stderr: expect.stringMatching(/targets: "node-2 127\.0\.0\.1:2" is not of the form name=https:\/\/host:port[^]*Correct the file/) as string });
  });
});

describe('A node that runs', () => {
  it('is not ready from the moment when its certificate expires until it has another one, and says so', async () => {
    const program = await network.prepare('expiring');
    await leafWith(program, { notAfter: new Date(Date.now() + 8_000) });
    const node = network.run(program);
    const readyz = () => fetch(`http://127.0.0.1:${program.metricsPort}/readyz`).then(async (answer) => `${answer.status} ${await answer.text()}`, () => '');
    await eventually('it is ready', async () => (await readyz()) === '200 ready\n', 8_000);
    await eventually('it is not ready any more', async () => (await readyz()).startsWith('503 the certificate of this node has expired, at '), 20_000);
    await leafWith(program, {});
    await eventually('it is ready again', async () => (await readyz()) === '200 ready\n', 20_000);
    expect(node.isRunning).toBe(true);
  });
});

describe('The API of a node', () => {
  let node: NodeProcess;
  beforeAll(async () => {
    node = await network.start('asked');
    await node.self();
  });

  it.each<readonly [string, string, Parameters<typeof askApi>[3], number, string]>([
    ['an unknown node', `/v1/nodes/${'ab'.repeat(32)}`, {}, 404, 'knows no node'],
    ['an id that is none', '/v1/nodes/node-1', {}, 400, 'id'],
    ['a method that is not served', '/v1/nodes', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"a":' }, 405, 'use GET'],
    ['a body that is too large', '/v1/nodes', { method: 'POST', headers: { 'content-type': 'application/json' }, body: 'x'.repeat(100_000) }, 413, 'large'],
    ['another path', '/v1/everything', {}, 404, ''],
  ])('answers %s with a problem that says what is wrong', async (_what, path, options, status, word) => {
    const answer = await askApi(node.program.apiPort, path, network.client, options).catch((fault: Error) => ({ status: 0, body: fault.message }));
    expect(answer).toEqual({ status, body: expect.stringContaining(word) });
    expect(JSON.parse(answer.body)).toMatchObject({ status, title: expect.any(String), detail: expect.any(String) });
  });

  it('ends a stream on which the client speaks, with the reason, and no other', async () => {
    const open = () => new WebSocket(`wss://127.0.0.1:${node.program.apiPort}/v1/stream`, { ...network.client, checkServerIdentity: () => false });
    const [quiet, talkative] = [open(), open()];
    let [heard, ended] = [0, ''];
    quiet.on('message', () => (heard += 1));
    talkative.on('open', () => talkative.send('{"type":"subscribe"}'));
    talkative.on('close', (code, reason) => (ended = `${code} ${reason.toString()}`));
    await eventually('it is ended', () => ended !== '');
    expect(ended).toBe('1008 this stream takes no messages');
    const before = heard;
    await eventually('the other goes on', () => heard > before + 1);
    quiet.terminate();
    expect(node.isRunning).toBe(true);
  });
});
