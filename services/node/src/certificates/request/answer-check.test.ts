import { beforeAll, describe, expect, it } from 'vitest';
import { checkAnswer, type AnswerVerdict } from './answer-check.js';
import { clientAuth, createTestAuthority, serverAuth, type TestAuthority, type LeafChanges } from '../../../../../test/support/authority.js';
import { makeSigningRequest, type KeyWithRequest } from './signing-request.js';

const uri = 'spiffe://starling/leaf/demo.starling-0';
let root: TestAuthority;
let asked: KeyWithRequest;

beforeAll(async () => {
  root = await createTestAuthority('root');
  asked = await makeSigningRequest(uri);
});

function check(pem: string, rootsPem = root.root): AnswerVerdict {
  return checkAnswer(pem, { keyPem: asked.keyPem, uri, rootsPem, nowMs: Date.now() });
}

describe('a certificate as asked for', () => {
  it('is accepted with its dates', async () => {
    const notAfter = new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 60_000);
    const verdict = check(await root.sign(asked.signingRequestPem, { notAfter }));
    expect(verdict).toMatchObject({ verdict: 'accept', notAfterMs: notAfter.getTime() });
  });

  it('is accepted below any of several roots, and through intermediates, which are passed on without the root', async () => {
    const other = await createTestAuthority('other');
    const first = await root.intermediate('first');
    const second = await first.intermediate('second');
    const leaf = await second.sign(asked.signingRequestPem);
    const verdict = check(leaf + second.root + first.root + root.root, other.root + root.root);
    expect(verdict.verdict).toBe('accept');
    expect(verdict.verdict === 'accept' && verdict.chainPem.match(/BEGIN/g)).toHaveLength(3);
  });

  it('is accepted from an issuer whose clock is a little ahead', async () => {
    expect(check(await root.sign(asked.signingRequestPem, { notBefore: new Date(Date.now() + 60_000) })).verdict).toBe('accept');
  });
});

describe('a certificate that is not as asked for is rejected', () => {
  const changed: readonly (readonly [string, LeafChanges, string])[] = [
    ['another name', { uris: ['spiffe://starling/leaf/demo.starling-1'] }, 'URIs'],
    ['a second name', { uris: [uri, 'spiffe://starling/shared'] }, 'URIs'],
    ['no name', { uris: [] }, 'URIs are none'],
    ['no use as a client', { usages: [serverAuth] }, 'key usage'],
    ['no use as a server', { usages: [clientAuth] }, 'key usage'],
    ['an authority', { isAuthority: true }, 'authority'],
    ['already expired', { notAfter: new Date(Date.now() - 1_000) }, 'valid from'],
    ['valid only later', { notBefore: new Date(Date.now() + 600_000) }, 'valid from'],
  ];
  it.each(changed)('%s', async (_, changes, reason) => {
    expect(check(await root.sign(asked.signingRequestPem, changes))).toMatchObject({ verdict: 'reject', reason: expect.stringContaining(reason) });
  });

  it('another key', async () => {
    const foreign = await makeSigningRequest(uri);
    expect(check(await root.sign(foreign.signingRequestPem))).toEqual({ verdict: 'reject', reason: 'it is for another key' });
  });

  it('another root, also one of the same name', async () => {
    const impostor = await createTestAuthority('root');
    expect(check(await impostor.sign(asked.signingRequestPem))).toEqual({ verdict: 'reject', reason: 'it leads to none of the trusted roots' });
  });

  it('a missing intermediate', async () => {
    const between = await root.intermediate('between');
    expect(check(await between.sign(asked.signingRequestPem)).verdict).toBe('reject');
  });

  it('no certificate at all, a broken one, or a flood', async () => {
    const good = await root.sign(asked.signingRequestPem);
    for (const pem of ['', 'hello', good.replace(/[A-Z]{6}/, 'AAAAAA'), good.repeat(200)]) expect(check(pem).verdict).toBe('reject');
    expect(check(good.repeat(5))).toMatchObject({ reason: expect.stringContaining('more than 4') });
  });
});
