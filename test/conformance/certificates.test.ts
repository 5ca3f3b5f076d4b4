/** Certificates and roots that change while connections live. */
import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createTestAuthority, type TestAuthority } from '../support/authority.js';
import { TrustedRoots } from '../../services/certificates/src/trusted-roots.js';
import { eventually } from '../support/eventually.js';
import { connect, credentialsOf, leafUri } from '../support/transport-end.js';
import { authorityOfTests, openedEnd } from './ends.js';

const fingerprint = (pem: string) => Buffer.from(new X509Certificate(pem).fingerprint256.replaceAll(':', ''), 'hex');

/** An end whose leaf and roots may be exchanged. */
async function changingEnd(first: TestAuthority) {
  const uri = leafUri();
  let credentials = credentialsOf(await first.issue([uri]), first);
  let roots: readonly TestAuthority[] = [first];
  const end = await openedEnd(() => credentials, {
    endOfTrust: (chain) => new TrustedRoots(roots.map(({ root }) => new X509Certificate(root))).endOf(chain),
  });
  return {
    ...end,
    leaf: () => fingerprint(credentials.chainPem),
    async use(issuer: TestAuthority, ...trusted: readonly TestAuthority[]) {
      credentials = credentialsOf(await issuer.issue([uri]), ...trusted);
      roots = trusted;
      end.transport.recheckTrust();
    },
  };
}

describe('a renewed leaf', () => {
  it('is shown by connections from then on, and those that live lose nothing', async () => {
    const ours = await authorityOfTests();
    const [a, b] = [await changingEnd(ours), await changingEnd(ours)];
    const first = await connect(a, b);
    const before = a.leaf();
    await a.use(ours, ours);
    for (let i = 0; i < 50; i++) a.transport.send(first.out.connection, 'stream', Uint8Array.of(i));
    const second = await connect(a, b);
    expect(Buffer.from(first.in.peer.fingerprint).equals(before)).toBe(true);
    expect(Buffer.from(second.in.peer.fingerprint).equals(a.leaf())).toBe(true);
    expect(before.equals(a.leaf())).toBe(false);
    await eventually('what the first connection carried', () => b.heard.messages.length === 50);
    expect(a.heard.closed).toHaveLength(0);
  });
});

describe('a new authority', () => {
  it('comes in three steps without a connection lost before its replacement is there', async () => {
    const [old, next] = [await authorityOfTests(), await createTestAuthority('Next')];
    const [a, b] = [await changingEnd(old), await changingEnd(old)];
    const first = await connect(a, b);
    // Everybody trusts both; then one after the other shows a leaf of the new one; then nobody trusts the old one.
    await a.use(old, old, next);
    await b.use(old, old, next);
    await a.use(next, old, next);
    const mixed = await connect(a, b);
    await b.use(next, old, next);
    const renewed = await connect(b, a);
    expect(a.heard.closed).toHaveLength(0);
    await a.use(next, next);
    await eventually('the connections that show an old leaf are closed', () => a.heard.closed.length === 2);
    expect(a.heard.closed.map(({ connection }) => connection).sort()).toEqual([first.out.connection, mixed.out.connection].sort());
    expect(a.heard.closed[0]?.reason).toBe('its certificate is no longer trusted here');
    b.transport.send(renewed.out.connection, 'stream', Uint8Array.of(1));
    await eventually('the renewed connection carries on', () => a.heard.messages.length === 1);
  });

  it('that nobody else trusts yet keeps its owner out', async () => {
    const [old, next] = [await authorityOfTests(), await createTestAuthority('Next')];
    const [a, b] = [await changingEnd(old), await changingEnd(old)];
    await a.use(next, old, next);
    a.transport.dial(b.transport.address);
    await eventually('refused', () => a.heard.failed.length + a.heard.closed.length === 1);
    expect(b.heard.opened).toHaveLength(0);
  });
});

describe('a connection', () => {
  it('ends with the chain of the other side, as it was seen first or when the trust changed', async () => {
    const ours = await authorityOfTests();
    const credentials = async () => credentialsOf(await ours.issue([leafUri()]), ours);
    let endMs = Date.now() + 100;
    const [a, b] = [await openedEnd(await credentials(), { endOfTrust: () => endMs }), await openedEnd(await credentials())];
    const reason = 'the certificate or the connection has reached its age';
    await connect(a, b);
    await eventually('its end', () => a.heard.closed[0]?.reason === reason);
    endMs = Date.now() + 3_600_000;
    await connect(a, b);
    endMs = Date.now();
    a.transport.recheckTrust();
    await eventually('its end', () => a.heard.closed[1]?.reason === reason);
  });

  it('with a chain that is not trusted here is none, though the library took it', async () => {
    const ours = await authorityOfTests();
    const strict = await openedEnd(credentialsOf(await ours.issue([leafUri()]), ours), { endOfTrust: () => null });
    const other = await openedEnd(credentialsOf(await ours.issue([leafUri()]), ours));
    strict.transport.dial(other.transport.address);
    other.transport.dial(strict.transport.address);
    await eventually('both are refused', () => strict.transport.counters()['peers_refused_untrusted-chain'] === 2);
    expect(strict.heard.opened).toEqual([]);
    await eventually('and said so', () => strict.heard.failed[0]?.reason === 'its certificate is not trusted here');
  });
});
