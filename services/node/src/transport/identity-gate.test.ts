import { X509Certificate } from 'node:crypto';
import { expect, it } from 'vitest';
import { createTestAuthority } from '../../../../test/support/authority.js';
import { fingerprintOf, judgePeer } from './identity-gate.js';

const cluster = 'starling';
const der = (pem: string) => new X509Certificate(pem).raw;
const nobody = new Uint8Array(32);

it('names what is wrong', async () => {
  const leaf = der((await (await createTestAuthority()).issue([`spiffe://${cluster}/leaf/a`])).cert);
  expect(judgePeer([leaf], cluster, nobody)).toMatchObject({ admitted: true });
  expect(judgePeer([Buffer.of(1)], cluster, nobody)).toEqual({ admitted: false, reason: 'malformed-certificate' });
  expect(judgePeer([leaf], cluster, fingerprintOf(leaf))).toEqual({ admitted: false, reason: 'ourselves' });
  expect(judgePeer([], cluster, nobody)).toEqual({ admitted: false, reason: 'no-certificate' });
});
