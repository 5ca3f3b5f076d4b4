/**
 * A leaf of this pod's own from cert-manager, renewed in time (docs/OPERATING.md, "Certificates"). The key is made in this
 * process and never leaves it; the roots come from a directory, as with files.
 */
import { CertificateError, type TrustedRoots } from '@starling/certificates';
import type { NodeId, Random } from '@starling/gossip';
import { type FilesSource, type RefreshOutcome, readTrustDir } from './files-source.js';
import { checkSet, type OwnCertificates, type Trial } from './own-certificates.js';
import { CertificateRequestError, type IssuedCertificate, renewAtMs, requestCertificate } from './request/request.js';

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
  const { request, trustDir, wallMs, random, signal, issue = requestCertificate } = options;
  const readRoots = () => readTrustDir(trustDir);
  /** Both are only used together: an answer that does not fit changes nothing. */
  const ask = async (): Promise<{ readonly issued: IssuedCertificate; readonly set: OwnCertificates }> => {
    // Without any roots nothing could be done with an answer.
    await readRoots();
    const issued = await issue({ ...request, cluster: options.cluster, readRoots, ...(signal && { signal }) });
    const roots = await readRoots();
    try {
      return { issued, set: setOf(issued, roots, options) };
    } catch (fault) {
      throw new CertificateRequestError('wrong-answer', (fault as Error).message);
    }
  };

  let { issued, set: current } = await ask().catch((fault: unknown) => {
    throw faultOf(fault);
  });
  let renewMs = renewAtMs(issued, random);
  let failures = 0;
  return {
    current: () => current,
    async refresh(): Promise<RefreshOutcome> {
      const before = current;
      const isDue = wallMs() >= renewMs;
      try {
        if (isDue) {
          ({ issued, set: current } = await ask());
          renewMs = renewAtMs(issued, random);
          failures = 0;
        } else current = setOf(issued, await readRoots(), options);
      } catch (fault) {
        if (isDue) {
          failures += 1;
          renewMs = wallMs() + Math.min(maxBackoffMs, firstBackoffMs * 2 ** (failures - 1)) * (0.75 + 0.5 * random());
        }
        return { type: 'faulty', fault: faultOf(fault) };
      }
      const leafRenewed = before.chainPem !== current.chainPem;
      const trustChanged = before.roots.pem !== current.roots.pem;
      return leafRenewed || trustChanged ? { type: 'changed', leafRenewed, trustChanged } : { type: 'unchanged' };
    },
  };
}

function setOf({ chainPem, keyPem }: IssuedCertificate, roots: TrustedRoots, { request, cluster, nodeId, wallMs, tryQuic }: RequestSourceOptions): OwnCertificates {
  const leafName = `${request.namespace}.${request.pod} of ${request.issuer.kind} ${request.issuer.name}`;
  return checkSet({ leafPem: chainPem, keyPem, leafName, keyName: 'The key made for the request', roots, cluster, nodeId, wallMs: wallMs(), tryQuic });
}

function faultOf(fault: unknown): CertificateError {
  return fault instanceof CertificateError ? fault : new CertificateError('unreadable', (fault as Error).message);
}
