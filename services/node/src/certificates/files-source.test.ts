import 'reflect-metadata';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, readlinkSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CertificateFault } from '@starling/certificates';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type TestAuthority, clientAuth, type LeafChanges, createTestAuthority, serverAuth } from '../../../../test/support/authority.js';
import { clusterTagOf, verifyCredential } from './credential.js';
import { type FilesSource, openFilesSource } from './files-source.js';
import type { Trial } from './own-certificates.js';
import { type KeyWithRequest, makeSigningRequest } from './request/signing-request.js';
import { openQuicTrial } from '../transport/quic-transport.js';

const cluster = 'starling';
const nodeId = 'ab'.repeat(32);
const uri = `spiffe://${cluster}/leaf/one`;
let root: TestAuthority;
let asked: KeyWithRequest;
let folder: string;
let certificateDir: string;
let trustDir: string;
let wallMs: number;
let tryQuic: Trial;

beforeAll(async () => {
  tryQuic = await openQuicTrial();
  root = await createTestAuthority('root');
  asked = await makeSigningRequest(uri);
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'starling-certificates-'));
  certificateDir = join(folder, 'certificate');
  trustDir = join(folder, 'trust');
  mkdirSync(certificateDir);
  mkdirSync(trustDir);
  wallMs = Date.now();
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function open(): Promise<FilesSource> {
  return openFilesSource({ certificateDir, trustDir, cluster, nodeId, wallMs: () => wallMs, tryQuic });
}

function writeLeaf(chainPem: string, keyPem = asked.keyPem): void {
  writeFileSync(join(certificateDir, 'tls.crt'), chainPem);
  writeFileSync(join(certificateDir, 'tls.key'), keyPem);
}

function writeRoot(name: string, pem: string): void {
  writeFileSync(join(trustDir, name), pem);
}

async function writeGoodSet(changes: LeafChanges = {}): Promise<string> {
  const leaf = await root.sign(asked.signingRequestPem, changes);
  writeLeaf(leaf);
  writeRoot('root.crt', root.root);
  return leaf;
}

/** Its key is of an algorithm that nobody knows. */
function withUnknownKey(leaf: string): string {
  const der = Buffer.from(new X509Certificate(leaf).raw);
  der[der.indexOf(Buffer.from('06072a8648ce3d0201', 'hex')) + 8] = 0x7f;
  return `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`;
}

/** A leaf whose key spells its curve out: OpenSSL knows it for P-256, the library of the transport does not. */
async function writeSpeltOutCurve(): Promise<void> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256', paramEncoding: 'explicit' });
  writeLeaf(await root.signKey(publicKey.export({ type: 'spki', format: 'der' }), { uris: [uri] }), privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
}

/** A leaf below a key that OpenSSL holds to be too small. */
async function writeBelowWeak(): Promise<void> {
  const weak = await root.intermediate('weak', { isWeak: true });
  writeLeaf((await weak.sign(asked.signingRequestPem)) + weak.root);
}

const unusable: readonly (readonly [string, () => Promise<unknown> | void])[] = [
  ['below an authority with a weak key', writeBelowWeak],
  ['with a key of an unknown algorithm', async () => writeLeaf(withUnknownKey(await root.sign(asked.signingRequestPem)))],
  ['with a curve that is spelt out', writeSpeltOutCurve],
];

async function expectFault(fault: CertificateFault, ...words: string[]): Promise<void> {
  const error = await open().then(
    () => null,
    (cause: unknown) => cause,
  );
  expect(error).toMatchObject({ name: 'CertificateError', fault });
  for (const word of words) expect((error as Error).message).toContain(word);
}

describe('a set of files', () => {
  it('is read with its names, its end and a credential that others admit', async () => {
    const leaf = await writeGoodSet();
    const current = (await open()).current();
    expect(current).toMatchObject({ uri, notAfterMs: Date.parse(new X509Certificate(leaf).validTo), chainPem: new X509Certificate(leaf).toString(), rootsPem: new X509Certificate(root.root).toString() });
    expect(verifyCredential(current.credential, { roots: current.roots, cluster, clusterTag: clusterTagOf(cluster), acceptsShared: false, wallMs })).toMatchObject({ admitted: true, facts: { nodeId } });
  });

  it('may hold a key in the older form, the root after the leaf, and several roots in several files', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const between = await root.intermediate('between');
    const other = await createTestAuthority('other');
    const leaf = await between.signKey(publicKey.export({ type: 'spki', format: 'der' }), { uris: [uri] });
    writeLeaf(leaf + between.root + root.root, privateKey.export({ type: 'sec1', format: 'pem' }).toString());
    writeRoot('a.pem', other.root + root.root);
    writeRoot('b.crt', root.root);
    writeRoot('notes.txt', 'not read');
    const current = (await open()).current();
    expect(current.keyPem).toContain('BEGIN PRIVATE KEY');
    expect(current.chainPem.match(/BEGIN/g)).toHaveLength(2);
    expect(current.roots.fingerprints).toHaveLength(2);
    expect(current.rootsPem.match(/BEGIN/g)).toHaveLength(2);
  });
});

