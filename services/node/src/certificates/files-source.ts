/**
 * Leaf, key and roots from directories that somebody else writes. They are used as one set, of which everything fits
 * together, and a set that does not is reported and never used. A root that ought to go is gone only when the leaf no
 * longer needs it.
 */
import { areSameFiles, type CertificateError, certificateErrorOf, type CertificateFiles, type CertificatePlaces, keyPathOf, leafPathOf, readCertificateFiles, readRoots, rootsOf, TrustedRoots } from '@starling/certificates';
import type { NodeId } from '@starling/gossip';
import { checkSet, type OwnCertificates, type Trial } from './own-certificates.js';

export interface FilesSourceOptions extends CertificatePlaces {
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

/** @throws CertificateError */
export async function openFilesSource(options: FilesSourceOptions): Promise<FilesSource> {
  let files = await readCertificateFiles(options);
  let current = setOf(files, options);
  return {
    current: () => current,
    async refresh() {
      try {
        const found = await readCertificateFiles(options);
        // Checked even when nothing changed: time goes on.
        const next = setOf(found, options);
        if (areSameFiles(files, found)) return { type: 'unchanged' };
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

function setOf(files: CertificateFiles, options: FilesSourceOptions): OwnCertificates {
  const { cluster, nodeId, tryQuic } = options;
  return checkSet({
    leafPem: files.leafPem,
    keyPem: files.keyPem,
    leafName: leafPathOf(options),
    keyName: keyPathOf(options),
    roots: new TrustedRoots(rootsOf(files.rootPems, options.trustDir)),
    cluster,
    nodeId,
    wallMs: options.wallMs(),
    tryQuic,
  });
}

/** The roots alone. @throws CertificateError */
export async function readTrustDir(trustDir: string): Promise<TrustedRoots> {
  return new TrustedRoots(await readRoots(trustDir));
}
