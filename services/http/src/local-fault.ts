/** What protects a server that only this machine can reach from the pages that its browsers show. */
import { Refusal, hostName, isLoopbackName } from '@starling/contract';
import type { IncomingHttpHeaders } from 'node:http';

/**
 * Why a request to a loopback address is refused; null when it is not. Under a name of another machine it comes from a
 * page whose name was pointed here to read the answers (DNS rebinding).
 */
export function localFault({ host, origin }: IncomingHttpHeaders): Refusal | null {
  if (!isLoopbackName(hostName(host) ?? '')) return new Refusal('foreign-host', 'At a loopback address only requests for localhost or a loopback address are answered.');
  if (origin !== undefined && !isLoopbackName(hostName(origin.replace(/^https?:\/\//, '')) ?? '')) return new Refusal('foreign-origin', 'At a loopback address only pages of this machine are answered.');
  return null;
}
