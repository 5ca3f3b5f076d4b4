import { createSocket } from 'node:dgram';
import { seededRandom } from '@starling/gossip';
import { beforeAll, describe, expect, it } from 'vitest';
import { transportLimits } from '../../services/node/src/transport/transport-limits.js';
import { clientAuth, createTestAuthority, type IssuedLeaf, serverAuth, type TestAuthority } from '../support/authority.js';
import { eventually } from '../support/eventually.js';
import { connect, credentialsOf, type End, leafUri, testCluster } from '../support/transport-end.js';
import { authorityOfTests, closing, honestEnd, openedEnd } from './ends.js';
import { openRawClient } from './raw-client.js';

let authority: TestAuthority;
let stranger: TestAuthority;

beforeAll(async () => {
  authority = await authorityOfTests();
  stranger = await createTestAuthority('Theirs');
});

describe('QUIC between two honest ends', () => {
  it('tells both who the other is, and carries datagrams and messages whole, once each', async () => {
    const [a, b] = [await honestEnd(), await honestEnd()];
    const { out, in: incoming } = await connect(a, b);
    expect(Buffer.from(out.peer.fingerprint).equals(Buffer.from(incoming.localFingerprint))).toBe(true);
    expect(Buffer.from(incoming.peer.fingerprint).equals(Buffer.from(out.localFingerprint))).toBe(true);
    expect(out.maxDatagramBytes).toBeGreaterThan(1_200);
    const datagram = new Uint8Array(out.maxDatagramBytes).fill(7);
    const messages = Array.from({ length: 300 }, (_, i) => new Uint8Array(1 + i * 218).fill(i));
    a.transport.send(out.connection, 'datagram', datagram);
    for (const message of messages) a.transport.send(out.connection, 'stream', message);
    await eventually('everything arrived', () => b.heard.messages.length === messages.length + 1);
    const streams = b.heard.messages.filter(({ channel }) => channel === 'stream').map(({ bytes }) => bytes);
    expect(streams.map((bytes) => bytes.length).sort((x, y) => x - y)).toEqual(messages.map((bytes) => bytes.length));
    expect(streams.every((bytes) => bytes.every((byte) => byte === bytes[0]))).toBe(true);
    await eventually('credit came back', () => a.heard.sent === messages.length + 1);
  });

  it('acknowledges what came after a moment, also when an acknowledgement came before it', async () => {
    const [a, b] = [await honestEnd(), await honestEnd()];
    const { out, in: incoming } = await connect(a, b);
    const count = (end: typeof a, what: 'sent' | 'received') => end.transport.counters()[`packets_${what}`] ?? 0;
    const talk = async (from: typeof a, to: typeof a, connection: number) => {
      const [messages, packets] = [to.heard.messages.length, count(from, 'received')];
      from.transport.send(connection, 'stream', Uint8Array.of(1));
      await eventually('the message arrived', () => to.heard.messages.length > messages);
      await eventually('its acknowledgement arrived', () => count(from, 'received') > packets);
      const heardAtMs = performance.now();
      await eventually('the moment passed in which that would be answered', () => performance.now() > heardAtMs + 2 * transportLimits.acknowledgeAfterMs);
    };
    const before = count(a, 'sent') + count(b, 'sent');
    const rounds = 20;
    for (let round = 0; round < rounds; round++) {
      await talk(a, b, out.connection);
      await talk(b, a, incoming.connection);
    }
    // A message and its acknowledgement each way. Who hears no acknowledgement probes twice for it.
    expect(count(a, 'sent') + count(b, 'sent') - before).toBeLessThan(1.5 * 4 * rounds);
  });

  it('says to both that a connection ended, once, with the reason', async () => {
    const [a, b] = [await honestEnd(), await honestEnd()];
    const { out } = await connect(a, b);
    a.transport.close(out.connection, 3, 'more connections than wanted');
    await eventually('both heard', () => a.heard.closed.length === 1 && b.heard.closed.length === 1);
    expect(b.heard.closed[0]?.reason).toContain('more connections than wanted');
  });

  it('refuses a message beyond the bound by ending the connection that brings it', async () => {
    const [a, b] = [await honestEnd(), await honestEnd()];
    const { out } = await connect(a, b);
    a.transport.send(out.connection, 'stream', new Uint8Array(65_537));
    await eventually('the connection is closed', () => b.heard.closed.length === 1);
    expect(b.heard.messages).toHaveLength(0);
  });

  it('fails the dial of a port where nobody answers', async () => {
    const a = await honestEnd();
    a.transport.dial('127.0.0.1:9');
    const failed = await eventually('the dial failed', () => a.heard.failed[0]);
    expect(failed.reason).toContain('no answer');
  });

  it('fails a dial of anything that is no address, without reaching the native library', async () => {
    const a = await honestEnd();
    for (const address of ['127.0.0.1:NaN', '127.0.0.1:-1', '127.0.0.1:99999999999', 'localhost:1', '', '[::1]:1', '127.0.0.1:0']) a.transport.dial(address);
    await eventually('every dial failed', () => a.heard.failed.length === 7);
  });
});

