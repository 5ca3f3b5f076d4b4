/** What the API answers and refuses, the stream, and plain HTTP. Certificates and connections are in api-connections.test.ts. */
import type https from 'node:https';
import net from 'node:net';
import { type Problem, type RecordAnswer, type SnapshotMessage, paths, schemas } from '@starling/contract';
import { decodeBundle } from '@starling/gossip';
import { beforeEach, describe, expect, it } from 'vitest';
import { clock, host, other, useApiRig } from '../../../../test/support/api-rig.js';
import { contractFault } from '../../../../test/support/contract-check.js';
import { eventually } from '../../../../test/support/eventually.js';
import { closedWith, received, refusedWith } from '../../../../test/support/web-socket.js';
import { apiLimits } from './api-limits.js';

const rig = useApiRig();

describe('over mutual TLS', () => {
  beforeEach(() => rig.open());

  it.each([
    [paths.self, schemas.self],
    [paths.nodes, schemas.nodes],
    [paths.node(other), schemas.nodeAnswer],
    [paths.record(other), schemas.recordAnswer],
    [paths.peers, schemas.peers],
  ])('answers %s as the contract says', async (path, schema) => {
    const { status, type, headers, body } = await rig.ask(path);
    expect([status, type, headers['cache-control']]).toEqual([200, 'application/json; charset=utf-8', 'no-store']);
    expect(contractFault(schema, body)).toBeNull();
  });

  it('loses nothing of what the source says on the way out', async () => {
    const { body } = await rig.ask(paths.node(other));
    expect(body).toMatchObject({ node: { name: 'plover', labels: { zone: 'a' }, values: { 'system.cpu.utilization': 0.42 }, metrics: [{ name: 'system.cpu.utilization', unit: '1', type: 'gauge' }] } });
    const record = (await rig.ask(paths.record(other))).body as RecordAnswer;
    expect(decodeBundle(Buffer.from(record.bundles[0]?.bytes ?? '', 'base64')).ok).toBe(true);
  });

  it('describes its paths', async () => {
    const { body } = await rig.ask(paths.openapi);
    expect(Object.keys((body as { paths: object }).paths)).toEqual([paths.self, paths.nodes, '/v1/nodes/{id}', '/v1/nodes/{id}/record', paths.peers, paths.stream]);
  });

  const refusals: [string, string, https.RequestOptions & { body?: string }, number, string][] = [
    ['a node that it does not know', paths.node('cc'.repeat(32)), {}, 404, 'unknown-node'],
    ['the record of a node that it does not know', paths.record('cc'.repeat(32)), {}, 404, 'unknown-node'],
    ['an id that is none', paths.node('zz'), {}, 400, 'malformed-request'],
    ['a path that is none', '/v2/nodes', {}, 404, 'unknown-path'],
    ['an endless path', `/${'a'.repeat(300)}`, {}, 404, 'unknown-path'],
    ['a path that cannot be decoded', '/v1/nodes/%ff', {}, 400, 'malformed-request'],
    ['another method', paths.nodes, { method: 'DELETE' }, 405, 'method-not-allowed'],
    ['a method on a node', paths.node(other), { method: 'POST', headers: { 'content-length': '2' }, body: '{}' }, 405, 'method-not-allowed'],
    ['a body', paths.nodes, { method: 'POST', headers: { 'content-length': '2000', 'content-type': 'text/plain' }, body: 'x'.repeat(2_000) }, 413, 'too-large'],
    ['headers without end', paths.nodes, { headers: { 'x-much': 'y'.repeat(10_000) } }, 431, 'headers-too-large'],
    ['a stream that is no WebSocket', paths.stream, {}, 426, 'upgrade-required'],
  ];

  it.each(refusals)('refuses %s with a problem', async (_what, path, options, status, name) => {
    const answer = await rig.ask(path, options);
    expect([answer.status, answer.type]).toEqual([status, 'application/problem+json']);
    if (status !== 431) expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.body).toMatchObject({ type: `urn:starling:problem:${name}`, status });
    const { title, detail } = answer.body as Problem;
    expect([typeof title, typeof detail]).toEqual(['string', 'string']);
    if (status === 405) expect(answer.headers.allow).toBe('GET, HEAD');
  });

  it('answers our own mistakes without their words', async () => {
    rig.view.peers = () => {
      throw new Error('a secret');
    };
    const { status, body } = await rig.ask(paths.peers);
    expect(status).toBe(500);
    expect(JSON.stringify(body)).not.toContain('secret');
  });

  it('answers what is not HTTP, and goes on', async () => {
    const text = await new Promise<string>((resolve, reject) => {
      let answer = '';
      const socket = net.connect(rig.port, host, () => socket.write('GARBAGE\r\n\r\n'));
      socket.on('data', (chunk) => (answer += chunk.toString('latin1'))).on('error', reject).on('close', () => resolve(answer));
    });
    expect(text).not.toContain('starling');
    expect((await rig.ask(paths.self)).status).toBe(200);
  });
});

