import net from 'node:net';
import { type GatewayStatus, paths, schemas } from '@starling/contract';
import { describe, expect, it, vi } from 'vitest';
import { createTestAuthority } from '../../../test/support/authority.js';
import { contractFault } from '../../../test/support/contract-check.js';
import { eventually } from '../../../test/support/eventually.js';
import { host, id, problemOf, useGatewayRig } from '../../../test/support/gateway-rig.js';
import { refusedWith } from '../../../test/support/web-socket.js';
import { gatewayLimits } from './gateway-limits.js';

const rig = useGatewayRig();

describe('the page', () => {
  it('is served with headers that allow nothing from elsewhere', async () => {
    const answer = await rig.ask('/');
    expect([answer.status, answer.text]).toEqual([200, '<!doctype html>']);
    expect(answer.headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY', 'referrer-policy': 'no-referrer', 'cache-control': 'no-cache' });
    expect(answer.headers['content-security-policy']).toContain("default-src 'none'");
    expect(answer.headers['content-security-policy']).not.toContain('unsafe');
  });

  it('has assets that may be kept, and no files that begin with a dot or lie elsewhere', async () => {
    expect((await rig.ask('/assets/main-1a2b.js')).headers['cache-control']).toContain('immutable');
    expect((await rig.ask('/.secret')).status).toBe(404);
    for (const escape of ['/../package.json', '/%2e%2e/package.json', '/..%2fpackage.json']) expect((await rig.ask(escape)).status).toBeGreaterThanOrEqual(400);
  });
});

describe('a browser', () => {
  it.each([['localhost:8080'], ['127.0.0.1'], ['[::1]:8080'], ['page.example'], ['PAGE.example:443'], ['a.pages.example'], ['a.b.pages.example:80']])('may ask for %s', async (name) => {
    expect((await rig.ask('/', { headers: { host: name } })).status).toBe(200);
  });

  it.each([['evil.example'], ['page.example.evil.example'], ['a.page.example'], ['pages.example'], ['evilpages.example'], ['.pages.example'], ['a.pages.example.evil.example'], ['*.pages.example'], ['a/b']])('may not ask for "%s"', async (name) => {
    const answer = await rig.ask(paths.nodes, { headers: { host: name } });
    expect([answer.status, problemOf(answer).type]).toEqual([403, 'urn:starling:problem:foreign-host']);
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
    expect(rig.node.asked).not.toContain(paths.nodes);
  });

  it('may ask from the page itself and from no other', async () => {
    expect((await rig.ask(paths.nodes, { headers: { host: 'page.example', origin: 'https://page.example' } })).status).toBe(200);
    for (const origin of ['https://evil.example', 'http://localhost:3000', 'null']) {
      expect(problemOf(await rig.ask(paths.nodes, { headers: { host: 'page.example', origin } })).type).toBe('urn:starling:problem:foreign-origin');
    }
    expect(await refusedWith(rig.watch('', { headers: { origin: 'https://evil.example' } }).socket)).toBe(403);
    expect(await refusedWith(rig.watch('', { headers: { host: 'evil.example' } }).socket)).toBe(403);
  });

  it('that is refused a stream does not keep its connection', async () => {
    const socket = net.connect(rig.gateway.address.port, host);
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.on('error', () => undefined).resume();
    socket.write(`GET ${paths.stream} HTTP/1.1\r\nHost: evil.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`);
    await closed;
  });

  it.each([['/', 'h2c'], [paths.nodes, 'websocket']])('that offers to upgrade %s to %s is answered as if it had not', async (url, upgrade) => {
    expect((await rig.ask(url, { headers: { connection: 'Upgrade', upgrade } })).status).toBe(200);
  });

  it('that does not take the answer to such a request does not hold up the end', async () => {
    // More than the kernel and the gateway take for one who does not read.
    rig.node.padding = 'x'.repeat(30_000_000);
    const socket = net.connect(rig.gateway.address.port, host).on('error', () => undefined);
    socket.write(`GET ${paths.nodes} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n`);
    await new Promise((resolve) => socket.once('readable', resolve));
    await rig.gateway.close();
    socket.destroy();
  });

  it('that says nothing keeps nobody out, and ends no stream', async () => {
    const page = rig.watch();
    await eventually('the snapshot', () => page.messages.length === 1);
    const silent = Array.from({ length: 2 * gatewayLimits.maxConnections }, () => net.connect(rig.gateway.address.port, host).on('error', () => undefined).resume());
    await eventually('all to have come, and half of them to have given way', () => silent.every((socket) => !socket.connecting) && silent.filter((socket) => socket.closed).length >= gatewayLimits.maxConnections);
    expect((await rig.ask('/')).status).toBe(200);
    expect(rig.gateway.streams).toBe(1);
    for (const socket of silent) socket.destroy();
  });

  it.each([
    ['POST', paths.nodes, 405, 'method-not-allowed'],
    ['DELETE', '/', 405, 'method-not-allowed'],
    ['GET', '/v1/admin', 404, 'unknown-path'],
    ['GET', '/v1/nodes/zz', 400, 'malformed-request'],
    ['GET', `${paths.nodes}?from=nowhere`, 404, 'unknown-target'],
    ['GET', `${paths.stream}`, 426, 'upgrade-required'],
    ['GET', `${paths.stream}?from=nowhere`, 404, 'unknown-target'],
    ['GET', '/%ff', 400, 'malformed-request'],
  ])('is told what is wrong with %s %s', async (method, url, status, name) => {
    const answer = await rig.ask(url, { method });
    expect([answer.status, answer.headers['content-type'], problemOf(answer).type]).toEqual([status, 'application/problem+json', `urn:starling:problem:${name}`]);
  });
});

describe('questions', () => {
  it.each([[paths.self], [paths.nodes], [paths.peers], [paths.openapi], [paths.node(id)], [paths.record(id)]])('for %s go to the designated node, and its answer comes back', async (url) => {
    const answer = await rig.ask(`${url}?x=1`);
    expect([answer.status, answer.headers['content-type'], JSON.parse(answer.text).path]).toEqual([200, 'application/json; charset=utf-8', url]);
    expect(answer.headers['x-secret']).toBeUndefined();
  });

  it('go to another node that is named', async () => {
    await rig.ask(`${paths.peers}?from=there`);
    expect(rig.other.asked).toContain(paths.peers);
    expect(rig.node.asked).not.toContain(paths.peers);
  });

  it('come back with what the node could not find, and without its other failures', async () => {
    rig.node.status = 404;
    expect((await rig.ask(paths.node(id))).status).toBe(404);
    for (rig.node.status of [500, 302, 403]) {
      const answer = await rig.ask(paths.node(id));
      expect([answer.status, problemOf(answer).type]).toEqual([502, 'urn:starling:problem:node-away']);
      expect(answer.text).not.toContain('words of the node');
    }
  });

  it('are answered with what to do when the node is away', async () => {
    await rig.node.kill();
    const answer = await rig.ask(paths.self);
    expect(answer.status).toBe(502);
    expect(problemOf(answer).detail).toBe('here: nothing listens at its address. Start the node, or correct the address of the target.');
    const status = JSON.parse((await rig.ask(paths.gateway)).text) as GatewayStatus;
    expect(contractFault(schemas.gatewayStatus, status)).toBeNull();
    expect(status).toMatchObject({ designated: 'here', targets: [{ name: 'here' }, { name: 'there' }], upstream: { state: 'away' } });
  });

  it.each([
    ['the leaf of a gateway', () => rig.authority.issue(['spiffe://starling/gateway/x'])],
    ['a leaf of another cluster', () => rig.authority.issue([`spiffe://sparrow/node/${id}`])],
    ['a leaf with two URIs', () => rig.authority.issue([`spiffe://starling/node/${id}`, 'spiffe://starling/shared'])],
    ['a leaf of another root', async () => (await createTestAuthority('Foreign')).issue([`spiffe://starling/node/${id}`])],
  ])('are not put to a server that shows %s', async (_what, issue) => {
    await rig.replaceNode(await issue());
    const answer = await rig.ask(paths.self);
    expect([answer.status, rig.node.asked]).toEqual([502, []]);
    expect(problemOf(answer).detail).toMatch(/certificate/);
    const page = rig.watch();
    const told = await eventually('the page to hear that the node is away', () => page.messages[0]);
    expect(told).toMatchObject({ type: 'upstream', upstream: { state: 'away', detail: expect.stringMatching(/certificate/) as string } });
    expect(rig.node.streamPaths).toEqual([]);
  });
});

describe('the gateway itself', () => {
  it.each([[paths.gateway], [paths.trust], [paths.self], ['/v1/admin']])('lets nobody keep what it answers at %s', async (url) => {
    expect((await rig.ask(url)).headers['cache-control']).toBe('no-store');
  });

  it('says how the designated node is, without being asked to ask it', async () => {
    await eventually('the node to be asked', () => rig.node.asked.includes(paths.self));
    const status = await eventually('the node to be up', async () => {
      const answer = JSON.parse((await rig.ask(paths.gateway)).text) as GatewayStatus;
      return answer.upstream.state === 'up' && answer;
    });
    expect(status.upstream.detail).toBeNull();
    expect(JSON.parse((await rig.ask(`${paths.gateway}?from=there`)).text)).toMatchObject({ designated: 'there' });
  });

  it('tells how targets are that were asked lately, and of no others', async () => {
    const told = async () => (await rig.gateway.metrics.registry.metrics()).split('\n').filter((line) => line.startsWith('starling_gateway_target_up{'));
    await eventually('the designated node to be asked', async () => (await told()).length > 0);
    expect(await told()).toEqual(['starling_gateway_target_up{target="here"} 1']);
    await rig.ask(`${paths.self}?from=there`);
    expect(await told()).toEqual(['starling_gateway_target_up{target="here"} 1', 'starling_gateway_target_up{target="there"} 1']);
    rig.other.status = 403;
    await rig.ask(`${paths.self}?from=there`);
    expect(await told()).toContain('starling_gateway_target_up{target="there"} 0');
    const later = performance.now() + gatewayLimits.heardLatelyMs + 1;
    const clock = vi.spyOn(performance, 'now').mockReturnValue(later);
    const afterwards = await told();
    clock.mockRestore();
    expect(afterwards).toEqual([]);
  });

  it('keeps asking the designated node while pages look from another, and logs when it goes', async () => {
    const page = rig.watch('?from=there');
    await eventually('the snapshot', () => page.messages.length === 1);
    await rig.node.kill();
    await eventually('its absence to be told', async () => (await rig.gateway.metrics.registry.metrics()).includes('starling_gateway_target_up{target="here"} 0'));
    await eventually('its absence to be logged', () => rig.logged.some((line) => line.includes('The designated node cannot be reached') && line.includes('here: nothing listens')));
    expect(await rig.gateway.metrics.registry.metrics()).toContain('starling_gateway_target_up{target="there"} 1');
    await rig.node.open(rig.nodeLeaf, rig.authority.root);
    await eventually('its return to be logged', () => rig.logged.some((line) => line.includes('The designated node answers again')));
  });

  it('hands out the roots', async () => {
    const answer: unknown = JSON.parse((await rig.ask(paths.trust)).text);
    expect(contractFault(schemas.trustAnswer, answer)).toBeNull();
    expect(answer).toEqual({ roots: [{ fingerprint: 'ff', pem: rig.authority.root }] });
  });

  it('counts what it does', async () => {
    await rig.ask(paths.self);
    const text = await rig.gateway.metrics.registry.metrics();
    expect(text).toContain('starling_gateway_target_up{target="here"} 1');
    expect(text).toMatch(/^starling_build_info\{version="\d+\.\d+\.\d+"\} 1$/m);
    expect(text).toMatch(/starling_gateway_requests_total\{status="200"\} \d/);
  });
});