describe('QUIC refuses', () => {
  const cases: readonly (readonly [string, () => Promise<{ leaf: IssuedLeaf; roots?: TestAuthority }>])[] = [
    ['a certificate of another authority', async () => ({ leaf: await stranger.issue([leafUri()]) })],
    ['an expired certificate', async () => ({ leaf: await authority.issue([leafUri()], { notBefore: new Date(Date.now() - 7_200_000), notAfter: new Date(Date.now() - 60_000) }) })],
    ['a certificate that is not valid yet', async () => ({ leaf: await authority.issue([leafUri()], { notBefore: new Date(Date.now() + 600_000), notAfter: new Date(Date.now() + 3_600_000) }) })],
    ['a certificate without extended key usages', async () => ({ leaf: await authority.issue([leafUri()], { usages: [] }) })],
    ['a certificate for clients only', async () => ({ leaf: await authority.issue([leafUri()], { usages: [clientAuth] }) })],
    ['a certificate for servers only', async () => ({ leaf: await authority.issue([leafUri()], { usages: [serverAuth] }) })],
    ['a certificate without a URI', async () => ({ leaf: await authority.issue([]) })],
    ['a certificate with two URIs', async () => ({ leaf: await authority.issue([leafUri(), leafUri()]) })],
    ['a certificate with a URI of no known form', async () => ({ leaf: await authority.issue(['https://example.org/']) })],
    ['a certificate of another cluster', async () => ({ leaf: await authority.issue(['spiffe://elsewhere/leaf/x']) })],
    ['a certificate of a gateway', async () => ({ leaf: await authority.issue([`spiffe://${testCluster}/gateway/x`]) })],
    ['an authority as a leaf', async () => ({ leaf: await authority.issue([leafUri()], { isAuthority: true }) })],
  ];

  for (const [what, make] of cases) {
    it(`${what}, as dialler and as acceptor, and delivers nothing of it`, async () => {
      const { leaf } = await make();
      const honest = await honestEnd();
      const other = await openedEnd(credentialsOf(leaf, authority, stranger));
      other.transport.dial(honest.transport.address);
      honest.transport.dial(other.transport.address);
      await eventually('the honest end gave up', () => honest.heard.failed.length === 1);
      // The dialler may take itself for connected until it hears of the refusal; then it must hear of it.
      await eventually('the other end heard of the refusal', () => other.heard.failed.length + other.heard.closed.length >= 1);
      for (const opened of other.heard.opened) other.transport.send(opened.connection, 'stream', new Uint8Array(10));
      expect(honest.heard.opened).toHaveLength(0);
      expect(honest.heard.messages).toHaveLength(0);
      const counters = honest.transport.counters();
      expect(counters['handshakes_failed']).toBeGreaterThanOrEqual(1);
      expect(counters['handshakes'] ?? 0).toBe(0);
    });
  }

  it('its own certificate at the other end: a connection to itself, or a stolen key', async () => {
    const leaf = await authority.issue([leafUri()]);
    const [a, b] = [await openedEnd(credentialsOf(leaf, authority)), await openedEnd(credentialsOf(leaf, authority))];
    a.transport.dial(b.transport.address);
    await eventually('refused', () => a.heard.failed.length === 1);
    expect(a.transport.counters()['peers_refused_ourselves']).toBe(1);
  });

  it('a client without any certificate', async () => {
    const honest = await honestEnd();
    closing(await openRawClient(honest.transport.address, { roots: authority.root }));
    await eventually('the handshake failed here', () => honest.transport.counters()['handshakes_failed'] === 1);
    expect(honest.heard.opened).toHaveLength(0);
  });
});

