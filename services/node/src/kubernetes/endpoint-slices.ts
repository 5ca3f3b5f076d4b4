/** Addresses out of EndpointSlices (discovery.k8s.io/v1): a service has several, and one endpoint may stand in two of them. */
import { isIP } from 'node:net';
import { type Address, choose, type Random } from '@starling/gossip';
import { formatHostPort } from '@starling/program';
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
    .flatMap((host) => (typeof host === 'string' && isIP(host) !== 0 ? [formatHostPort({ host, port: number })] : []));
}

/** Of all slices together; of too many some, by chance, or all nodes of a large network would dial the same few. */
export function addressesOfSlices(slices: Iterable<readonly Address[]>, random: Random): Address[] {
  return choose(random, [...new Set([...slices].flat())], maxAddresses);
}
