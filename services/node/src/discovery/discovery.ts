/** Asks every seed for addresses, each time anew: DNS answers change, and the core asks for ever. */
import { Resolver } from 'node:dns/promises';
import type { Address } from '@starling/gossip';
import { formatHostPort } from '@starling/program';
import type { Seed } from './seeds.js';
import { boundedLookup, type SystemLookup } from './system-lookup.js';

export interface DiscoveryOptions {
  /** Told when a seed begins to fail, when it fails for another reason, and with null when it answers again. */
  readonly onFault: (seed: string, fault: string | null) => void;
  /** Addresses that something else than a seed knows of by itself, now. */
  readonly further?: () => readonly Address[];
  /** Both of the system unless a test says otherwise. */
  readonly servers?: readonly string[];
  readonly lookup?: SystemLookup;
}

export interface Discovery {
  /** Never rejects: a seed that fails has no addresses. */
  discover(): Promise<readonly Address[]>;
}

/** The longest that the name servers are waited for, milliseconds: so much per try, and so many tries. */
const tryMs = 2_000;
const tries = 2;
/** Addresses of one answer, and targets of one service record that are looked up. */
const maxAddresses = 256;
const maxTargets = 64;

export function openDiscovery(seeds: readonly Seed[], options: DiscoveryOptions): Discovery {
  const faults = new Map<string, string>();
  const lookup = boundedLookup(options.lookup);
  const report = (seed: string, fault: string | null) => {
    if ((faults.get(seed) ?? null) === fault) return;
    if (fault === null) faults.delete(seed);
    else faults.set(seed, fault);
    options.onFault(seed, fault);
  };
  return {
    async discover() {
      const resolver = new Resolver({ timeout: tryMs, tries });
      if (options.servers !== undefined) resolver.setServers(options.servers);
      const answers = await Promise.all(
        seeds.map(async (seed) => {
          try {
            const addresses = await ask({ resolver, lookup }, seed);
            report(describe(seed), addresses.length === 0 ? 'it has no addresses' : null);
            return addresses;
          } catch (fault) {
            report(describe(seed), explain(fault));
            return [];
          }
        }),
      );
      // What is followed is newer than what was asked for.
      return [...new Set([...(options.further?.() ?? []), ...answers.flat()])].slice(0, maxAddresses);
    },
  };
}

function describe(seed: Seed): string {
  switch (seed.type) {
    case 'address':
      return seed.address;
    case 'name':
      return `${seed.name}:${seed.port}`;
    case 'service':
      return `srv:${seed.name}`;
  }
}

interface Ways {
  readonly resolver: Resolver;
  readonly lookup: SystemLookup;
}

async function ask({ resolver, lookup }: Ways, seed: Seed): Promise<Address[]> {
  switch (seed.type) {
    case 'address':
      return [seed.address];
    case 'name':
      return addressesOfName({ resolver, lookup }, seed.name, seed.port);
    case 'service': {
      const targets = (await resolver.resolveSrv(absolute(seed.name))).filter(({ port }) => port > 0).slice(0, maxTargets);
      // They are names of the name servers' own, and many: none is asked of the machine.
      const found = await Promise.allSettled(targets.map(({ name, port }) => addressesOf(resolver, name, port)));
      return found.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
    }
  }
}

/**
 * As this machine finds the name, which is also what other programs on it would say. Only without an answer its name servers are
 * asked themselves: they answer, or fail, within the bounds of here.
 */
async function addressesOfName({ resolver, lookup }: Ways, name: string, port: number): Promise<Address[]> {
  try {
    return (await lookup(name)).map((host) => formatHostPort({ host, port }));
  } catch (local) {
    return addressesOf(resolver, name, port).catch((remote: unknown) => {
      throw new Error(`asked as other programs ask, which includes /etc/hosts: ${explain(local)}; asked of the name servers: ${explain(remote)}`);
    });
  }
}

/** Of the name servers. Both families; fails only when neither answers. */
async function addressesOf(resolver: Resolver, name: string, port: number): Promise<Address[]> {
  const answers = await Promise.allSettled([resolver.resolve4(absolute(name)), resolver.resolve6(absolute(name))]);
  const found = answers.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
  const [first] = answers;
  if (found.length === 0 && first.status === 'rejected') throw first.reason;
  return found.map((host) => formatHostPort({ host, port }));
}

/** With the dot at its end a name is tried as it is, and no search list is asked in vain. Of the name servers only: no line of /etc/hosts has one. */
function absolute(name: string): string {
  return name.endsWith('.') ? name : `${name}.`;
}

function explain(fault: unknown): string {
  const { code } = fault as NodeJS.ErrnoException;
  if (code === 'ENOTFOUND') return 'the name does not exist';
  if (code === 'ENODATA') return 'the name has no addresses';
  if (code === 'ETIMEOUT') return 'no answer in time';
  return code === undefined ? (fault as Error).message : `the answer was ${code}`;
}
