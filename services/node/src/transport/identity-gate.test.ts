import { X509Certificate } from 'node:crypto';
import { expect, it } from 'vitest';
import { createTestAuthority } from '../../../../test/support/authority.js';
import { fingerprintOf, judgePeer, ownLeafOf } from './identity-gate.js';

const cluster = 'starling';
const der = (pem: string) => new X509Certificate(pem).raw;
const nobody = { fingerprint: new Uint8Array(32), isShared: false };

it('names what is wrong', async () => {
  const leaf = der((await (await createTestAuthority()).issue([`spiffe://${cluster}/leaf/a`])).cert);
  expect(judgePeer([leaf], cluster, nobody)).toMatchObject({ admitted: true });
  expect(judgePeer([Buffer.of(1)], cluster, nobody)).toEqual({ admitted: false, reason: 'malformed-certificate' });
  expect(judgePeer([leaf], cluster, { ...nobody, fingerprint: fingerprintOf(leaf) })).toEqual({ admitted: false, reason: 'ourselves' });
  expect(judgePeer([], cluster, nobody)).toEqual({ admitted: false, reason: 'no-certificate' });
});

it('lets in who shows a leaf for any node only where all do', async () => {
  const { cert } = await (await createTestAuthority()).issue([`spiffe://${cluster}/shared`]);
  expect(judgePeer([der(cert)], cluster, nobody)).toEqual({ admitted: false, reason: 'wrong-uri' });
  expect(judgePeer([der(cert)], cluster, ownLeafOf(cert))).toMatchObject({ admitted: true });
});