describe('what cannot be used is refused with the way out', () => {
  it.each<[string, LeafChanges, CertificateFault, string]>([
    ['expired', { notAfter: new Date(Date.now() - 2_000) }, 'expired', 'Renew it'],
    ['of a wrong clock', { notBefore: new Date(Date.now() + 3_600_000) }, 'not-yet-valid', 'NTP'],
    ['without use as a client', { usages: [serverAuth] }, 'wrong-usage', 'client auth'],
    ['without use as a server', { usages: [clientAuth] }, 'wrong-usage', 'server auth'],
    ['of an authority', { isAuthority: true }, 'wrong-authority', 'CA:FALSE'],
    ['without a URI', { uris: [] }, 'wrong-uri', `spiffe://${cluster}/leaf/`],
    ['with two URIs', { uris: [uri, `spiffe://${cluster}/shared`] }, 'wrong-uri', 'exactly one'],
    ['of a gateway', { uris: [`spiffe://${cluster}/gateway/one`] }, 'wrong-uri', 'gateway'],
    ['of another cluster', { uris: ['spiffe://other/leaf/one'] }, 'wrong-cluster', 'STARLING_CLUSTER'],
    ['of another node', { uris: [`spiffe://${cluster}/node/${'cd'.repeat(32)}`] }, 'wrong-node', nodeId],
  ])('a leaf %s', async (_, changes, fault, word) => {
    await writeGoodSet(changes);
    await expectFault(fault, word, join(certificateDir, 'tls.crt'));
  });

  it('a leaf of another authority, or without its intermediate', async () => {
    await writeGoodSet();
    writeRoot('root.crt', (await createTestAuthority('stranger')).root);
    await expectFault('untrusted-chain', 'CN=root');
    const between = await root.intermediate('between');
    writeRoot('root.crt', root.root);
    writeLeaf(await between.sign(asked.signingRequestPem));
    await expectFault('untrusted-chain', 'CN=between', 'intermediates follow the leaf');
  });

  it('a leaf below an authority with name constraints, or with too many authorities below it', async () => {
    await writeGoodSet();
    const limited = await root.intermediate('limited', { nameConstraints: true });
    writeLeaf((await limited.sign(asked.signingRequestPem)) + limited.root);
    await expectFault('untrusted-chain', 'name constraints');
    const short = await root.intermediate('short', { pathLength: 0 });
    const below = await short.intermediate('below');
    writeLeaf((await below.sign(asked.signingRequestPem)) + below.root + short.root);
    await expectFault('untrusted-chain', 'path length');
  });

  it('a key of another leaf, of another kind, or none', async () => {
    const leaf = await writeGoodSet();
    writeLeaf(leaf, (await makeSigningRequest(uri)).keyPem);
    await expectFault('key-mismatch', 'tls.key', 'tls.crt');
    writeLeaf(leaf, generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
    await expectFault('unsupported-key', 'rsa', 'P-256');
    writeLeaf(leaf, leaf);
    await expectFault('no-key', 'tls.key');
    rmSync(join(certificateDir, 'tls.key'));
    await expectFault('unreadable', 'tls.key does not exist', 'STARLING_CERTIFICATE_DIR');
  });

  it.each(unusable)('a leaf %s, which a library does not take', async (_, spoil) => {
    await writeGoodSet();
    await spoil();
    await expectFault('unusable', join(certificateDir, 'tls.crt'), 'Issue it');
  });

  it('no certificate where one should be', async () => {
    const leaf = await writeGoodSet();
    for (const text of ['', 'hello', asked.keyPem, leaf.replace('MII', 'AAA')]) {
      writeLeaf(text);
      await expectFault('no-certificate', 'tls.crt');
    }
    writeLeaf(leaf + 'x'.repeat(300_000));
    await expectFault('unreadable', 'too large');
  });
});

describe('while running', () => {
  it('nothing is new until something is', async () => {
    await writeGoodSet();
    const source = await open();
    const before = source.current();
    expect(await source.refresh()).toEqual({ type: 'unchanged' });
    expect(source.current()).toBe(before);
  });

  it('a renewed leaf takes over', async () => {
    await writeGoodSet();
    const source = await open();
    const before = source.current();
    await writeGoodSet();
    expect(await source.refresh()).toEqual({ type: 'changed', leafRenewed: true, trustChanged: false });
    expect(source.current().fingerprint).not.toEqual(before.fingerprint);
    expect(source.current().credential).not.toEqual(before.credential);
  });

  it('a root comes, and one goes that the leaf does not need', async () => {
    await writeGoodSet();
    const source = await open();
    writeRoot('next.crt', (await createTestAuthority('next')).root);
    expect(await source.refresh()).toEqual({ type: 'changed', leafRenewed: false, trustChanged: true });
    expect(source.current().roots.fingerprints).toHaveLength(2);
    rmSync(join(trustDir, 'next.crt'));
    expect(await source.refresh()).toEqual({ type: 'changed', leafRenewed: false, trustChanged: true });
    expect(source.current().roots.fingerprints).toHaveLength(1);
  });

  it('a bad set is told and not used, and the next good one is', async () => {
    await writeGoodSet();
    const source = await open();
    const before = source.current();
    const next = await createTestAuthority('next');
    writeRoot('root.crt', next.root);
    expect(await source.refresh()).toMatchObject({ type: 'faulty', fault: { fault: 'untrusted-chain' } });
    expect(source.current()).toBe(before);
    writeLeaf(await next.sign(asked.signingRequestPem));
    expect(await source.refresh()).toEqual({ type: 'changed', leafRenewed: true, trustChanged: true });
    writeLeaf('half a cert');
    expect(await source.refresh()).toMatchObject({ type: 'faulty', fault: { fault: 'no-certificate' } });
    rmSync(certificateDir, { recursive: true });
    expect(await source.refresh()).toMatchObject({ type: 'faulty', fault: { fault: 'unreadable' } });
    expect(source.current().uri).toBe(uri);
  });

  it.each(unusable)('a leaf %s is told and not used', async (_, spoil) => {
    await writeGoodSet();
    const source = await open();
    const before = source.current();
    await spoil();
    expect(await source.refresh()).toMatchObject({ type: 'faulty', fault: { name: 'CertificateError', fault: 'unusable' } });
    expect(source.current()).toBe(before);
  });

  it('whatever else is thrown is told as well', async () => {
    await writeGoodSet();
    let clock = () => wallMs;
    const source = await openFilesSource({ certificateDir, trustDir, cluster, nodeId, wallMs: () => clock(), tryQuic });
    clock = () => {
      throw new Error('no clock');
    };
    expect(await source.refresh()).toMatchObject({ type: 'faulty', fault: { name: 'CertificateError', message: expect.stringContaining('no clock') } });
  });

  it('a leaf that nobody renews is told when it has expired', async () => {
    await writeGoodSet();
    const source = await open();
    wallMs += 2 * 3_600_000;
    expect(await source.refresh()).toMatchObject({ type: 'faulty', fault: { fault: 'expired' } });
  });

  it('the swap of a Kubernetes volume is taken whole', async () => {
    const leaf = await root.sign(asked.signingRequestPem);
    const publish = (version: string, chainPem: string, keyPem: string) => {
      const data = join(certificateDir, version);
      mkdirSync(data);
      writeFileSync(join(data, 'tls.crt'), chainPem);
      writeFileSync(join(data, 'tls.key'), keyPem);
      symlinkSync(version, join(certificateDir, '..data_tmp'));
      const before = version === '..1' ? null : readlinkSync(join(certificateDir, '..data'));
      renameSync(join(certificateDir, '..data_tmp'), join(certificateDir, '..data'));
      if (before !== null) rmSync(join(certificateDir, before), { recursive: true });
    };
    publish('..1', leaf, asked.keyPem);
    for (const name of ['tls.crt', 'tls.key']) symlinkSync(join('..data', name), join(certificateDir, name));
    writeRoot('root.crt', root.root);
    const source = await open();
    for (let version = 2; version < 6; version++) {
      const next = await makeSigningRequest(uri);
      const renewed = await root.sign(next.signingRequestPem);
      const refreshed = source.refresh();
      publish(`..${version}`, renewed, next.keyPem);
      // Either the old set or the new one: never a leaf of one and the key of the other.
      expect(['unchanged', 'changed']).toContain((await refreshed).type);
      await source.refresh();
      expect(source.current().chainPem).toBe(new X509Certificate(renewed).toString());
    }
  });
});
