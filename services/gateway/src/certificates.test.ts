import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type IssuedLeaf, type TestAuthority, createTestAuthority, serverAuth } from '../../../test/support/authority.js';
import { eventually } from '../../../test/support/eventually.js';
import { type GatewayPlaces, type OwnCertificates, readCertificates, watchCertificates } from './certificates.js';

let directory: string;
let places: GatewayPlaces;
let authority: TestAuthority;
let leaf: IssuedLeaf;

const put = (file: string, text: string) => writeFile(path.join(directory, file), text);
/** As OpenSSL writes it. */
const normal = (pem: string) => new X509Certificate(pem).toString();
const putLeaf = async ({ cert, key }: IssuedLeaf) => {
  await put('tls/tls.crt', cert);
  await put('tls/tls.key', key);
};

const putLeafBelowWeak = async () => {
  const weak = await authority.intermediate('weak', { isWeak: true });
  const { cert, key } = await weak.issue(['spiffe://starling/gateway/page']);
  await putLeaf({ cert: cert + weak.root, key });
};

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'starling-certificates-'));
  await mkdir(path.join(directory, 'tls'));
  await mkdir(path.join(directory, 'trust'));
  places = { certificateDir: path.join(directory, 'tls'), trustDir: path.join(directory, 'trust'), cluster: 'starling' };
  authority = await createTestAuthority();
  leaf = await authority.issue(['spiffe://starling/gateway/page']);
  await putLeaf(leaf);
  await put('trust/ca.crt', authority.root);
});

afterEach(() => rm(directory, { recursive: true }));

describe('the certificates', () => {
  it('are the leaf and every root, each once, with its fingerprint', async () => {
    const second = await createTestAuthority('Second');
    await put('trust/bundle.pem', `${second.root}\n${authority.root}`);
    await put('trust/notes.txt', 'not a certificate');
    const material = await readCertificates(places);
    expect(material).toMatchObject({ chainPem: normal(leaf.cert), keyPem: expect.stringContaining('BEGIN PRIVATE KEY') });
    expect(material.roots).toHaveLength(2);
    expect(material.roots.every(({ fingerprint, pem }) => /^[0-9a-f]{64}$/.test(fingerprint) && material.rootsPem.includes(pem))).toBe(true);
    expect(Math.abs(material.notAfterMs - Date.now() - 3_600_000)).toBeLessThan(60_000);
    expect(material.notBeforeMs).toBe(Date.parse(new X509Certificate(leaf.cert).validFrom));
  });

  const faults: [string, () => unknown, RegExp][] = [
    ['a missing key', () => rm(path.join(directory, 'tls/tls.key')), /tls\.key does not exist/],
    ['the key of another leaf', async () => put('tls/tls.key', (await authority.issue(['spiffe://starling/shared'])).key), /tls\.key is not the key of the certificate .*tls\.crt/],
    ['what is no certificate', () => put('tls/tls.crt', 'nonsense'), /tls\.crt holds no certificate in PEM/],
    ['a leaf of another cluster', async () => putLeaf(await authority.issue(['spiffe://sparrow/gateway/page'])), /is for the cluster "sparrow".* this gateway is of "starling"/],
    ['a leaf without a URI', async () => putLeaf(await authority.issue([])), /needs exactly one URI.* spiffe:\/\/starling\/gateway\/<name>/],
    ['a leaf of no form', async () => putLeaf(await authority.issue(['spiffe://starling/anything/else/at/all'])), /needs exactly one URI.* spiffe:\/\/starling\/gateway\/<name>/],
    ['the leaf of a node', async () => putLeaf(await authority.issue(['spiffe://starling/leaf/a'])), /is for a node .* A gateway needs spiffe:\/\/starling\/gateway\/<name>/],
    ['a leaf for servers only', async () => putLeaf(await authority.issue(['spiffe://starling/gateway/page'], { usages: [serverAuth] })), /tls\.crt needs both extended key usages/],
    ['an authority', async () => putLeaf(await authority.issue(['spiffe://starling/gateway/page'], { isAuthority: true })), /A gateway needs a leaf \(CA:FALSE\)/],
    ['a leaf of another authority', async () => putLeaf(await (await createTestAuthority('Theirs')).issue(['spiffe://starling/gateway/page'])), /tls\.crt leads to none of the 1 trusted roots: its last issuer is "CN=Theirs"/],
    ['a leaf that the TLS library refuses', putLeafBelowWeak, /tls\.crt cannot be used .*key too small/],
    ['no root', () => rm(path.join(directory, 'trust/ca.crt')), /holds no \*\.crt and no \*\.pem/],
    ['a broken root', () => put('trust/x.pem', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'), /x\.pem holds no certificate/],
    ['a leaf among the roots', () => put('trust/x.pem', leaf.cert), /x\.pem holds a certificate that is no authority/],
    ['a pipe among the roots', () => spawnSync('mkfifo', [path.join(directory, 'trust/x.pem')]), /x\.pem is not a file/],
    ['no directory of roots', () => rm(path.join(directory, 'trust'), { recursive: true }), /STARLING_TRUST_DIR/],
  ];
  it('may have expired: a new one is waited for', async () => {
    await putLeaf(await authority.issue(['spiffe://starling/gateway/page'], { notAfter: new Date(Date.now() - 2_000) }));
    expect((await readCertificates(places)).notAfterMs).toBeLessThan(Date.now());
  });

  it.each(faults)('are refused with %s', async (_what, spoil, message) => {
    await spoil();
    await expect(readCertificates(places)).rejects.toThrow(message);
  });
});

describe('the watch', () => {
  it('hands on what is new and whole, tells once what is not, and ends', async () => {
    const changed: OwnCertificates[] = [];
    const faults: string[] = [];
    const end = watchCertificates({ places, current: await readCertificates(places), onChanged: (material) => changed.push(material), onFault: (error) => faults.push(error.message), intervalMs: 1 });
    try {
      const next = await authority.issue(['spiffe://starling/gateway/page']);
      await put('tls/tls.crt', next.cert);
      await eventually('the fault to be told', () => faults.some((fault) => fault.includes('is not the key of the certificate')));
      expect(changed).toEqual([]);
      await put('tls/tls.key', next.key);
      await eventually('the new leaf', () => changed.length > 0);
      expect(changed[0]).toMatchObject({ chainPem: normal(next.cert) });
      const told = faults.length;
      await put('trust/other.pem', (await createTestAuthority('Other')).root);
      await eventually('the new root', () => changed.at(-1)?.roots.length === 2);
      expect(faults.length - told).toBeLessThanOrEqual(1);
    } finally {
      end();
    }
  });
});
