import { X509Certificate } from 'node:crypto';
import { expect, it } from 'vitest';
import { createTestAuthority } from '../../../test/support/authority.js';
import { TrustedRoots } from './trusted-roots.js';

const certificate = (pem: string) => new X509Certificate(pem);
const endOf = (pem: string) => Date.parse(certificate(pem).validTo);
const chainOf = (...pems: readonly string[]) => pems.map((pem) => certificate(pem).raw);
const inMinutes = (minutes: number) => new Date(Date.now() + minutes * 60_000);

it('lets trust in a chain end with the first of its certificates, its root among them', async () => {
  const root = await createTestAuthority();
  const between = await root.intermediate('between');
  const roots = new TrustedRoots([certificate(root.root)]);
  const short = await between.issue(['spiffe://starling/leaf/a']);
  const long = await between.issue(['spiffe://starling/leaf/a'], { notAfter: new Date(endOf(between.root) + 3_600_000) });
  expect(roots.endOf(chainOf(short.cert, between.root))).toBe(endOf(short.cert));
  expect(roots.endOf(chainOf(long.cert, between.root))).toBe(endOf(between.root));
  const ending = await root.renewed(inMinutes(1));
  expect(new TrustedRoots([certificate(ending)]).endOf(chainOf(short.cert, between.root))).toBe(endOf(ending));
  expect(new TrustedRoots([certificate(ending), certificate(root.root)]).endOf(chainOf(short.cert, between.root))).toBe(endOf(short.cert));
});

it('names the root that lives longest first: BoringSSL takes the first of its name', async () => {
  const root = await createTestAuthority();
  const ending = await root.renewed(inMinutes(1));
  for (const pems of [[ending, root.root], [root.root, ending]]) {
    const first = certificate(new TrustedRoots(pems.map(certificate)).pem);
    expect(Date.parse(first.validTo)).toBe(endOf(root.root));
  }
});

it('has no end for a chain that leads to no root, or is none', async () => {
  const [root, other] = [await createTestAuthority(), await createTestAuthority('Other')];
  const leaf = await other.issue(['spiffe://starling/leaf/a']);
  const roots = new TrustedRoots([certificate(root.root)]);
  expect(roots.endOf(chainOf(leaf.cert))).toBeNull();
  expect(roots.endOf([Uint8Array.of(1)])).toBeNull();
  expect(roots.endOf([])).toBeNull();
});