describe('QUIC in front of strangers', () => {
  async function throwAt(target: End, packets: readonly Buffer[]): Promise<void> {
    const socket = createSocket('udp4');
    const port = Number(target.transport.address.split(':')[1]);
    for (const packet of packets) await new Promise<void>((resolve) => socket.send(packet, port, '127.0.0.1', () => resolve()));
    await new Promise<void>((resolve) => socket.close(() => resolve()));
  }

  function initial(destination = Buffer.alloc(8, 9), length = 1_200): Buffer {
    const packet = Buffer.alloc(length);
    packet[0] = 0xc0;
    packet.writeUInt32BE(1, 1);
    packet[5] = destination.length;
    destination.copy(packet, 6);
    packet[6 + destination.length] = 8;
    return packet;
  }

  it('answers an Initial with Retry and keeps nothing; other packets of unknown connections are dropped', async () => {
    const honest = await honestEnd();
    const zeroRtt = initial();
    zeroRtt[0] = 0xd0;
    const handshake = initial();
    handshake[0] = 0xe0;
    await throwAt(honest, [initial(), initial(Buffer.alloc(8, 1), 600), initial(Buffer.alloc(4, 1)), zeroRtt, handshake, Buffer.alloc(40, 0x40), Buffer.alloc(0)]);
    const counters = await eventually('all were looked at', () => (honest.transport.counters()['packets_dropped_unknown_connection'] === 1 ? honest.transport.counters() : null));
    expect(counters).toMatchObject({ retries_sent: 1, packets_dropped_short_initial: 1, packets_dropped_short_destination: 1, packets_dropped_unexpected: 2 });
    expect(honest.transport.levels().connections).toBe(0);
  });

  it('bounds what a flood of Initials costs, and still lets an honest peer in', async () => {
    const [honest, peer] = [await honestEnd(), await honestEnd()];
    const flood = Array.from({ length: 2_000 }, (_, i) => {
      const destination = Buffer.alloc(8);
      destination.writeUInt32BE(i);
      return initial(destination);
    });
    await throwAt(honest, flood);
    await eventually('the flood was cut', () => (honest.transport.counters()['packets_dropped_retry_rate'] ?? 0) > 100);
    expect(honest.transport.levels().connections).toBe(0);
    let dials = 0;
    const dialUntilOpen = () => {
      if (peer.heard.failed.length === dials) {
        dials += 1;
        peer.transport.dial(honest.transport.address);
      }
      return peer.heard.opened.length > 0;
    };
    await eventually('an honest peer gets in', dialUntilOpen, 20_000);
  });

  it('survives 20,000 mutated packets, and delivers to an honest peer throughout', async () => {
    const [honest, peer] = [await honestEnd(), await honestEnd()];
    const { out } = await connect(peer, honest);
    const random = seededRandom(42);
    for (let round = 0; round < 20; round++) {
      const packets = Array.from({ length: 1_000 }, () => {
        const packet = initial(Buffer.alloc(Math.floor(random() * 21), 3), 40 + Math.floor(random() * 1_300));
        for (let i = 0; i < 12; i++) packet[Math.floor(random() * packet.length)] = Math.floor(random() * 256);
        return packet;
      });
      await throwAt(honest, packets);
      peer.transport.send(out.connection, 'stream', Uint8Array.of(round));
    }
    await eventually('every message arrived', () => honest.heard.messages.length === 20);
  });

  it('never lets a packet of a live connection from another port reach the library', async () => {
    const [honest, peer] = [await honestEnd(), await honestEnd()];
    const relay = createSocket('udp4');
    await new Promise<void>((resolve) => relay.bind(0, '127.0.0.1', resolve));
    const other = createSocket('udp4');
    await new Promise<void>((resolve) => other.bind(0, '127.0.0.1', resolve));
    const target = Number(honest.transport.address.split(':')[1]);
    const dialler = Number(peer.transport.address.split(':')[1]);
    let divert = false;
    relay.on('message', (bytes, from) => {
      if (from.port === target) relay.send(bytes, dialler, '127.0.0.1');
      else (divert ? other : relay).send(bytes, target, '127.0.0.1');
    });
    peer.transport.dial(`127.0.0.1:${relay.address().port}`);
    const opened = await eventually('open through the relay', () => peer.heard.opened[0]);
    await eventually('open at the other end', () => honest.heard.opened[0]);
    divert = true;
    peer.transport.send(opened.connection, 'stream', Uint8Array.of(1));
    await eventually('dropped for its address', () => (honest.transport.counters()['packets_dropped_foreign_address'] ?? 0) > 0);
    expect(honest.heard.messages).toHaveLength(0);
    divert = false;
    await eventually('arrives once the way is the old one', () => honest.heard.messages.length === 1);
    relay.close();
    other.close();
  });
});
