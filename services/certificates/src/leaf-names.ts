/** Whom a leaf is for: its one URI (docs/PROTOCOL.md 3.1). */
import type { NodeId } from '@starling/gossip';
import { CertificateError } from './certificate-error.js';
import type { ChainFacts } from './trusted-roots.js';

/** The program that wants to use it. */
export type Holder = { readonly type: 'node'; readonly nodeId: NodeId } | { readonly type: 'gateway' };

export interface UriToCheck {
  readonly uri: ChainFacts['uri'];
  /** What to call the leaf in messages. */
  readonly leafName: string;
  readonly cluster: string;
  readonly holder: Holder;
}

/** @throws CertificateError */
export function checkUri({ uri, leafName, cluster, holder }: UriToCheck): void {
  const forms = formsFor(holder, cluster);
  if (uri === null) throw new CertificateError('wrong-uri', `The certificate ${leafName} needs exactly one URI as subject alternative name: ${forms}.`);
  const { text, leaf } = uri;
  if ((leaf.form === 'gateway') !== (holder.type === 'gateway')) throw new CertificateError('wrong-uri', `The certificate ${leafName} is for a ${leaf.form === 'gateway' ? 'gateway' : 'node'} (${text}). A ${holder.type} needs ${forms}.`);
  if (leaf.cluster !== cluster) throw new CertificateError('wrong-cluster', `The certificate ${leafName} is for the cluster "${leaf.cluster}" (${text}), but this ${holder.type} is of "${cluster}" (STARLING_CLUSTER).`);
  if (holder.type === 'node' && leaf.form === 'node' && leaf.nodeId !== holder.nodeId) throw new CertificateError('wrong-node', `The certificate ${leafName} names the node ${leaf.nodeId}, but this node is ${holder.nodeId}. Issue one for this node, or restore its identity.`);
}

function formsFor(holder: Holder, cluster: string): string {
  switch (holder.type) {
    case 'node':
      return `spiffe://${cluster}/node/${holder.nodeId}, spiffe://${cluster}/leaf/<name> or spiffe://${cluster}/shared`;
    case 'gateway':
      return `spiffe://${cluster}/gateway/<name>`;
  }
}
