/**
 * A certificate authority for development and for hosts without cert-manager: one P-256 root in a folder, and leaves
 * under it, made without openssl. Its key is a file: whoever reads it can admit nodes.
 */
import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandError } from '../usage.js';
import { webcrypto, x509 } from './x509.js';

export interface Authority {
  /** Makes a key and a certificate with this one URI; returns the directory of tls.crt and tls.key. */
  issueLeaf(leaf: { readonly name: string; readonly uri: string; readonly days: number }): Promise<{ readonly directory: string }>;
}

interface Root {
  readonly certificate: x509.X509Certificate;
  readonly key: webcrypto.CryptoKey;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const dayMs = 86_400_000;
const rootDays = 3_650;
/** Certificates begin a little in the past: clocks differ, milliseconds. */
const backdatedMs = 300_000;

/**
 * Opens the authority of this folder, or makes it: ca.key, ca.crt, and trust/ca.crt for those who trust it.
 * @throws CommandError when what is there cannot be used; nothing is overwritten then.
 */
export async function openAuthority(folder: string, cluster: string): Promise<Authority> {
  mkdirSync(join(folder, 'trust'), { recursive: true });
  const root = existsSync(join(folder, 'ca.key')) || existsSync(join(folder, 'ca.crt')) ? await readRoot(folder, cluster) : await makeRoot(folder, cluster);
  writeWhole(join(folder, 'trust', 'ca.crt'), `${root.certificate.toString('pem')}\n`, 0o644);
  return {
    async issueLeaf({ name, uri, days }) {
      if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(name) || name === 'trust' || name.startsWith('ca.')) throw new CommandError(`"${name}" cannot be the name of a certificate: use 1 to 63 letters, digits, dots and hyphens, and neither "trust" nor "ca.".`);
      const directory = join(folder, name);
      mkdirSync(directory, { recursive: true });
      const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
      const leaf = await makeLeaf(root, keys, uri, days);
      writeWhole(join(directory, 'tls.key'), await toPem(keys.privateKey), 0o600);
      writeWhole(join(directory, 'tls.crt'), `${leaf.toString('pem')}\n`, 0o644);
      return { directory };
    },
  };
}

function commonName(cluster: string): string {
  return `${cluster} development authority`;
}

async function makeRoot(folder: string, cluster: string): Promise<Root> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: `CN=${commonName(cluster)}`,
    notBefore: new Date(Date.now() - backdatedMs),
    notAfter: new Date(Date.now() + rootDays * dayMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  writeWhole(join(folder, 'ca.key'), await toPem(keys.privateKey), 0o600);
  writeWhole(join(folder, 'ca.crt'), `${certificate.toString('pem')}\n`, 0o644);
  return { certificate, key: keys.privateKey };
}

async function readRoot(folder: string, cluster: string): Promise<Root> {
  const [keyFile, certificateFile] = [join(folder, 'ca.key'), join(folder, 'ca.crt')];
  const advice = `Restore it, or remove ${keyFile} and ${certificateFile} to have a new authority made (certificates of the old one are then refused).`;
  try {
    const keyPem = readFileSync(keyFile, 'utf8');
    const certificatePem = readFileSync(certificateFile, 'utf8');
    const parsed = new X509Certificate(certificatePem);
    const privateKey = createPrivateKey(keyPem);
    if (!parsed.checkPrivateKey(privateKey)) throw new Error('the key is not that of the certificate');
    if (parsed.subject !== `CN=${commonName(cluster)}`) throw new Error(`it is the authority of another cluster (${parsed.subject}), not of ${cluster}`);
    if (Date.parse(parsed.validTo) < Date.now()) throw new Error(`it expired on ${parsed.validTo}`);
    const der = privateKey.export({ type: 'pkcs8', format: 'der' });
    return { certificate: new x509.X509Certificate(certificatePem), key: await webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']) };
  } catch (fault) {
    throw new CommandError(`The certificate authority in ${folder} cannot be used: ${(fault as Error).message}. ${advice}`);
  }
}

async function makeLeaf(root: Root, keys: webcrypto.CryptoKeyPair, uri: string, days: number): Promise<x509.X509Certificate> {
  return x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    issuer: root.certificate.subject,
    notBefore: new Date(Date.now() - backdatedMs),
    notAfter: new Date(Math.min(Date.now() + days * dayMs, root.certificate.notAfter.getTime())),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey: root.key,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
      new x509.SubjectAlternativeNameExtension([{ type: 'url', value: uri }]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(root.certificate.publicKey),
    ],
  });
}

/** Positive and of 64 random bits, as RFC 5280 wants it. */
function serialNumber(): string {
  const bytes = randomBytes(9);
  bytes[0] = 0x01;
  return bytes.toString('hex');
}

async function toPem(key: webcrypto.CryptoKey): Promise<string> {
  const base64 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${(base64.match(/.{1,64}/g) ?? []).join('\n')}\n-----END PRIVATE KEY-----\n`;
}

/** Whoever reads sees the old content or the new one, never a part; the mode holds from the first byte on. */
function writeWhole(path: string, text: string, mode: number): void {
  const unfinished = `${path}.new`;
  writeFileSync(unfinished, text, { mode });
  chmodSync(unfinished, mode);
  renameSync(unfinished, path);
}
