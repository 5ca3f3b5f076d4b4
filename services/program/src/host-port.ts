/** An address and a port, written `host:port`; an IPv6 literal stands in brackets. */
import { isIP } from 'node:net';

export interface HostPort {
  /** An IP literal, without brackets. */
  readonly host: string;
  readonly port: number;
}

export function formatHostPort({ host, port }: HostPort): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}
