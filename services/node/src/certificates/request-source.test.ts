import 'reflect-metadata';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type TestAuthority, createTestAuthority, serverAuth } from '../../../../test/support/authority.js';
import type { FilesSource } from './files-source.js';
import { openRequestSource } from './request-source.js';
import { requestCertificate } from './request/request.js';
import { makeSigningRequest } from './request/signing-request.js';

const minuteMs = 60_000;
let root: TestAuthority;
let trustDir: string;
let wallMs: number;
let requests: number;
/** What the issuer makes of a signing request. */
let answer: (signingRequestPem: string) => Promise<string>;

beforeEach(async () => {
  root = await createTestAuthority('root');
  trustDir = mkdtempSync(join(tmpdir(), 'starling-trust-'));
  writeRoot('root.crt', root);
  wallMs = Date.now();
  requests = 0;
  answer = (signingRequestPem) => root.sign(signingRequestPem);
});

afterEach(() => rmSync(trustDir, { recursive: true, force: true }));

function writeRoot(name: string, authority: TestAuthority): void {
  writeFileSync(join(trustDir, name), authority.root);
}

function open(): Promise<FilesSource> {
  return openRequestSource({
    request: { pod: 'starling-0', podUid: 'uid-0', namespace: 'demo', issuer: { group: 'cert-manager.io', kind: 'Issuer', name: 'starling-ca-a' }, durationMs: 60 * minuteMs },
    trustDir,
    cluster: 'starling',
    nodeId: 'ab'.repeat(32),
    wallMs: () => wallMs,
    random: () => 0.5,
    tryQuic: () => undefined,
    issue: (options) =>
      requestCertificate({
        ...options,
        submit: async ({ signingRequestPem }) => {
          requests += 1;
          return { outcome: 'issued', chainPem: await answer(signingRequestPem) };
        },
      }),
  });
}

it('judges an answer by the roots that are there when it comes', async () => {
  const next = await createTestAuthority('next');
  const first = await next.intermediate('first');
  const second = await first.intermediate('second');
  answer = async (signingRequestPem) => {
    writeRoot('next.crt', next);
    // In an order that only the roots tell to be wrong.
    return (await second.sign(signingRequestPem)) + next.root + first.root + second.root;
  };
  const current = (await open()).current();
  expect(current.uri).toBe('spiffe://starling/leaf/demo.starling-0');
  expect(current.roots.fingerprints).toHaveLength(2);
  expect(current.chainPem.match(/BEGIN/g)).toHaveLength(3);
});

it('asks for nothing as long as there are no roots', async () => {
  rmSync(join(trustDir, 'root.crt'));
  await expect(open()).rejects.toMatchObject({ name: 'CertificateError', fault: 'no-roots' });
  expect(requests).toBe(0);
});

it.each<readonly [string, (signingRequestPem: string) => Promise<string>, string]>([
  ['under another root', async (pem) => (await createTestAuthority('root')).sign(pem), 'leads to none of the 1 trusted roots'],
  ['of another key', async () => root.sign((await makeSigningRequest('spiffe://starling/leaf/demo.starling-0')).signingRequestPem), 'is not the key of the certificate'],
  ['for servers only', (pem) => root.sign(pem, { usages: [serverAuth] }), 'client auth'],
  ['for an authority', (pem) => root.sign(pem, { isAuthority: true }), 'CA:FALSE'],
  ['that expired', (pem) => root.sign(pem, { notAfter: new Date(wallMs - 2_000) }), 'expired at'],
  ['with another name', (pem) => root.sign(pem, { uris: ['spiffe://starling/leaf/demo.starling-1'] }), 'demo.starling-1'],
])('refuses a certificate %s, and names the issuer', async (_, issued, word) => {
  answer = issued;
  const refused = open();
  await expect(refused).rejects.toMatchObject({ name: 'CertificateError', message: expect.stringContaining(word) });
  await expect(refused).rejects.toThrow(/no certificate \(wrong-answer\): .*Issuer starling-ca-a/);
});

it('keeps what it has while renewals do not fit, asks again later and later, and takes the next that does', async () => {
  const source = await open();
  const before = source.current();
  expect(await source.refresh()).toEqual({ type: 'unchanged' });
  expect(requests).toBe(1);
  // It lives for two hours, of which one is over.
  wallMs += 25 * minuteMs;
  answer = async (signingRequestPem) => root.sign(signingRequestPem, { usages: [serverAuth], notAfter: new Date(wallMs + 60 * minuteMs) });
  expect(await source.refresh()).toMatchObject({ type: 'faulty', fault: { message: expect.stringContaining('wrong-answer') } });
  expect(source.current().chainPem).toBe(before.chainPem);
  expect(await source.refresh()).toEqual({ type: 'unchanged' });
  expect(requests).toBe(2);
  wallMs += 6_000;
  expect(await source.refresh()).toMatchObject({ type: 'faulty' });
  wallMs += 6_000;
  expect(await source.refresh()).toEqual({ type: 'unchanged' });
  expect(requests).toBe(3);
  wallMs += 6_000;
  answer = (signingRequestPem) => root.sign(signingRequestPem);
  expect(await source.refresh()).toEqual({ type: 'changed', leafRenewed: true, trustChanged: false });
  expect(source.current().chainPem).not.toBe(before.chainPem);
});

it('takes roots as they come and go', async () => {
  const source = await open();
  writeRoot('next.crt', await createTestAuthority('next'));
  expect(await source.refresh()).toEqual({ type: 'changed', leafRenewed: false, trustChanged: true });
  writeRoot('root.crt', await createTestAuthority('third'));
  expect(await source.refresh()).toMatchObject({ type: 'faulty', fault: { fault: 'untrusted-chain' } });
  expect(source.current().roots.fingerprints).toHaveLength(2);
});
