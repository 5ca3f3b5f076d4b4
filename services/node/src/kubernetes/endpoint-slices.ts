/** Addresses out of EndpointSlices (discovery.k8s.io/v1): a service has several, and one endpoint may stand in two of them. */
import { isIP } from 'node:net';
import type { Address, Random } from '@starling/gossip';
import { listAt, numberAt, textAt, fieldOf } from './json.js';

/** Of the service's port; a service record asks for it by the same name. */
const portName = 'gossip';
/** Handed to discovery at a time. */
const maxAddresses = 256;

/** Where the endpoints of one slice listen, without those on their way out. Null for what is no slice with our port. */
export function addressesOfSlice(slice: unknown): readonly Address[] | null {
  const port = listAt(slice, 'ports').find((one) => textAt(one, 'name') === portName);
  const number = numberAt(port, 'port');
  if (number === null || number < 1 || number > 65_535) return null;
  return listAt(slice, 'endpoints')
    .filter((endpoint) => fieldOf(endpoint, 'conditions', 'terminating') !== true)
    .flatMap((endpoint) => listAt(endpoint, 'addresses'))
    .flatMap((host) => (typeof host === 'string' && isIP(host) !== 0 ? [isIP(host) === 6 ? `[${host}]:${number}` : `${host}:${number}`] : []));
}

/** Of all slices together; of too many some, by chance, or all nodes of a large network would dial the same few. */
export function addressesOfSlices(slices: Iterable<readonly Address[]>, random: Random): Address[] {
  const all = [...new Set([...slices].flat())];
  for (let i = 0; i < Math.min(all.length, maxAddresses); i++) {
    const other = i + Math.floor(random() * (all.length - i));
    [all[i], all[other]] = [all[other] as Address, all[i] as Address];
  }
  return all.slice(0, maxAddresses);
}
