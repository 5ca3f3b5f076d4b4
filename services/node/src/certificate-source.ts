/** Where the node's leaf comes from, as the settings say: files, or requests of its own to cert-manager. */
import { CertificateError } from '@starling/certificates';
import type { NodeId, Random } from '@starling/gossip';
import { openFilesSource, type Trial } from './certificates/certificates.js';
import { openRequestSource } from './certificates/request-source.js';
import { StartError } from './errors.js';
import type { Settings } from './settings.js';
import type { CertificateSource } from './upkeep.js';

export interface SourceParts {
  readonly nodeId: NodeId;
  readonly random: Random;
  readonly tryQuic: Trial;
  /** Ends a request that waits for its answer. */
  readonly stopping: AbortSignal;
}

/** @throws StartError */
export async function openCertificateSource(settings: Settings, parts: SourceParts): Promise<CertificateSource> {
  try {
    return await open(settings, parts);
  } catch (fault) {
    throw fault instanceof CertificateError ? new StartError(fault.message) : fault;
  }
}

function open({ certificates, trustDir, cluster }: Settings, { nodeId, random, tryQuic, stopping }: SourceParts): Promise<CertificateSource> {
  const wallMs = () => Date.now();
  if (certificates.source === 'files') return openFilesSource({ certificateDir: certificates.directory, trustDir, cluster, nodeId, wallMs, tryQuic });
  return openRequestSource({ request: certificates, trustDir, cluster, nodeId, wallMs, random, tryQuic, signal: stopping });
}
