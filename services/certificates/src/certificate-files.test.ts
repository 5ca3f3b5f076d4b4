import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestAuthority, type IssuedLeaf, type TestAuthority } from '../../../test/support/authority.js';
import { type CertificatePlaces, readCertificateFiles, readRoots } from './certificate-files.js';

let root: TestAuthority;
let leaf: IssuedLeaf;
let folder: string;
let places: CertificatePlaces;

beforeAll(async () => {
  root = await createTestAuthority('root');
  leaf = await root.issue(['spiffe://starling/shared']);
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'starling-files-'));
  places = { certificateDir: join(folder, 'certificate'), trustDir: join(folder, 'trust') };
  mkdirSync(places.certificateDir);
  mkdirSync(places.trustDir);
  put('certificate/tls.crt', leaf.cert);
  put('certificate/tls.key', leaf.key);
  put('trust/ca.crt', root.root);
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function put(name: string, text: string): void {
  writeFileSync(join(folder, name), text);
}

describe('certificate files', () => {
  it('are read as they are, the roots each once', async () => {
    put('trust/again.pem', root.root);
    put('trust/.hidden.pem', 'not read');
    const files = await readCertificateFiles(places);
    expect(files).toMatchObject({ leafPem: leaf.cert, keyPem: leaf.key });
    expect([...files.rootPems.keys()]).toEqual(['again.pem', 'ca.crt']);
    expect(await readRoots(places.trustDir)).toHaveLength(1);
  });

  it.each<readonly [string, () => unknown, string]>([
    ['a pipe, which nobody writes to', () => spawnSync('mkfifo', [join(places.trustDir, 'old.pem')]), 'old.pem is not a file'],
    ['a directory', () => mkdirSync(join(places.trustDir, 'dir.pem')), 'dir.pem is not a file'],
    ['a file without end', () => put('trust/long.pem', 'x'.repeat(300_000)), 'long.pem is too large'],
    ['more files than a network has roots', () => Array.from({ length: 65 }, (_, i) => put(`trust/${i}.pem`, root.root)), 'more than 64'],
  ])('are refused, and not waited for, with %s', async (_, spoil, word) => {
    spoil();
    await expect(readCertificateFiles(places)).rejects.toMatchObject({ name: 'CertificateError', message: expect.stringContaining(word) });
  });

  it('are no roots when they hold leaves, something else, or nothing', async () => {
    const refused = (fault: string, word: string) => expect(readRoots(places.trustDir)).rejects.toMatchObject({ fault, message: expect.stringContaining(word) });
    put('trust/leaf.pem', leaf.cert);
    await refused('wrong-authority', 'leaf.pem holds a certificate that is no authority (CA:TRUE is missing)');
    put('trust/leaf.pem', leaf.key);
    await refused('no-certificate', 'leaf.pem');
    rmSync(places.trustDir, { recursive: true });
    await refused('unreadable', 'STARLING_TRUST_DIR');
    mkdirSync(places.trustDir);
    put('trust/root.txt', root.root);
    await refused('no-roots', '*.pem');
  });

  it('hold no more roots than a node can tell of', async () => {
    const many = await Promise.all(Array.from({ length: 17 }, (_, i) => createTestAuthority(`root ${i}`)));
    put('trust/ca.crt', many.slice(1).map((one) => one.root).join(''));
    expect(await readRoots(places.trustDir)).toHaveLength(16);
    put('trust/ca.crt', many.map((one) => one.root).join(''));
    await expect(readRoots(places.trustDir)).rejects.toThrow('17 certificates, more than 16');
  });
});
