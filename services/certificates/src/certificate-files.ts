/**
 * Certificate files that somebody else writes: cert-manager through a Kubernetes volume, a CSI driver, Vault, or the
 * development authority. What is read was there at one moment, and is bounded.
 */
import type { X509Certificate } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { limits } from '@starling/gossip';
import { CertificateError } from './certificate-error.js';
import { certificatesIn } from './pem.js';

export interface CertificatePlaces {
  /** Holds tls.crt (leaf, then intermediates) and tls.key. */
  readonly certificateDir: string;
  /** Every *.crt and *.pem in it is a trusted root, or several. */
  readonly trustDir: string;
}

export interface CertificateFiles {
  readonly leafPem: string;
  readonly keyPem: string;
  /** By file name. */
  readonly rootPems: ReadonlyMap<string, string>;
}

const maxFileBytes = 262_144;
const maxTrustFiles = 64;
/** A writer that replaces files between two of our reads is through by the next. */
const maxReads = 5;

export function leafPathOf({ certificateDir }: Pick<CertificatePlaces, 'certificateDir'>): string {
  return join(certificateDir, 'tls.crt');
}

export function keyPathOf({ certificateDir }: Pick<CertificatePlaces, 'certificateDir'>): string {
  return join(certificateDir, 'tls.key');
}

/**
 * Kubernetes swaps a whole directory behind a link, others write file by file: what two reads in a row agree on was not
 * read across such a change. @throws CertificateError
 */
export async function readCertificateFiles(places: CertificatePlaces): Promise<CertificateFiles> {
  let last: CertificateFiles | null = null;
  for (let reads = 1; ; reads++) {
    try {
      const next = await readAll(places);
      if (last !== null && areSameFiles(last, next)) return next;
      last = next;
    } catch (fault) {
      // Between two of them a file may be missing for a moment.
      if (reads >= maxReads) throw fault;
      last = null;
    }
    if (reads >= maxReads) throw new CertificateError('unreadable', `The files in ${places.certificateDir} or ${places.trustDir} change all the time. Find out what writes them.`);
  }
}

async function readAll(places: CertificatePlaces): Promise<CertificateFiles> {
  const leafPem = await readText(leafPathOf(places), 'STARLING_CERTIFICATE_DIR');
  const keyPem = await readText(keyPathOf(places), 'STARLING_CERTIFICATE_DIR');
  return { leafPem, keyPem, rootPems: await readRootPems(places.trustDir) };
}

/** The roots alone. `setting`: what somebody would correct who named another directory. @throws CertificateError */
export async function readRoots(trustDir: string, setting = 'STARLING_TRUST_DIR'): Promise<readonly X509Certificate[]> {
  return rootsOf(await readRootPems(trustDir, setting), trustDir);
}

async function readRootPems(trustDir: string, setting = 'STARLING_TRUST_DIR'): Promise<ReadonlyMap<string, string>> {
  const names = await readdir(trustDir).catch((fault: unknown) => {
    throw unreadable(trustDir, setting, fault);
  });
  const rootNames = names.filter((name) => !name.startsWith('.') && /\.(?:crt|pem)$/.test(name)).sort();
  if (rootNames.length === 0) throw new CertificateError('no-roots', `${trustDir} holds no *.crt and no *.pem. Put the certificate of the authority there, or correct ${setting}.`);
  if (rootNames.length > maxTrustFiles) throw new CertificateError('no-roots', `${trustDir} holds ${rootNames.length} files of certificates, more than ${maxTrustFiles}. It should hold the roots of this network alone.`);
  const rootPems = new Map<string, string>();
  for (const name of rootNames) rootPems.set(name, await readText(join(trustDir, name), setting));
  return rootPems;
}

async function readText(path: string, setting: string): Promise<string> {
  try {
    const status = await stat(path);
    if (!status.isFile() || status.size > maxFileBytes) throw new CertificateError('unreadable', `${path} is ${status.isFile() ? `too large (${status.size} bytes)` : 'not a file'}. Correct ${setting}.`);
    return await readFile(path, 'utf8');
  } catch (fault) {
    throw fault instanceof CertificateError ? fault : unreadable(path, setting, fault);
  }
}

function unreadable(path: string, setting: string, fault: unknown): CertificateError {
  const { code, message } = fault as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') return new CertificateError('unreadable', `${path} does not exist. Issue a certificate into it, or correct ${setting}.`);
  if (code === 'EACCES' || code === 'EPERM') return new CertificateError('unreadable', `This user may not read ${path}. Give it the right to (chmod, chown, or fsGroup in Kubernetes).`);
  return new CertificateError('unreadable', `Cannot read ${path}: ${message} (${setting})`);
}

/** The certificates of authorities in these files, each once. @throws CertificateError */
export function rootsOf(pems: ReadonlyMap<string, string>, trustDir: string): readonly X509Certificate[] {
  const certificates = new Map<string, X509Certificate>();
  for (const [name, pem] of pems) {
    const found = certificatesIn(pem);
    const path = join(trustDir, name);
    if (found === null || found.length === 0) throw new CertificateError('no-certificate', `${path} holds no certificate in PEM form, or a damaged one. Only certificates of authorities belong there.`);
    if (found.some((one) => !one.ca)) throw new CertificateError('wrong-authority', `${path} holds a certificate that is no authority (CA:TRUE is missing). Only certificates of authorities belong there, no leaves.`);
    for (const one of found) certificates.set(one.fingerprint256, one);
  }
  if (certificates.size > limits.maxRoots) throw new CertificateError('no-roots', `${trustDir} holds ${certificates.size} certificates, more than ${limits.maxRoots}. It should hold the roots of this network alone.`);
  return [...certificates.values()];
}

export function areSameFiles(a: CertificateFiles, b: CertificateFiles): boolean {
  return a.leafPem === b.leafPem && a.keyPem === b.keyPem && a.rootPems.size === b.rootPems.size && [...a.rootPems].every(([name, pem]) => b.rootPems.get(name) === pem);
}
