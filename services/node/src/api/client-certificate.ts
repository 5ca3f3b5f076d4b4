/** Who may ask: a client with a leaf under the trusted roots whose one URI is of this cluster, in any form. */
import { type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { soleUri } from '@starling/contract';
import { parseLeafUri } from '@starling/gossip';

/**
 * Why this connection may not ask, in words for the one who set up the client; null when it may. Called per request:
 * a connection may outlive the certificate that it was opened with. The chain was checked by the handshake.
 */
export function certificateFault(socket: Socket, cluster: string, wallMs: number): string | null {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return 'The connection is not authenticated. Present a certificate under a root that this node trusts.';
  const leaf = socket.getPeerX509Certificate();
  if (leaf === undefined || leaf.ca) return 'Present a leaf certificate, not that of an authority.';
  if (Date.parse(leaf.validTo) < wallMs) return 'The certificate has expired since the connection was opened. Renew it and connect again.';
  const uri = parseLeafUri(soleUri(leaf.subjectAltName) ?? '');
  if (uri === null) return 'The certificate must have exactly one URI, of a form of docs/PROTOCOL.md section 3.1.';
  return uri.cluster === cluster ? null : `The certificate belongs to another cluster than "${cluster}".`;
}
