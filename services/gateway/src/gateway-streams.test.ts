import net from 'node:net';
import { type GatewayStatus, paths } from '@starling/contract';
import { beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createTestAuthority } from '../../../test/support/authority.js';
import { eventually } from '../../../test/support/eventually.js';
import { changes, type FakeNode, host, session, useGatewayRig } from '../../../test/support/gateway-rig.js';
import { refusedWith } from '../../../test/support/web-socket.js';
import { gatewayLimits } from './gateway-limits.js';

const rig = useGatewayRig();

describe('a stream', () => {
  it('begins with what the node says first, and passes on what follows', async () => {
    const page = rig.watch();
    await eventually('the snapshot', () => page.messages.length === 1);
    rig.node.streams[0]?.send(changes(8));
    await eventually('the changes', () => page.messages.length === 2);
    expect(page.messages.map(({ type, sequence }) => [type, sequence])).toEqual([['snapshot', 7], ['changes', 8]]);
    expect(rig.node.streamPaths).toEqual([paths.stream]);
  });

  it('takes where the page wants to go on to the node, and looks from another node when asked', async () => {
    await eventually('the snapshot', ((page) => () => page.messages.length === 1)(rig.watch(`?from=there&resume=${session}:5`)));
    expect(rig.other.streamPaths).toEqual([`${paths.stream}?resume=${session}%3A5`]);
    expect(await refusedWith(rig.watch('?resume=x').socket)).toBe(400);
  });

  it('outlives the node: says that it is away, and goes on where it ended when it is back', async () => {
    const page = rig.watch();
    await eventually('the snapshot', () => page.messages.length === 1);
    rig.node.streams[0]?.send(changes(8));
    await eventually('the changes', () => page.messages.length === 2);
    await rig.node.kill();
    await eventually('the absence', () => page.messages.filter((message) => message.upstream?.state === 'away').length >= 2);
    expect(page.messages.at(-1)?.upstream?.detail).toContain('here: nothing listens');
    await rig.node.open(rig.nodeLeaf, rig.authority.root);
    await eventually('the return', () => page.messages.at(-1)?.type === 'snapshot');
    expect(page.messages.at(-2)).toMatchObject({ type: 'upstream', upstream: { state: 'up', detail: null } });
    expect(rig.node.streamPaths.at(-1)).toBe(`${paths.stream}?resume=${session}%3A8`);
    expect(page.socket.readyState).toBe(WebSocket.OPEN);
  });

  it('says why the node refuses it, and drops a resume that the node does not take', async () => {
    rig.node.streamStatus = 400;
    const page = rig.watch(`?resume=${session}:5`);
    await eventually('the refusal', () => page.messages.some((message) => message.upstream?.detail?.includes('status 400')));
    rig.node.streamStatus = 101;
    await eventually('the snapshot', () => page.messages.at(-1)?.type === 'snapshot');
    expect(rig.node.streamPaths.at(-1)).toBe(paths.stream);
  });

  it('does not let the absence show when the node renews its certificates', async () => {
    const page = rig.watch();
    await eventually('the snapshot', () => page.messages.length === 1);
    rig.node.streams[0]?.close(1012, 'certificates were renewed');
    await eventually('the stream to be opened again', () => page.messages.length === 2);
    expect(page.messages.map(({ type }) => type)).toEqual(['snapshot', 'snapshot']);
  });

  it('reads the node no faster than the page takes it, and loses nothing', async () => {
    const page = rig.watch();
    await eventually('the snapshot', () => page.messages.length === 1);
    page.socket.pause();
    const stream = rig.node.streams[0] as WebSocket;
    const padding = 'x'.repeat(256 * 1024);
    let sent = 7;
    // More than the kernel and the gateway take: what is left waits at the node.
    await eventually('the node to be held up', () => {
      for (let i = 0; i < 8 && sent < 400 && stream.bufferedAmount < 4_000_000; i++) stream.send(changes((sent += 1), padding));
      return stream.bufferedAmount >= 4_000_000;
    });
    page.socket.resume();
    await eventually('everything to arrive', () => page.messages.at(-1)?.sequence === sent);
    expect(page.messages.map(({ sequence }) => sequence)).toEqual(Array.from({ length: sent - 6 }, (_, i) => i + 7));
  });

  it('ends when the page speaks, and takes its stream of the node along', async () => {
    const page = rig.watch();
    await eventually('the snapshot', () => page.messages.length === 1);
    const ended = new Promise((resolve) => rig.node.streams[0]?.on('close', resolve));
    page.socket.send('hello');
    expect(await page.closed).toEqual([1008, 'this stream takes no messages']);
    await ended;
    await eventually('the stream to be gone', () => rig.gateway.streams === 0);
  });

  it('is refused when too many watch', async () => {
    const pages = Array.from({ length: gatewayLimits.maxStreams }, () => rig.watch());
    await eventually('all to be open', () => pages.every((page) => page.messages.length === 1));
    expect(await refusedWith(rig.watch().socket)).toBe(503);
  });

  it('ends with the gateway, also for a page that does not answer', async () => {
    const [answering, silent] = [rig.watch(), rig.watch()];
    await eventually('the snapshots', () => answering.messages.length + silent.messages.length === 2);
    silent.socket.pause();
    await rig.gateway.close();
    expect((await answering.closed)[0]).toBe(1001);
  });
});

