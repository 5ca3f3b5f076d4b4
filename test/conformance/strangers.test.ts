/** What it costs us when somebody begins handshakes, and what the adapter makes of numbers that are none. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { transportLimits } from '../../services/node/src/transport/transport-limits.js';
import { eventually } from '../support/eventually.js';
import { connect, credentialsOf, leafUri } from '../support/transport-end.js';
import { authorityOfTests, closing, honestEnd, openedEnd, type QuicEnd } from './ends.js';
import { established, openRawClient } from './raw-client.js';

describe('a handshake', () => {
  it('cannot be resumed: there is no ticket to be had, and a client that comes back shows its certificate again', async () => {
    const authority = await authorityOfTests();
    const honest = await honestEnd();
    const leaf = await authority.issue([leafUri()]);
    const first = closing(await openRawClient(honest.transport.address, { roots: authority.root, leaf }));
    await established(first);
    await eventually('the server knows it', () => honest.heard.opened.length === 1);
    const session = first.native.session();
    const again = closing(await openRawClient(honest.transport.address, { roots: authority.root, ...(session === null ? {} : { session }) }));
    await eventually('the one without a certificate is refused', () => honest.transport.counters()['handshakes_failed'] === 1);
    expect(again.native.isResumed()).toBe(false);
    expect(honest.heard.opened).toHaveLength(1);
  });

  it('takes so many packets and no more before it is through', async () => {
    const authority = await authorityOfTests();
    const honest = await honestEnd();
    const client = closing(await openRawClient(honest.transport.address, { roots: authority.root, leaf: await authority.issue([leafUri()]), allowance: 2 }));
    await eventually('accepted after its Retry', () => honest.transport.levels().halfOpen === 1);
    for (let i = 0; i < transportLimits.handshakePackets + 20; i++) client.send(client.last());
    await eventually('the rest is dropped', () => (honest.transport.counters()['packets_dropped_handshake_excess'] ?? 0) >= 20);
  });

  it('that is never finished is given up, at most so many are under way at a time, and an honest peer gets in', async () => {
    const authority = await authorityOfTests();
    const honest = await openedEnd(credentialsOf(await authority.issue([leafUri()]), authority));
    // From several sources: each of them alone is held back by its own rate.
    for (let i = 0; i < transportLimits.maxHalfOpen + 30; i++) closing(await openRawClient(honest.transport.address, { roots: authority.root, allowance: 2, host: `127.0.1.${1 + (i % 8)}` }));
    await eventually('the oldest gave way', () => (honest.transport.counters()['handshakes_displaced'] ?? 0) > 0);
    expect(honest.transport.levels()).toMatchObject({ halfOpen: transportLimits.maxHalfOpen, connections: transportLimits.maxHalfOpen });
    await eventually('all of them are given up', () => honest.transport.levels().halfOpen === 0);
    expect(honest.transport.counters()['handshakes_late']).toBeGreaterThan(0);
    await connect(await honestEnd(), honest);
  });
});

describe('sources without a certificate', () => {
  it('keep nobody out, also while they begin handshakes without a pause', async () => {
    const authority = await authorityOfTests();
    const honest = await openedEnd(credentialsOf(await authority.issue([leafUri()]), authority));
    const strangers = async () => {
      for (const host of ['127.0.1.1', '127.0.1.2', '127.0.1.3']) closing(await openRawClient(honest.transport.address, { roots: authority.root, allowance: 2, host }));
    };
    await eventually('there are as many as may be', async () => {
      await strangers();
      return honest.transport.levels().halfOpen === transportLimits.maxHalfOpen;
    });
    const peer = await honestEnd();
    peer.transport.dial(honest.transport.address);
    await eventually('an honest peer gets in', async () => {
      await strangers();
      return peer.heard.opened.length + peer.heard.failed.length > 0;
    });
    expect(peer.heard.failed).toEqual([]);
    expect(honest.transport.counters()['handshakes_displaced']).toBeGreaterThan(0);
    expect(honest.transport.levels().halfOpen).toBeLessThanOrEqual(transportLimits.maxHalfOpen);
  });

  it('of which one finishes no handshake keep out nobody else, and nobody of the same source', async () => {
    const authority = await authorityOfTests();
    const honest = await openedEnd(credentialsOf(await authority.issue([leafUri()]), authority));
    for (let i = 0; i < transportLimits.maxHalfOpenPerSource + 10; i++) closing(await openRawClient(honest.transport.address, { roots: authority.root, allowance: 2, host: '127.0.1.1' }));
    await eventually('its oldest gave way', () => (honest.transport.counters()['handshakes_displaced'] ?? 0) > 0);
    expect(honest.transport.levels().halfOpen).toBe(transportLimits.maxHalfOpenPerSource);
    await connect(await honestEnd(), honest);
    expect(honest.transport.counters()['handshakes_late']).toBeUndefined();
    expect(honest.transport.levels().halfOpen).toBe(transportLimits.maxHalfOpenPerSource);
    await connect(await openedEnd(credentialsOf(await authority.issue([leafUri()]), authority), { host: '127.0.1.1' }), honest);
  });
});

describe('the adapter', () => {
  const oddNumbers = [Number.NaN, -1, 2 ** 62, 2 ** 53, 0.5, Number.POSITIVE_INFINITY, -0];

  it('lets no number through to the library that is none', async () => {
    const [a, b] = [await honestEnd(), await honestEnd()];
    for (const odd of oddNumbers) {
      a.transport.dial(`127.0.0.1:${odd}`);
      a.transport.send(odd, 'stream', Uint8Array.of(1));
      a.transport.close(odd, 1, 'nobody');
      expect(a.transport.statistics(odd)).toBeNull();
      const { out } = await connect(a, b);
      a.transport.send(out.connection, 'datagram', new Uint8Array(0));
      a.transport.close(out.connection, odd, 'x'.repeat(1_000));
    }
    await eventually('every connection is closed at both ends', () => a.heard.closed.length === oddNumbers.length && b.heard.closed.length === oddNumbers.length);
  });

  it('refuses credentials that are none as a failed dial, and goes on', async () => {
    const authority = await authorityOfTests();
    const good = credentialsOf(await authority.issue([leafUri()]), authority);
    let credentials = good;
    const a = await openedEnd(() => credentials);
    const b = await honestEnd();
    const bad = [{ ...good, chainPem: '' }, { ...good, keyPem: 'not a key' }, { ...good, rootsPem: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' }];
    for (const one of bad) {
      const failed = { a: a.heard.failed.length, b: b.heard.failed.length };
      credentials = one;
      a.transport.dial(b.transport.address);
      b.transport.dial(a.transport.address);
      await eventually('both dials failed', () => a.heard.failed.length > failed.a && b.heard.failed.length > failed.b);
    }
    credentials = good;
    await connect(a, b);
  });
});

/** What is in use after everything that can be collected is: native connections go with their objects. */
async function residentBytes(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let i = 0; i < 3; i++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage.rss();
}

describe('5,000 connections one after the other', () => {
  const [count, ends] = [5_000, 10];
  /** What one connection costs while it lives; a leak would cost that much for each. */
  const bytesOfAConnection = 65_000;
  const hosts = Array.from({ length: ends }, (_, i) => `127.0.2.${i + 1}`);

  it('each end at both ends at once, and leave no more memory behind than a fifth of what they would hold', async () => {
    const before = await residentBytes();
    const authority = await authorityOfTests();
    const all = await Promise.all(hosts.map(async (host) => openedEnd(credentialsOf(await authority.issue([leafUri()]), authority), { host })));
    // Half of the ends dial, each its own of the other half.
    const lane = async (from: QuicEnd, to: QuicEnd) => {
      for (let i = 0; i < (count * 2) / ends; i++) {
        const { out } = await connect(from, to);
        from.transport.close(out.connection, 1, 'enough');
      }
    };
    await Promise.all(all.slice(ends / 2).map((from, index) => lane(from, all[index] as QuicEnd)));
    await eventually('every close arrived', () => all.every(({ transport }) => transport.levels().connections === 0));
    expect((await residentBytes()) - before).toBeLessThan((count * 2 * bytesOfAConnection) / 5);
  }, 180_000);
});
