/**
 * Leaf, key and roots from directories that somebody else writes: cert-manager through a Kubernetes volume, a CSI driver,
 * Vault, or the development authority. They are used as one set, of which everything fits together, and a set that does
 * not is reported and never used. A root that ought to go is gone only when the leaf no longer needs it.
 */
import type { X509Certificate } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { NodeId } from '@starling/gossip';
import { CertificateError, certificateErrorOf } from './certificate-error.js';
import { checkLeaf, type OwnCertificates, type Trial } from './leaf-check.js';
import { certificatesIn } from './pem.js';
import { TrustedRoots } from './trusted-roots.js';

export interface FilesSourceOptions {
  /** Holds tls.crt (leaf, then intermediates) and tls.key. */
  readonly certificateDir: string;
  /** Every *.crt and *.pem in it is a trusted root, or several. */
  readonly trustDir: string;
  readonly cluster: string;
  readonly nodeId: NodeId;
  /** Milliseconds since 1970 UTC. */
  readonly wallMs: () => number;
  readonly tryQuic: Trial;
}

export type RefreshOutcome =
  | { readonly type: 'unchanged' }
  | { readonly type: 'changed'; readonly leafRenewed: boolean; readonly trustChanged: boolean }
  /** The set in use stays in use: what is in the directories is no better, or it is the same and has expired. */
  | { readonly type: 'faulty'; readonly fault: CertificateError };

export interface FilesSource {
  /** The last good set. */
  readonly current: () => OwnCertificates;
  /** Reads everything again. Never rejects. The owner calls it every now and then, one call at a time. */
  readonly refresh: () => Promise<RefreshOutcome>;
}

interface Files {
  readonly leafPem: string;
  readonly keyPem: string;
  /** By file name. */
  readonly rootPems: ReadonlyMap<string, string>;
}

const maxFileBytes = 262_144;
const maxTrustFiles = 64;
/** As many as a trust record can tell of (docs/PROTOCOL.md 4.5). */
const maxRoots = 16;
/** A writer that replaces files between two of our reads is through by the next. */
const maxReads = 5;

/** @throws CertificateError */
export async function openFilesSource(options: FilesSourceOptions): Promise<FilesSource> {
  let files = await readStill(options);
  let current = setOf(files, options);
  return {
    current: () => current,
    async refresh() {
      try {
        const found = await readStill(options);
        // Checked even when nothing changed: time goes on.
        const next = setOf(found, options);
        if (areEqual(files, found)) return { type: 'unchanged' };
        const outcome = { type: 'changed', leafRenewed: current.chainPem !== next.chainPem || current.keyPem !== next.keyPem, trustChanged: current.roots.pem !== next.roots.pem } as const;
        files = found;
        current = next;
        return outcome.leafRenewed || outcome.trustChanged ? outcome : { type: 'unchanged' };
      } catch (fault) {
        return { type: 'faulty', fault: certificateErrorOf(fault, leafPathOf(options)) };
      }
    },
  };
}

function setOf(files: Files, options: FilesSourceOptions): OwnCertificates {
  const { certificateDir, cluster, nodeId, tryQuic } = options;
  return checkLeaf({
    leafPem: files.leafPem,
    keyPem: files.keyPem,
    leafName: leafPathOf(options),
    keyName: join(certificateDir, 'tls.key'),
    roots: rootsOf(files.rootPems, options.trustDir),
    cluster,
    nodeId,
    wallMs: options.wallMs(),
    tryQuic,
  });
}

function leafPathOf({ certificateDir }: Pick<FilesSourceOptions, 'certificateDir'>): string {
  return join(certificateDir, 'tls.crt');
}

/**
 * Kubernetes swaps a whole directory behind a link, others write file by file: what two reads in a row agree on was not
 * read across such a change.
 */
async function readStill(options: FilesSourceOptions): Promise<Files> {
  let last: Files | null = null;
  for (let reads = 1; ; reads++) {
    try {
      const next = await readAll(options);
      if (last !== null && areEqual(last, next)) return next;
      last = next;
    } catch (fault) {
      // Between two of them a file may be missing for a moment.
      if (reads >= maxReads) throw fault;
      last = null;
    }
    if (reads >= maxReads) throw new CertificateError('unreadable', `The files in ${options.certificateDir} or ${options.trustDir} change all the time. Find out what writes them.`);
  }
}

async function readAll({ certificateDir, trustDir }: FilesSourceOptions): Promise<Files> {
  const leafPem = await readText(leafPathOf({ certificateDir }), 'STARLING_CERTIFICATE_DIR');
  const keyPem = await readText(join(certificateDir, 'tls.key'), 'STARLING_CERTIFICATE_DIR');
  return { leafPem, keyPem, rootPems: await readRootPems(trustDir) };
}

/** The roots alone. @throws CertificateError */
export async function readTrustDir(trustDir: string): Promise<TrustedRoots> {
  return rootsOf(await readRootPems(trustDir), trustDir);
}

async function readRootPems(trustDir: string): Promise<ReadonlyMap<string, string>> {
  const names = await readdir(trustDir).catch((fault: unknown) => {
    throw unreadable(trustDir, 'STARLING_TRUST_DIR', fault);
  });
  const rootNames = names.filter((name) => !name.startsWith('.') && /\.(?:crt|pem)$/.test(name)).sort();
  if (rootNames.length === 0) throw new CertificateError('no-roots', `${trustDir} holds no *.crt and no *.pem. Put the certificate of the authority there, or correct STARLING_TRUST_DIR.`);
  if (rootNames.length > maxTrustFiles) throw new CertificateError('no-roots', `${trustDir} holds ${rootNames.length} files of certificates, more than ${maxTrustFiles}. It should hold the roots of this network alone.`);
  const rootPems = new Map<string, string>();
  for (const name of rootNames) rootPems.set(name, await readText(join(trustDir, name), 'STARLING_TRUST_DIR'));
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

function rootsOf(pems: ReadonlyMap<string, string>, trustDir: string): TrustedRoots {
  const certificates: X509Certificate[] = [];
  for (const [name, pem] of pems) {
    const found = certificatesIn(pem);
    const path = join(trustDir, name);
    if (found === null || found.length === 0) throw new CertificateError('no-certificate', `${path} holds no certificate in PEM form, or a damaged one. Only certificates of authorities belong there.`);
    if (found.some((one) => !one.ca)) throw new CertificateError('wrong-authority', `${path} holds a certificate that is no authority (CA:TRUE is missing). Only certificates of authorities belong there, no leaves.`);
    certificates.push(...found);
  }
  if (certificates.length > maxRoots) throw new CertificateError('no-roots', `${trustDir} holds ${certificates.length} certificates, more than ${maxRoots}. It should hold the roots of this network alone.`);
  return new TrustedRoots(certificates);
}

function areEqual(a: Files, b: Files): boolean {
  return a.leafPem === b.leafPem && a.keyPem === b.keyPem && a.rootPems.size === b.rootPems.size && [...a.rootPems].every(([name, pem]) => b.rootPems.get(name) === pem);
}
