import http from 'node:http';
import net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../test/support/eventually.js';
import { answerTo } from '../../../test/support/http-answer.js';
import { type MetricsPort, type MetricsPortOptions, metricsPortLimits, openMetricsPort } from './metrics-port.js';

const host = '127.0.0.1';
const prometheus = 'text/plain; version=0.0.4; charset=utf-8';
let opened: MetricsPort | null = null;
const clients: net.Socket[] = [];
let ready = { ready: true, reason: '' };
let live = true;

async function open(changes: Partial<MetricsPortOptions> = {}): Promise<void> {
  opened = await openMetricsPort({ listen: { host, port: 0 }, registry: { contentType: prometheus, metrics: () => Promise.resolve('starling_test_total 1\n') }, ready: () => ready, live: () => live, ...changes });
}

const port = () => opened?.address.port ?? 0;
const ask = (path: string, options: http.RequestOptions = {}) => answerTo(http.request({ host, port: port(), path, agent: false, ...options }));

function connect(): net.Socket {
  const client = net.connect(port(), host);
  client.on('error', () => undefined);
  clients.push(client);
  return client;
}

afterEach(async () => {
  [ready, live] = [{ ready: true, reason: '' }, true];
  for (const client of clients.splice(0)) client.destroy();
  await opened?.close();
  opened = null;
});

describe('the port', () => {
  it('gives the metrics in the text format, and says what else there is', async () => {
    await open({ long: { path: '/metrics/all', pieces: () => ['a 1\n', 'b 2\n'] } });
    expect(await ask('/metrics')).toMatchObject({ status: 200, headers: { 'content-type': prometheus }, text: 'starling_test_total 1\n' });
    expect(await ask('/metrics/all')).toMatchObject({ status: 200, headers: { 'content-type': prometheus }, text: 'a 1\nb 2\n' });
    expect(await ask('/v1/nodes')).toMatchObject({ status: 404, text: 'There is /metrics, /metrics/all, /livez and /readyz\n' });
    expect((await ask('/metrics', { method: 'POST' })).status).toBe(404);
  });

  it('says whether the process is ready and live, and why not', async () => {
    await open();
    expect(await ask('/readyz')).toMatchObject({ status: 200, text: 'ready\n' });
    expect(await ask('/livez')).toMatchObject({ status: 200, text: 'live\n' });
    [ready, live] = [{ ready: false, reason: 'no peers yet' }, false];
    expect(await ask('/readyz')).toMatchObject({ status: 503, headers: { 'content-type': 'text/plain; charset=utf-8' }, text: 'no peers yet\n' });
    expect((await ask('/livez')).status).toBe(503);
  });

  it('cannot be had twice', async () => {
    await open();
    await expect(open({ listen: { host, port: port() } })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('answers at a loopback address to its names only', async () => {
    await open();
    expect(await ask('/metrics', { headers: { host: 'evil.example:9742' } })).toMatchObject({ status: 403, text: expect.stringMatching(/loopback/) as string });
    expect((await ask('/metrics', { headers: { origin: 'http://evil.example' } })).status).toBe(403);
    for (const name of ['localhost:9742', '127.0.0.1', '[::1]:9742']) expect((await ask('/livez', { headers: { host: name } })).status).toBe(200);
  });

  it('answers elsewhere to any name', async () => {
    await open({ listen: { host: '0.0.0.0', port: 0 } });
    expect((await ask('/livez', { headers: { host: 'pod-0.example:9742' } })).status).toBe(200);
  });
});

describe('connections that ask nothing', () => {
  it('do not keep a probe out', async () => {
    await open();
    const first = connect().resume();
    const closed = new Promise((resolve) => first.on('close', resolve));
    await Promise.all([first, ...Array.from({ length: 2 * metricsPortLimits.maxConnections }, connect)].map((client) => new Promise((resolve) => client.once('connect', resolve))));
    expect((await ask('/livez')).status).toBe(200);
    await closed;
  });

  it('are closed after a while', async () => {
    await open({ limits: { timeoutMs: 50 } });
    const client = connect().resume();
    await new Promise((resolve) => client.on('close', resolve));
  });

  it('are closed soon after an answer', async () => {
    await open({ limits: { keepAliveTimeoutMs: 50 } });
    const client = connect();
    client.write(`GET /livez HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    await new Promise((resolve) => client.resume().on('close', resolve));
  });
});

describe('a long exposition', () => {
  const piece = `${'x'.repeat(metricsPortLimits.chunkLength)}\n`;
  /** More than the kernel takes for one who does not read. */
  const endless = function* () {
    for (let i = 0; i < 10_000; i++) yield piece;
  };
  const scrape = () => ask('/long').then(({ status }) => status);

  async function unread(): Promise<net.Socket> {
    const client = connect();
    client.write(`GET /long HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    await new Promise((resolve) => client.once('readable', resolve));
    return client;
  }

  it('lets everything else have its turn between any two pieces', async () => {
    let turn = 0;
    let ended = false;
    const count = () => {
      turn += 1;
      if (!ended) setImmediate(count);
    };
    count();
    const turns: number[] = [];
    const pieces = function* () {
      for (let i = 0; i < 50; i++) {
        turns.push(turn);
        yield piece;
      }
    };
    await open({ long: { path: '/long', pieces } });
    expect((await ask('/long')).text).toHaveLength(50 * piece.length);
    ended = true;
    expect(new Set(turns).size).toBe(50);
  });

  it('is under way once at a time', async () => {
    await open({ long: { path: '/long', pieces: endless } });
    const client = await unread();
    expect(await ask('/long')).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    expect((await ask('/livez')).status).toBe(200);
    client.destroy();
    await eventually('the next one to be answered', async () => (await ask('/long', { method: 'HEAD' })).status === 200);
  });

  it('is given up when the other side does not take it', async () => {
    await open({ long: { path: '/long', pieces: endless }, limits: { expositionDeadlineMs: 50 } });
    const client = await unread();
    const closed = new Promise((resolve) => client.on('close', resolve));
    await eventually('the next one to be taken', async () => (await scrape().catch(() => 200)) === 200);
    client.resume();
    await closed;
  });

  it('that fails leaves the path to the next', async () => {
    let fails = true;
    const pieces = function* () {
      yield piece;
      if (fails) throw new Error('the source is broken');
    };
    await open({ long: { path: '/long', pieces } });
    await expect(scrape()).rejects.toThrow();
    fails = false;
    await eventually('the next one to be answered', async () => (await scrape()) === 200);
  });
});
