import { spawnSync } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Nodes } from '@starling/contract';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Authority, cluster, makeAuthority, makeQuestion, nowMs } from '../../verification/src/authority.fixture.js';
import { CommandError } from './usage.js';
import { formatVerification, runVerify } from './verify.js';

let folder: string;
let root: Authority;
let url: string;
let server: Server;
let asked: string[];
let said: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'starling-verify-'));
  [said, asked] = ['', []];
  vi.useFakeTimers({ now: nowMs, toFake: ['Date'] });
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => (said += String(text)) !== '');
  root = await makeAuthority('CN=the authority of this gateway');
  const { record, trust, shown, nodeId } = await makeQuestion(root);
  const nodes: Nodes = { asOf: record.asOf, counts: { alive: 1, suspect: 0, failed: 0, left: 0 }, agreement: { agreeing: 1, total: 1, views: 1 }, nodes: [...shown] };
  const answers: Readonly<Record<string, unknown>> = { '/v1/nodes': nodes, [`/v1/nodes/${nodeId}/record`]: record, '/v1/trust': trust };
  server = createServer((request, reply) => {
    asked.push(request.url ?? '');
    reply.end(JSON.stringify(answers[(request.url ?? '').split('?')[0] as string]));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  rmSync(folder, { recursive: true, force: true });
});

function write(name: string, ...authorities: readonly Authority[]): string {
  const path = join(folder, name);
  writeFileSync(path, authorities.map(({ certificate }) => certificate.toString('pem')).join('\n'));
  return path;
}

describe('verify', () => {
  it('proves nothing against roots that the gateway gave: says so, and ends with a code of its own', async () => {
    expect(await runVerify(['node-1', '--url', url])).toBe(4);
    expect(said).toMatch(/^node-1 \([0-9a-f]{64}\): verified against the roots that this gateway gave\n/);
  });

  it('takes the roots of a file or of a directory, and asks the gateway for none', async () => {
    const other = await makeAuthority('CN=another');
    const file = write('any-name', other, root);
    expect(await runVerify(['node-1', '--url', url, '--trust', file, '--cluster', cluster])).toBe(0);
    expect(said).toMatch(/^node-1 \([0-9a-f]{64}\): verified\n/);
    rmSync(file);
    write('b.pem', other);
    write('a.crt', root);
    expect(await runVerify(['node-1', '--url', url, '--trust', folder, '--cluster', cluster, '--from', 'node-2'])).toBe(0);
    expect(asked).not.toContain('/v1/trust');
    expect(asked.slice(-2).every((path) => path.endsWith('?from=node-2'))).toBe(true);
  });

  it('refuses what a gateway made up under an authority of its own', async () => {
    expect(await runVerify(['node-1', '--url', url, '--trust', write('ca.crt', await makeAuthority('CN=the real authority')), '--cluster', cluster])).toBe(3);
    expect(said).toMatch(/: refused\n[^]*REFUSED {2}Certificate chain/);
  });

  it('does not let the gateway choose the cluster', async () => {
    await expect(runVerify(['node-1', '--url', url, '--trust', write('ca.crt', root)])).rejects.toThrow(new CommandError('The gateway shows the cluster "test", not "starling". If that is the one you mean, name it with --cluster.'));
    expect(await runVerify(['node-1', '--url', url, '--trust', write('ca.crt', root), '--cluster', 'other'])).toBe(3);
  });

  it.each<readonly [string, (place: string) => string, string]>([
    ['is not there', (place) => join(place, 'none'), 'no such file'],
    ['is empty', (place) => place, 'no *.crt and no *.pem. Put the certificate of the authority there, or correct --trust.'],
    ['holds a broken certificate', (place) => (writeFileSync(join(place, 'a.crt'), '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'), place), 'a.crt holds no certificate in PEM form, or a damaged one'],
    ['holds a pipe, which nobody writes to', (place) => (spawnSync('mkfifo', [join(place, 'a.pem')]), place), 'a.pem is not a file'],
  ])('does nothing with trust that %s', async (_what, make, words) => {
    await expect(runVerify(['node-1', '--url', url, '--trust', make(folder)])).rejects.toMatchObject({ name: 'CommandError', message: expect.stringContaining(words) as string });
  });

  it('shows the words of others as text', () => {
    const text = formatVerification('a\nb', { verdict: 'refused', checks: [{ title: 'Certificate chain', outcome: 'failed', text: 'CN=\u001b[2J' }], rootFingerprint: null, newest: null }, '/trust');
    expect(text).toBe('a\ufffdb: refused\n  REFUSED  Certificate chain: CN=\ufffd[2J\n  Against the roots in /trust\n');
  });
});
