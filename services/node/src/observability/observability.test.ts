import { Counter, Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Observability, openObservability } from './observability.js';

const host = '127.0.0.1';
let ready = { ready: true, reason: '' };
let live = true;
let opened: Observability;

async function get(path: string, method = 'GET'): Promise<[number, string, string]> {
  const response = await fetch(`http://${host}:${opened.address.port}${path}`, { method });
  return [response.status, response.headers.get('content-type') ?? '', await response.text()];
}

beforeEach(async () => {
  const registry = new Registry();
  new Counter({ name: 'starling_test_total', help: 'x', registers: [registry] }).inc();
  ready = { ready: true, reason: '' };
  live = true;
  opened = await openObservability({ listen: { host, port: 0 }, registry, network: { nodes: () => [], detail: () => null }, ready: () => ready, live: () => live });
});

afterEach(() => opened.close());

describe('the port of the metrics', () => {
  it('gives the metrics of this node and of the network in the text format', async () => {
    expect(await get('/metrics')).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8', expect.stringContaining('starling_test_total 1')]);
    expect(await get('/metrics/network')).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8', expect.stringContaining('starling_network_series_omitted 0')]);
  });

  it('says whether the node is ready and live, and why not', async () => {
    expect((await get('/readyz')).slice(0, 1)).toEqual([200]);
    expect((await get('/livez')).slice(0, 1)).toEqual([200]);
    ready = { ready: false, reason: 'no peers yet' };
    live = false;
    expect(await get('/readyz')).toEqual([503, 'text/plain; charset=utf-8', 'no peers yet\n']);
    expect((await get('/livez'))[0]).toBe(503);
  });

  it('has nothing else', async () => {
    expect((await get('/v1/nodes'))[0]).toBe(404);
    expect((await get('/metrics', 'POST'))[0]).toBe(404);
  });

  it('cannot be had twice', async () => {
    const again = openObservability({ listen: opened.address, registry: new Registry(), network: { nodes: () => [], detail: () => null }, ready: () => ready, live: () => live });
    await expect(again).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
