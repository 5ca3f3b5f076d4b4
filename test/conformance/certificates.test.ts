/** Certificates and roots that change while connections live. */
import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createTestAuthority, type TestAuthority } from '../support/authority.js';
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
    isTrusted: (chain) => roots.some(({ root }) => new X509Certificate(Buffer.from(chain[0] ?? [])).verify(new X509Certificate(root).publicKey)),
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
