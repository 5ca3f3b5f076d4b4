/** Where the node's leaf comes from, as the settings say: files, or requests of its own to cert-manager. */
import type { NodeId, Random } from '@starling/gossip';
import { openFilesSource } from './certificates/certificates.js';
import { openRequestSource } from './certificates/request-source.js';
import type { Settings } from './settings.js';
import type { CertificateSource } from './upkeep.js';

/** `stopping` ends a request that waits for its answer. @throws StartError */
export async function openCertificateSource({ certificates, trustDir, cluster }: Settings, nodeId: NodeId, random: Random, stopping: AbortSignal): Promise<CertificateSource> {
  const wallMs = () => Date.now();
  if (certificates.source === 'files') return openFilesSource({ certificateDir: certificates.directory, trustDir, cluster, nodeId, wallMs });
  return openRequestSource({ request: certificates, trustDir, cluster, nodeId, wallMs, random, signal: stopping });
}
