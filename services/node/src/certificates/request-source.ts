/**
 * A leaf of this pod's own from cert-manager, renewed in time (docs/OPERATING.md, "Certificates"). The key is made in this
 * process and never leaves it; the roots come from a directory, as with files.
 */
import type { NodeId, Random } from '@starling/gossip';
import { CertificateError } from './certificate-error.js';
import { type FilesSource, type RefreshOutcome, readTrustDir } from './files-source.js';
import { checkLeaf, type OwnCertificates, type Trial } from './leaf-check.js';
import { type IssuedCertificate, renewAtMs, requestCertificate } from './request/request.js';

export interface RequestSourceOptions {
  readonly request: { readonly pod: string; readonly podUid: string; readonly namespace: string; readonly issuer: { readonly group: string; readonly kind: string; readonly name: string }; readonly durationMs: number };
  readonly trustDir: string;
  readonly cluster: string;
  readonly nodeId: NodeId;
  readonly wallMs: () => number;
  readonly random: Random;
  readonly tryQuic: Trial;
  /** Ends a request that waits for its answer. */
  readonly signal?: AbortSignal;
  /** In tests something else than the cluster. */
  readonly issue?: typeof requestCertificate;
}

/** After a request failed: the first wait, and the longest, milliseconds. */
const firstBackoffMs = 5_000;
const maxBackoffMs = 300_000;

/** @throws CertificateError when the first request fails or the roots are missing: a pod is started again then. */
export async function openRequestSource(options: RequestSourceOptions): Promise<FilesSource> {
  const { request, trustDir, cluster, nodeId, wallMs, random, tryQuic, signal, issue = requestCertificate } = options;
  const ask = async (): Promise<IssuedCertificate> => {
    const roots = await readTrustDir(trustDir);
    return issue({ ...request, cluster, rootsPem: () => roots.pem, ...(signal && { signal }) });
  };
  const check = async (issued: IssuedCertificate): Promise<OwnCertificates> =>
    checkLeaf({ leafPem: issued.chainPem, keyPem: issued.keyPem, leafName: 'issued by cert-manager', keyName: 'made for the request', roots: await readTrustDir(trustDir), cluster, nodeId, wallMs: wallMs(), tryQuic });

  let issued = await ask().catch((fault: Error) => {
    throw new CertificateError('unreadable', fault.message);
  });
  let current = await check(issued);
  let renewMs = renewAtMs(issued, random);
  let failures = 0;
  return {
    current: () => current,
    async refresh(): Promise<RefreshOutcome> {
      const before = current;
      try {
        if (wallMs() >= renewMs) {
          issued = await ask();
          renewMs = renewAtMs(issued, random);
          failures = 0;
        }
        current = await check(issued);
      } catch (fault) {
        failures += 1;
        if (wallMs() >= renewMs) renewMs = wallMs() + Math.min(maxBackoffMs, firstBackoffMs * 2 ** (failures - 1)) * (0.75 + 0.5 * random());
        return { type: 'faulty', fault: fault instanceof CertificateError ? fault : new CertificateError('unreadable', (fault as Error).message) };
      }
      const leafRenewed = before.chainPem !== current.chainPem;
      const trustChanged = before.roots.pem !== current.roots.pem;
      return leafRenewed || trustChanged ? { type: 'changed', leafRenewed, trustChanged } : { type: 'unchanged' };
    },
  };
}
