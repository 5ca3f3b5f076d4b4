/** The one URI of a leaf certificate (docs/PROTOCOL.md 3.1). */
import type { NodeId } from '../input.js';
import { isNodeId } from './node-id.js';

export type LeafUri =
  | { readonly form: 'node'; readonly cluster: string; readonly nodeId: NodeId }
  | { readonly form: 'leaf'; readonly cluster: string; readonly name: string }
  | { readonly form: 'shared'; readonly cluster: string }
  | { readonly form: 'gateway'; readonly cluster: string; readonly name: string };

const clusterName = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const leafName = /^[A-Za-z0-9._-]{1,128}$/;

export function isClusterName(text: string): boolean {
  return clusterName.test(text);
}

/** Null for a URI of none of the forms. */
export function parseLeafUri(uri: string): LeafUri | null {
  const [cluster = '', form = '', name = '', ...rest] = uri.startsWith('spiffe://') ? uri.slice('spiffe://'.length).split('/') : [];
  if (!isClusterName(cluster) || rest.length > 0) return null;
  if (form === 'node') return isNodeId(name) ? { form, cluster, nodeId: name } : null;
  if (form === 'leaf' || form === 'gateway') return leafName.test(name) ? { form, cluster, name } : null;
  return uri === `spiffe://${cluster}/shared` ? { form: 'shared', cluster } : null;
}

export function formatLeafUri(leaf: LeafUri): string {
  switch (leaf.form) {
    case 'node':
      return `spiffe://${leaf.cluster}/node/${leaf.nodeId}`;
    case 'leaf':
    case 'gateway':
      return `spiffe://${leaf.cluster}/${leaf.form}/${leaf.name}`;
    case 'shared':
      return `spiffe://${leaf.cluster}/shared`;
  }
}
