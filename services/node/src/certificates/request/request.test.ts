import 'reflect-metadata';
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { TrustedRoots } from '@starling/certificates';
import { Pkcs10CertificateRequest } from '@peculiar/x509';
import { beforeAll, describe, expect, it } from 'vitest';
import { clientAuth, createTestAuthority, serverAuth, urisOf, usagesOf, type TestAuthority } from '../../../../../test/support/authority.js';
import { renewAtMs, requestCertificate, type RequestOptions } from './request.js';
import type { Ask } from './submission.js';

let root: TestAuthority;
beforeAll(async () => {
  root = await createTestAuthority('root');
});

function options(submit: NonNullable<RequestOptions['submit']>): RequestOptions {
  return {
    cluster: 'starling',
    namespace: 'demo',
    pod: 'starling-0',
    podUid: 'uid-0',
    issuer: { group: 'cert-manager.io', kind: 'Issuer', name: 'starling-ca-a' },
    durationMs: 86_400_000,
    readRoots: async () => new TrustedRoots([new X509Certificate(root.root)]),
    submit,
  };
}

describe('requestCertificate', () => {
  it('gives a certificate for a key that the child never saw', async () => {
    const asks: Ask[] = [];
    const issued = await requestCertificate(
      options(async (ask) => {
        asks.push(ask);
        return { outcome: 'issued', chainPem: await root.sign(ask.signingRequestPem) };
      }),
    );
    const [ask] = asks;
    const request = new Pkcs10CertificateRequest(ask?.signingRequestPem ?? '');
    expect(urisOf(request)).toEqual(['spiffe://starling/leaf/demo.starling-0']);
    expect(usagesOf(request)).toEqual([serverAuth, clientAuth]);
    expect(JSON.stringify(ask)).not.toContain('PRIVATE KEY');
    expect(ask).toMatchObject({ durationS: 86_400, name: expect.stringMatching(/^starling-0-[a-z0-9]{1,16}$/) });
    const leaf = new X509Certificate(issued.chainPem);
    expect(leaf.checkPrivateKey(createPrivateKey(issued.keyPem))).toBe(true);
    expect(createPublicKey(issued.keyPem).asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
    expect(issued.notAfterMs).toBe(Date.parse(leaf.validTo));
  });

  it('makes another key and another name each time', async () => {
    const asks: Ask[] = [];
    for (let i = 0; i < 2; i++) {
      await requestCertificate(
        options(async (ask) => {
          asks.push(ask);
          return { outcome: 'issued', chainPem: await root.sign(ask.signingRequestPem) };
        }),
      );
    }
    expect(new Set(asks.map((ask) => ask.name)).size).toBe(2);
    expect(new Set(asks.map((ask) => ask.signingRequestPem)).size).toBe(2);
  });

  it('rejects with the reason of a refusal', async () => {
    const refused = requestCertificate(options(() => Promise.resolve({ outcome: 'refused', reason: 'denied', detail: 'not you' })));
    await expect(refused).rejects.toMatchObject({ name: 'CertificateRequestError', reason: 'denied', message: 'no certificate (denied): not you' });
  });

  it('rejects a certificate in another name', async () => {
    const swapped = requestCertificate(
      options(async (ask) => ({ outcome: 'issued', chainPem: await root.sign(ask.signingRequestPem, { uris: ['spiffe://starling/leaf/demo.starling-1'] }) })),
    );
    await expect(swapped).rejects.toMatchObject({ reason: 'wrong-answer', message: expect.stringContaining('Issuer starling-ca-a') });
  });
});

describe('renewAtMs', () => {
  const leaf = { notBeforeMs: 1_000, notAfterMs: 31_000 };
  it.each([
    [0, 19_000],
    [0.5, 21_000],
    [1, 23_000],
  ])('for a random number of %d is %d', (random, expected) => {
    expect(renewAtMs(leaf, () => random)).toBeCloseTo(expected, 3);
  });
});
