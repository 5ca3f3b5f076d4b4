/** Addresses as text and as the library takes them. Every number that reaches the library has been through here. */
import { isIP } from 'node:net';
import type { Address } from '@starling/gossip';

export interface RemoteAddress {
  /** IP literal. */
  readonly host: string;
  readonly port: number;
}

/** Null for what is no `host:port` with an IP literal. */
export function parseAddress(address: Address): RemoteAddress | null {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|(\d{1,3}(?:\.\d{1,3}){3})):(\d{1,5})$/.exec(address);
  const host = match?.[1] ?? match?.[2] ?? '';
  const port = Number(match?.[3]);
  return isIP(host) !== 0 && port > 0 && port <= 65_535 ? { host, port } : null;
}
