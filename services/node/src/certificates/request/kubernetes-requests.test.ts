import { createServer } from 'node:http';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { kubernetesRequests } from './kubernetes-requests.js';

const collection = '/apis/cert-manager.io/v1/namespaces/demo/certificaterequests';
const folder = mkdtempSync(join(tmpdir(), 'starling-kubeconfig-'));
const seen: string[] = [];
let reply: { code: number; body: string } = { code: 200, body: '{}' };

const server = createServer((request, response) => {
  seen.push(`${request.method} ${request.url}`);
  response.writeHead(reply.code, { 'content-type': reply.body.startsWith('{') ? 'application/json' : 'text/plain' }).end(reply.body);
});

/** Plain HTTP is only talked to where certificates are not checked anyway. */
function useServer(url: string): void {
  const config = {
    clusters: [{ name: 'c', cluster: { server: url, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user: {} }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
  writeFileSync(join(folder, 'config'), JSON.stringify(config));
}

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  useServer(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  process.env['KUBECONFIG'] = join(folder, 'config');
});
afterEach(() => seen.splice(0));
afterAll(async () => {
  delete process.env['KUBECONFIG'];
  rmSync(folder, { recursive: true, force: true });
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

it('reads conditions and certificate of a request', async () => {
  const status = { conditions: [{ type: 'Ready', status: 'True' }], certificate: Buffer.from('CHAIN').toString('base64') };
  reply = { code: 200, body: JSON.stringify({ status }) };
  expect(await kubernetesRequests('demo').get('starling-0-abc')).toEqual({ conditions: status.conditions, certificatePem: 'CHAIN' });
  expect(seen).toEqual([`GET ${collection}/starling-0-abc`]);
});

it('takes a request that nobody has looked at for one under way', async () => {
  reply = { code: 200, body: '{}' };
  expect(await kubernetesRequests('demo').get('starling-0-abc')).toEqual({ conditions: [], certificatePem: null });
});

it('lists the names with a label, and no more than it can use', async () => {
  reply = { code: 200, body: JSON.stringify({ items: [{ metadata: { name: 'one' } }, { metadata: {} }, { metadata: { name: 'two' } }] }) };
  expect(await kubernetesRequests('demo').list('starling-pod-uid=uid-0')).toEqual(['one', 'two']);
  expect(seen[0]).toMatch(/labelSelector=starling-pod-uid%3Duid-0/);
  expect(seen[0]).toMatch(/limit=500/);
});

it('passes on what the API server says about a refusal', async () => {
  reply = { code: 403, body: JSON.stringify({ kind: 'Status', message: 'a node may not be an authority' }) };
  await expect(kubernetesRequests('demo').create({})).rejects.toMatchObject({ name: 'ApiRefusal', code: 403, message: 'a node may not be an authority' });
});

it('tells an API group that does not exist by the code', async () => {
  reply = { code: 404, body: '404 page not found' };
  await expect(kubernetesRequests('demo').list('a=b')).rejects.toMatchObject({ code: 404, message: 'the API server answered 404' });
});

it('has code 0 for no answer', async () => {
  useServer('http://127.0.0.1:1');
  await expect(kubernetesRequests('demo').get('x')).rejects.toMatchObject({ code: 0, message: expect.stringContaining('no answer') });
});
