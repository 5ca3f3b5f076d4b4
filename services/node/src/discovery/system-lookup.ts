/**
 * Names as every program of this machine finds them: /etc/hosts, search lists and whatever else its configuration says.
 * Such a look-up holds a thread and can be neither hurried nor called off: it is waited for within a bound, and never begun twice.
 */
import { lookup } from 'node:dns/promises';

/** IP literals of a name. Rejects when there are none, and when it takes too long. */
export type SystemLookup = (name: string) => Promise<readonly string[]>;

/** How long one is waited for, milliseconds. */
const waitMs = 2_000;

const ofTheSystem: SystemLookup = async (name) => (await lookup(name, { all: true })).map(({ address }) => address);

export function boundedLookup(look: SystemLookup = ofTheSystem): SystemLookup {
  const underWay = new Map<string, Promise<readonly string[]>>();
  return (name) => {
    let found = underWay.get(name);
    if (found === undefined) {
      found = look(name).finally(() => underWay.delete(name));
      underWay.set(name, found);
    }
    return inTime(found);
  };
}

function inTime<T>(found: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(Object.assign(new Error(`no answer within ${waitMs / 1_000} s`), { code: 'ETIMEOUT' })), waitMs);
    timer.unref();
  });
  return Promise.race([found, late]).finally(() => clearTimeout(timer));
}