describe('the stream', () => {
  beforeEach(() => rig.open());

  it('begins with a snapshot, tells what changes, and goes on after a drop', async () => {
    const socket = rig.stream();
    const snapshot = await received<SnapshotMessage>(socket);
    expect(snapshot).toMatchObject({ type: 'snapshot', cluster: 'starling', counts: { alive: 2 } });
    expect(contractFault(schemas.snapshotMessage, snapshot)).toBeNull();
    const next = received<SnapshotMessage>(socket);
    rig.view.onEvent({ type: 'member-changed', origin: other, state: 'suspect', previous: 'alive', incarnation: 1 }, clock.now());
    const changes = await next;
    expect(contractFault(schemas.changesMessage, changes)).toBeNull();
    expect(changes.nodes).toMatchObject([{ id: other, state: 'suspect' }]);
    const resumed = await received<SnapshotMessage>(rig.stream(`?resume=${snapshot.session}:${snapshot.sequence}`));
    expect(resumed).toMatchObject({ type: 'changes', nodes: [{ id: other, state: 'suspect' }] });
  });

  it('ends with a reason when the client speaks', async () => {
    const socket = rig.stream();
    await received<SnapshotMessage>(socket);
    const closed = closedWith(socket);
    socket.send('hello');
    expect(await closed).toEqual([1008, 'this stream takes no messages']);
  });

  it('ends when the client sends more than a message may have', async () => {
    const socket = rig.stream();
    await received<SnapshotMessage>(socket);
    const closed = closedWith(socket);
    socket.send('x'.repeat(apiLimits.maxClientMessageBytes + 1));
    expect((await closed)[0]).toBe(1009);
  });

  it('is refused for a resume of no form', async () => {
    expect(await refusedWith(rig.stream('?resume=yesterday'))).toBe(400);
  });

  it('is refused when too many are open, and taken again when one has ended', async () => {
    const sockets = Array.from({ length: apiLimits.maxStreams }, () => rig.stream());
    await Promise.all(sockets.map(received));
    expect(await refusedWith(rig.stream())).toBe(503);
    sockets[0]?.close();
    await eventually('a stream to end', () => rig.api.streams < apiLimits.maxStreams);
    expect((await received<SnapshotMessage>(rig.stream())).type).toBe('snapshot');
  });

  it('ends when the node stops, also for a client that does not answer', async () => {
    const socket = rig.stream();
    await received<SnapshotMessage>(socket);
    socket.pause();
    await rig.api.close();
    expect(rig.api.streams).toBe(0);
  });
});

describe('in plain HTTP', () => {
  it('is to be had on loopback only', async () => {
    await expect(rig.open({ listen: { host: '0.0.0.0', port: 0 }, tls: () => null })).rejects.toThrow(/loopback/);
  });

  it('answers this machine and no page of another site', async () => {
    await rig.open({ tls: () => null });
    expect((await rig.ask(paths.self, { plain: true })).status).toBe(200);
    expect((await rig.ask(paths.self, { plain: true, headers: { host: 'evil.example' } })).body).toMatchObject({ type: 'urn:starling:problem:foreign-host' });
    expect((await rig.ask(paths.self, { plain: true, headers: { origin: 'https://evil.example' } })).body).toMatchObject({ type: 'urn:starling:problem:foreign-origin' });
    expect((await rig.ask(paths.self, { plain: true, headers: { origin: 'http://localhost:5173' } })).status).toBe(200);
  });

  it('gives back the connection of a stream that it refused', async () => {
    await rig.open({ tls: () => null });
    const socket = net.connect(rig.port, host);
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.on('error', () => undefined).resume();
    socket.write(`GET ${paths.stream} HTTP/1.1\r\nHost: evil.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`);
    await closed;
  });
});
