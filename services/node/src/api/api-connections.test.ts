/** Which certificates the API accepts, and what becomes of connections: idle ones, offers to upgrade, and those made before certificates change. */
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';
import { type Node, type Problem, type SnapshotMessage, paths } from '@starling/contract';
import { beforeEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { clock, host, other, self, useApiRig } from '../../../../test/support/api-rig.js';
import { createTestAuthority } from '../../../../test/support/authority.js';
import { eventually } from '../../../../test/support/eventually.js';
import { closedWith, received, refusedWith } from '../../../../test/support/web-socket.js';
import { apiLimits } from './api-limits.js';

const rig = useApiRig();

describe('a client', () => {
  beforeEach(() => rig.open());

  it.each([
    `spiffe://starling/node/${other}`,
    'spiffe://starling/leaf/machine-7',
    'spiffe://starling/shared',
    'spiffe://starling/gateway/page',
  ])('may be %s', async (uri) => {
    expect((await rig.ask(paths.self, await rig.authority.issue([uri]))).status).toBe(200);
  });

  it.each([
    ['of another cluster', ['spiffe://sparrow/gateway/page']],
    ['of no form', ['https://starling/gateway/page']],
    ['with two URIs', ['spiffe://starling/gateway/a', 'spiffe://starling/gateway/b']],
  ])('may not be one %s, on a request or a stream', async (_what, uris) => {
    const leaf = await rig.authority.issue(uris);
    const { status, body } = await rig.ask(paths.self, leaf);
    expect([status, (body as Problem).type]).toEqual([403, 'urn:starling:problem:certificate-refused']);
    expect(await refusedWith(rig.stream('', leaf))).toBe(403);
  });

  it('may not be one without a certificate, of another root, or expired', async () => {
    const foreign = await (await createTestAuthority('Another root')).issue(['spiffe://starling/gateway/page']);
    const expired = await rig.authority.issue(['spiffe://starling/gateway/page'], { notBefore: new Date(Date.now() - 7_200_000), notAfter: new Date(Date.now() - 3_600_000) });
    await expect(rig.ask(paths.self, { cert: '', key: '' })).rejects.toThrow();
    await expect(rig.ask(paths.self, foreign)).rejects.toThrow();
    await expect(rig.ask(paths.self, expired)).rejects.toThrow();
  });

  it('cannot speak an older TLS', async () => {
    await expect(rig.ask(paths.self, { maxVersion: 'TLSv1.2' })).rejects.toThrow();
  });
});

describe('a certificate that expires while the connection lives', () => {
  it('is refused on the next request of it', async () => {
    let aheadMs = 0;
    const ahead = { now: () => ({ ...clock.now(), wallMs: Date.now() + aheadMs }) };
    await rig.open({ clock: ahead });
    const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
    rig.onClose(() => agent.destroy());
    expect((await rig.ask(paths.self, { agent })).status).toBe(200);
    aheadMs = 2 * 3_600_000;
    expect((await rig.ask(paths.self, { agent })).status).toBe(403);
  });
});

describe('connections on which nothing is said', () => {
  /** From an address of their own unless told otherwise: so many that all places of strangers are taken. */
  async function crowd(localAddress = '127.0.0.2'): Promise<void> {
    const sockets = Array.from({ length: 2 * apiLimits.maxStrangers }, () => net.connect({ port: rig.port, host, localAddress }).on('error', () => undefined).resume());
    rig.onClose(() => sockets.forEach((socket) => socket.destroy()));
    await eventually('all to have come, and half of them to have given way', () => sockets.every((socket) => !socket.connecting) && sockets.filter((socket) => socket.closed).length >= apiLimits.maxStrangers);
  }

  it('keep out nobody with a certificate, who comes or was there', async () => {
    await rig.open();
    const held = tls.connect({ host, port: rig.port, ...rig.clientTls() });
    rig.onClose(() => void held.destroy());
    const askedAgain = () =>
      new Promise((resolve) => {
        held.once('data', (answer: Buffer) => resolve(answer.toString('latin1').split('\r\n', 1)[0])).once('close', () => resolve('closed'));
        held.write(`GET ${paths.self} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      });
    expect(await askedAgain()).toBe('HTTP/1.1 200 OK');
    await crowd(host);
    expect(await askedAgain()).toBe('HTTP/1.1 200 OK');
    await crowd();
    expect((await rig.ask(paths.self)).status).toBe(200);
  });

  it('give way before others, but not before a certificate that belongs elsewhere', async () => {
    await rig.open();
    const leaf = await rig.authority.issue(['spiffe://sparrow/gateway/page']);
    const socket = tls.connect({ host, port: rig.port, ...rig.clientTls(leaf) });
    await new Promise((resolve) => socket.on('error', () => undefined).resume().once('secureConnect', resolve));
    await crowd(host);
    // Sooner than for want of a request.
    await eventually('it to be closed', () => socket.closed, apiLimits.requestTimeoutMs / 2);
  });

  it('do not end a stream in plain HTTP', async () => {
    await rig.open({ tls: () => null });
    const socket = new WebSocket(`ws://${host}:${rig.port}${paths.stream}`);
    rig.onClose(() => socket.terminate());
    await received(socket);
    await crowd(host);
    expect((await rig.ask(paths.self, { plain: true })).status).toBe(200);
    expect(rig.api.streams).toBe(1);
  });
});

describe('an offer to upgrade where there is no stream', () => {
  it('is passed over', async () => {
    await rig.open({ tls: () => null });
    const socket = new WebSocket(`ws://${host}:${rig.port}${paths.peers}`);
    expect(await refusedWith(socket)).toBe(200);
  });

  it('does not hold up the end when its answer is not taken', async () => {
    await rig.open({ tls: () => null });
    const [node] = rig.view.nodes();
    // More than the kernel takes for one who does not read.
    rig.view.nodes = () => Array.from({ length: 60_000 }, () => node as Node);
    const socket = net.connect(rig.port, host).on('error', () => undefined);
    rig.onClose(() => void socket.destroy());
    socket.write(`GET ${paths.nodes} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n`);
    await new Promise((resolve) => socket.once('readable', resolve));
    await rig.api.close();
  });
});

describe('new certificates', () => {
  it('are in force for a handshake too that had not begun', async () => {
    const next = await createTestAuthority('Next root');
    const nextServer = await next.issue([`spiffe://starling/node/${self}`]);
    let current = rig.certificates();
    await rig.open({ tls: () => current });
    const early = net.connect(rig.port, host).on('error', () => undefined);
    rig.onClose(() => void early.destroy());
    await new Promise((resolve) => early.once('connect', resolve));
    // The server takes connections in their order.
    expect((await rig.ask(paths.self)).status).toBe(200);
    current = { ...nextServer, ca: next.root };
    rig.api.reload();
    const late = tls.connect({ socket: early, ...rig.clientTls() });
    await expect(new Promise((resolve, reject) => late.once('secureConnect', resolve).once('error', reject))).rejects.toThrow();
  });

  it('are in force for whoever comes after the reload, and cut those who came before', async () => {
    const next = await createTestAuthority('Next root');
    const [nextServer, nextClient] = [await next.issue([`spiffe://starling/node/${self}`]), await next.issue(['spiffe://starling/gateway/page'])];
    let current = rig.certificates();
    await rig.open({ tls: () => current });
    const socket = rig.stream();
    await received<SnapshotMessage>(socket);
    const closed = closedWith(socket);
    current = { ...nextServer, ca: next.root };
    rig.api.reload();
    expect(await closed).toEqual([1012, 'certificates were renewed']);
    await expect(rig.ask(paths.self)).rejects.toThrow();
    expect((await rig.ask(paths.self, { ca: next.root, ...nextClient })).status).toBe(200);
  });
});
