import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openAuthority } from './authority.js';
import { x509 } from './x509.js';

const cluster = 'birds';
const uri = `spiffe://${cluster}/leaf/one`;
const dayMs = 86_400_000;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'starling-authority-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const text = (...path: string[]) => readFileSync(join(folder, ...path), 'utf8');
const certificate = (...path: string[]) => new X509Certificate(text(...path));
const mode = (...path: string[]) => statSync(join(folder, ...path)).mode & 0o777;

describe('openAuthority', () => {
  it('makes a P-256 root for ten years, its key for the owner alone, and a copy of it to trust', async () => {
    await openAuthority(folder, cluster);
    const root = certificate('ca.crt');
    expect(root.ca).toBe(true);
    expect(root.subject).toContain(cluster);
    expect(root.publicKey.asymmetricKeyDetails).toMatchObject({ namedCurve: 'prime256v1' });
    expect(root.checkPrivateKey(createPrivateKey(text('ca.key')))).toBe(true);
    expect(Math.round((Date.parse(root.validTo) - Date.now()) / dayMs)).toBe(3_650);
    expect(mode('ca.key')).toBe(0o600);
    expect(text('trust', 'ca.crt')).toBe(text('ca.crt'));
  });

  it('takes the root that is there, also for new leaves', async () => {
    await openAuthority(folder, cluster);
    const [key, root] = [text('ca.key'), text('ca.crt')];
    const again = await openAuthority(folder, cluster);
    await again.issueLeaf({ name: 'one', uri, days: 1 });
    expect([text('ca.key'), text('ca.crt')]).toEqual([key, root]);
    expect(certificate('one', 'tls.crt').verify(new X509Certificate(root).publicKey)).toBe(true);
  });

  it.each(['ca.key', 'ca.crt'])('refuses to go on without %s, and makes no other', async (missing) => {
    await openAuthority(folder, cluster);
    rmSync(join(folder, missing));
    await expect(openAuthority(folder, cluster)).rejects.toMatchObject({ name: 'CommandError', message: expect.stringContaining(join(folder, missing)) });
    expect(existsSync(join(folder, missing))).toBe(false);
  });

  it('refuses the key of another root, and leaves it as it is', async () => {
    await openAuthority(folder, cluster);
    await openAuthority(join(folder, 'other'), cluster);
    const stranger = text('other', 'ca.key');
    writeFileSync(join(folder, 'ca.key'), stranger);
    await expect(openAuthority(folder, cluster)).rejects.toMatchObject({ name: 'CommandError', message: expect.stringContaining('not that of the certificate') });
    expect(text('ca.key')).toBe(stranger);
  });
});

describe('issueLeaf', () => {
  it('makes a leaf for client and server with one URI and its key for the owner alone', async () => {
    const { directory } = await (await openAuthority(folder, cluster)).issueLeaf({ name: 'one', uri, days: 7 });
    expect(directory).toBe(join(folder, 'one'));
    const leaf = certificate('one', 'tls.crt');
    expect(leaf.ca).toBe(false);
    expect(leaf.subjectAltName).toBe(`URI:${uri}`);
    expect([...leaf.keyUsage].sort()).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
    expect(leaf.checkPrivateKey(createPrivateKey(text('one', 'tls.key')))).toBe(true);
    expect(Math.round((Date.parse(leaf.validTo) - Date.now()) / dayMs)).toBe(7);
    expect(mode('one', 'tls.key')).toBe(0o600);
  });

  it('signs for signatures alone, and points to the key of its root', async () => {
    await (await openAuthority(folder, cluster)).issueLeaf({ name: 'one', uri, days: 7 });
    const [root, leaf] = [new x509.X509Certificate(text('ca.crt')), new x509.X509Certificate(text('one', 'tls.crt'))];
    expect(leaf.getExtension(x509.KeyUsagesExtension)?.usages).toBe(x509.KeyUsageFlags.digitalSignature);
    expect(leaf.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId).toMatch(/^[0-9a-f]{40}$/);
    expect(leaf.getExtension(x509.AuthorityKeyIdentifierExtension)?.keyId).toBe(root.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId);
    expect(certificate('one', 'tls.crt').checkIssued(certificate('ca.crt'))).toBe(true);
  });

  it('lets no leaf outlive the root', async () => {
    await (await openAuthority(folder, cluster)).issueLeaf({ name: 'one', uri, days: 36_500 });
    expect(certificate('one', 'tls.crt').validTo).toBe(certificate('ca.crt').validTo);
  });

  it('replaces the leaf and the key of a name together', async () => {
    const authority = await openAuthority(folder, cluster);
    await authority.issueLeaf({ name: 'one', uri, days: 1 });
    const before = text('one', 'tls.crt');
    await authority.issueLeaf({ name: 'one', uri, days: 1 });
    expect(text('one', 'tls.crt')).not.toBe(before);
    expect(certificate('one', 'tls.crt').checkPrivateKey(createPrivateKey(text('one', 'tls.key')))).toBe(true);
  });
});
