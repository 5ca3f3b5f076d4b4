import { X509Certificate } from 'node:crypto';
import { TrustedRoots } from '@starling/certificates';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkAnswer, type AnswerVerdict } from './answer-check.js';
import { createTestAuthority, type TestAuthority, type LeafChanges } from '../../../../../test/support/authority.js';
import { makeSigningRequest, type KeyWithRequest } from './signing-request.js';

const uri = 'spiffe://starling/leaf/demo.starling-0';
let root: TestAuthority;
let asked: KeyWithRequest;

beforeAll(async () => {
  root = await createTestAuthority('root');
  asked = await makeSigningRequest(uri);
});

function check(pem: string, rootPems: readonly string[] = [root.root]): AnswerVerdict {
  return checkAnswer(pem, { uri, roots: new TrustedRoots(rootPems.map((one) => new X509Certificate(one))) });
}

/** The chain of an answer that is accepted, DER. */
function chainOf(pem: string, rootPems?: readonly string[]): readonly Buffer[] {
  const verdict = check(pem, rootPems);
  if (verdict.verdict === 'reject') throw new Error(verdict.reason);
  return verdict.chain.map(({ raw }) => raw);
}

const ders = (...pems: readonly string[]) => pems.map((pem) => new X509Certificate(pem).raw);

describe('the chain of a certificate as asked for', () => {
  it('is brought into order, up to below the root', async () => {
    const first = await root.intermediate('first');
    const second = await first.intermediate('second');
    const leaf = await second.sign(asked.signingRequestPem);
    const other = await createTestAuthority('other');
    expect(chainOf(leaf + root.root + first.root + second.root, [other.root, root.root])).toEqual(ders(leaf, second.root, first.root));
    expect(chainOf(leaf + first.root + second.root, [first.root])).toEqual(ders(leaf, second.root));
  });

  it('finds its way past an authority of the same name', async () => {
    const [between, twin] = [await root.intermediate('between'), await root.intermediate('between')];
    const leaf = await between.sign(asked.signingRequestPem);
    expect(chainOf(leaf + twin.root + between.root)).toEqual(ders(leaf, between.root));
  });

  it('stays as it came when it leads to no root: why is told by the check of the set', async () => {
    const between = await root.intermediate('between');
    const leaf = await between.sign(asked.signingRequestPem);
    expect(chainOf(leaf)).toEqual(ders(leaf));
    expect(chainOf(leaf + between.root, [(await createTestAuthority('root')).root])).toEqual(ders(leaf, between.root));
  });
});

describe('a certificate that is not as asked for is rejected', () => {
  const changed: readonly (readonly [string, LeafChanges, string])[] = [
    ['another name', { uris: ['spiffe://starling/leaf/demo.starling-1'] }, 'demo.starling-1 instead of'],
    ['a second name', { uris: [uri, 'spiffe://starling/shared'] }, 'one of several'],
    ['a name that imitates ours', { uris: [`https://x, URI:${uri}`] }, 'none, or'],
    ['no name', { uris: [] }, 'none, or'],
  ];
  it.each(changed)('%s', async (_, changes, reason) => {
    expect(check(await root.sign(asked.signingRequestPem, changes))).toMatchObject({ verdict: 'reject', reason: expect.stringContaining(reason) });
  });

  it('no certificate at all, a broken one, or a flood', async () => {
    const good = await root.sign(asked.signingRequestPem);
    for (const pem of ['', 'hello', good.replace(/[A-Z]{6}/, 'AAAAAA')]) expect(check(pem)).toMatchObject({ reason: expect.stringContaining('no certificate') });
    expect(check(good.repeat(200))).toMatchObject({ reason: expect.stringContaining('characters, more than 65536') });
    expect(check(good.repeat(5))).toMatchObject({ reason: expect.stringContaining('more than 4') });
  });
});
