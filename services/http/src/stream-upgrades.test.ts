import http from 'node:http';
import net from 'node:net';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { streamUpgrades } from './stream-upgrades.js';

const host = '127.0.0.1';
/** More than any buffer on the way takes at once. */
const [piece, pieces] = ['x'.repeat(1_000_000), 20];
let server: http.Server;
let upgraded: string[];

/** Everything that comes back until the connection ends. */
function offer(path: string, protocol: string, method = 'GET'): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = net.connect((server.address() as net.AddressInfo).port, host);
    socket.write(`${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`);
    socket.on('data', (chunk) => chunks.push(chunk)).on('error', reject).on('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
  });
}

beforeEach(async () => {
  upgraded = [];
  server = http.createServer((request, response) => {
    if (request.url === '/large') Readable.from(Array<string>(pieces).fill(piece)).pipe(response);
    else response.end('plain');
  });
  streamUpgrades(server, '/stream').on('upgrade', (request, socket) => {
    upgraded.push(request.url ?? '');
    socket.end('taken');
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

describe('an offer to upgrade', () => {
  it('is taken for a WebSocket where the stream is', async () => {
    expect(await offer('/stream?resume=x', 'WebSocket')).toBe('taken');
    expect(upgraded).toEqual(['/stream?resume=x']);
  });

  it.each([
    ['of a WebSocket elsewhere', '/other', 'websocket', 'GET'],
    ['of HTTP/2', '/', 'h2c', 'GET'],
    ['of HTTP/2 where the stream is', '/stream', 'h2c', 'GET'],
    ['by another method', '/stream', 'websocket', 'POST'],
  ])('%s is passed over, and the request answered', async (_what, path, protocol, method) => {
    const answer = await offer(path, protocol, method);
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n(?:.+\r\n)*Connection: close\r\n/);
    expect(answer).toMatch(/\r\nplain(?:\r\n0\r\n\r\n)?$/);
    expect(upgraded).toEqual([]);
  });

  it.each([
    ['is reset', (socket: net.Socket) => socket.resetAndDestroy()],
    ['does not take its answer', (socket: net.Socket) => socket.pause()],
  ])('by a client that %s costs nothing for long', async (_what, treat) => {
    server.setTimeout(50);
    const ended = new Promise((resolve) => server.once('connection', (socket: net.Socket) => socket.on('close', resolve)));
    const client = net.connect((server.address() as net.AddressInfo).port, host).on('error', () => undefined);
    client.write(`GET /large HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n`);
    await new Promise((resolve) => client.once('readable', resolve));
    treat(client);
    await ended;
    expect(await offer('/', 'h2c')).toContain('plain');
  });

  it('does not cut a long answer', async () => {
    expect((await offer('/large', 'h2c')).length).toBeGreaterThan(pieces * piece.length);
  });
});
