import { X509Certificate } from 'node:crypto';
import { expect, it } from 'vitest';
import { createTestAuthority } from '../../../../test/support/authority.js';
import { fingerprintOf, judgePeer } from './identity-gate.js';

const cluster = 'starling';
const der = (pem: string) => new X509Certificate(pem).raw;
const nobody = new Uint8Array(32);

it('lets a connection last as long as every certificate of the chain, not only the leaf', async () => {
  const root = await createTestAuthority();
  const between = await root.intermediate('between');
  const end = (pem: string) => Date.parse(new X509Certificate(pem).validTo);
  const short = await between.issue([`spiffe://${cluster}/leaf/a`]);
  const long = await between.issue([`spiffe://${cluster}/leaf/a`], { notAfter: new Date(end(between.root) + 3_600_000) });
  for (const leaf of [short, long]) {
    expect(judgePeer([der(leaf.cert), der(between.root)], cluster, nobody)).toMatchObject({ admitted: true, notAfterMs: Math.min(end(leaf.cert), end(between.root)) });
  }
});

it('names what is wrong, also with what comes after the leaf', async () => {
  const leaf = der((await (await createTestAuthority()).issue([`spiffe://${cluster}/leaf/a`])).cert);
  expect(judgePeer([leaf], cluster, nobody)).toMatchObject({ admitted: true });
  expect(judgePeer([leaf, Buffer.of(1)], cluster, nobody)).toEqual({ admitted: false, reason: 'malformed-certificate' });
  expect(judgePeer([leaf], cluster, fingerprintOf(leaf))).toEqual({ admitted: false, reason: 'ourselves' });
  expect(judgePeer([], cluster, nobody)).toEqual({ admitted: false, reason: 'no-certificate' });
});
