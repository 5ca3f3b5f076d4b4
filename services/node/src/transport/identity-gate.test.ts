import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { decodeCredential, fromHex } from '@starling/gossip';
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

it('takes an authority for one, also when it may not sign', () => {
  const file = JSON.parse(readFileSync(new URL('../../../../test/vectors/credentials.json', import.meta.url), 'utf8')) as { cluster: string; credentials: { name: string; bytes: string }[] };
  const bytes = file.credentials.find(({ name }) => name === 'of an authority that may not sign certificates')?.bytes ?? '';
  expect(judgePeer(decodeCredential(fromHex(bytes) as Uint8Array)?.chain ?? [], file.cluster, nobody)).toEqual({ admitted: false, reason: 'authority-as-leaf' });
});
