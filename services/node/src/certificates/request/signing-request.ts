/** The key of a leaf and the request to have it signed (PKCS#10). */

export interface KeyWithRequest {
  /** PKCS#8. */
  readonly keyPem: string;
  readonly signingRequestPem: string;
}

const keyAlgorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** A fresh P-256 key and a request for one URI, with the usages of docs/PROTOCOL.md 2.1. */
export async function makeSigningRequest(uri: string): Promise<KeyWithRequest> {
  // Loaded when it is needed: 20 MiB that a node with certificates from files never pays.
  await import('reflect-metadata');
  const { ExtendedKeyUsage, ExtendedKeyUsageExtension, KeyUsageFlags, KeyUsagesExtension, Pkcs10CertificateRequestGenerator, SubjectAlternativeNameExtension } =
    await import('@peculiar/x509');
  const keys = await crypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify']);
  const request = await Pkcs10CertificateRequestGenerator.create(
    {
      keys,
      signingAlgorithm: keyAlgorithm,
      extensions: [
        new SubjectAlternativeNameExtension([{ type: 'url', value: uri }], true),
        // These must say the same as `usages` in submission.ts, in the same order.
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
      ],
    },
    crypto,
  );
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  const lines = pkcs8.match(/.{1,64}/g) ?? [];
  return { keyPem: ['-----BEGIN PRIVATE KEY-----', ...lines, '-----END PRIVATE KEY-----', ''].join('\n'), signingRequestPem: request.toString('pem') };
}