describe('nodes that come and go', () => {
  let third: FakeNode;
  const further = () => [{ name: 'third', url: third.url }];
  const statusOf = async () => JSON.parse((await rig.ask(paths.gateway)).text) as GatewayStatus;

  beforeEach(async () => {
    third = await rig.addNode(await rig.authority.issue(['spiffe://starling/shared']));
  });

  it('are offered beside those of the settings, and every page is told', async () => {
    const page = rig.watch();
    await eventually('the snapshot', () => page.messages.length === 1);
    expect((await rig.ask(`${paths.self}?from=third`)).status).toBe(404);
    rig.gateway.offer(further());
    expect((await rig.ask(`${paths.self}?from=third`)).status).toBe(200);
    expect(third.asked).toEqual([paths.self]);
    expect(await statusOf()).toMatchObject({ designated: 'here', targets: [{ name: 'here' }, { name: 'there' }, { name: 'third' }] });
    await eventually('the word of the gateway', () => page.messages.length === 2);
    expect(page.messages[1]).toEqual({ type: 'targets', targets: [{ name: 'here' }, { name: 'there' }, { name: 'third' }] });
    expect(await rig.gateway.metrics.registry.metrics()).toContain('starling_gateway_target_up{target="third"} 1');
  });

  it('keep their streams while others come, and lose them when they go', async () => {
    rig.gateway.offer(further());
    const [stays, goes] = [rig.watch(), rig.watch('?from=third')];
    await eventually('the snapshots', () => stays.messages.length + goes.messages.length === 2);
    rig.gateway.offer([...further(), { name: 'fourth', url: rig.other.url }]);
    await eventually('the word of the gateway', () => goes.messages.length === 2);
    expect(goes.socket.readyState).toBe(WebSocket.OPEN);
    third.streams[0]?.close(1012, 'certificates were renewed');
    await eventually('the stream to be opened again', () => goes.messages.length === 3);
    const text = await rig.gateway.metrics.registry.metrics();
    for (const name of ['starling_gateway_target_up', 'starling_gateway_upstream_losses_total']) expect(text).toContain(`${name}{target="third"} 1`);
    const ended = new Promise((resolve) => third.streams[1]?.on('close', resolve));
    rig.gateway.offer([]);
    expect(await goes.closed).toEqual([1001, 'this node is offered no more']);
    await ended;
    expect(goes.messages.at(-1)).toEqual({ type: 'targets', targets: [{ name: 'here' }, { name: 'there' }] });
    expect(await refusedWith(rig.watch('?from=third').socket)).toBe(404);
    expect(stays.socket.readyState).toBe(WebSocket.OPEN);
    expect((await rig.ask(paths.self)).status).toBe(200);
    expect(await rig.gateway.metrics.registry.metrics()).not.toContain('target="third"');
  });

  it('leave nothing behind when they go while they do not answer', async () => {
    const hanging = net.createServer();
    await new Promise<void>((resolve) => hanging.listen(0, host, resolve));
    const connected = new Promise<net.Socket>((resolve) => hanging.once('connection', resolve));
    try {
      rig.gateway.offer([{ name: 'hanging', url: new URL(`https://${host}:${(hanging.address() as net.AddressInfo).port}`) }]);
      const page = rig.watch('?from=hanging');
      const socket = (await connected).on('error', () => undefined).resume();
      const ended = new Promise((resolve) => socket.on('close', resolve));
      rig.gateway.offer([]);
      expect((await page.closed)[0]).toBe(1001);
      await ended;
      expect(await rig.gateway.metrics.registry.metrics()).not.toContain('target="hanging"');
    } finally {
      hanging.close();
    }
  });

  it('are asked anew at another address', async () => {
    rig.gateway.offer(further());
    const page = rig.watch('?from=third');
    await eventually('the snapshot', () => page.messages.length === 1);
    rig.gateway.offer([{ name: 'third', url: rig.other.url }]);
    expect((await page.closed)[0]).toBe(1001);
    await rig.ask(`${paths.peers}?from=third`);
    expect(rig.other.asked).toContain(paths.peers);
    expect(third.asked).toEqual([]);
  });

  it('are asked with the certificates in force', async () => {
    const next = await createTestAuthority('Next');
    await third.kill();
    await third.open(await next.issue(['spiffe://starling/shared']), `${rig.authority.root}\n${next.root}`);
    rig.gateway.renew({ ...rig.material(), rootsPem: `${rig.authority.root}\n${next.root}` });
    rig.gateway.offer(further());
    expect((await rig.ask(`${paths.self}?from=third`)).status).toBe(200);
  });
});

describe('new certificates', () => {
  it('are used for what comes and for the streams that are open', async () => {
    const page = rig.watch();
    await eventually('the snapshot', () => page.messages.length === 1);
    const next = await createTestAuthority('Next');
    await rig.other.kill();
    await rig.other.open(await next.issue(['spiffe://starling/shared']), `${rig.authority.root}\n${next.root}`);
    expect((await rig.ask(`${paths.self}?from=there`)).status).toBe(502);
    rig.gateway.renew({ ...rig.material(), rootsPem: `${rig.authority.root}\n${next.root}` });
    expect((await rig.ask(`${paths.self}?from=there`)).status).toBe(200);
    await eventually('the stream to be opened again', () => rig.node.streamPaths.length === 2 && page.messages.length === 2);
    expect(page.messages.every(({ type }) => type === 'snapshot')).toBe(true);
  });
});
