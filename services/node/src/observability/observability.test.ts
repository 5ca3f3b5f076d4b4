import { Counter, Registry } from 'prom-client';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Observability, openObservability } from './observability.js';

const host = '127.0.0.1';
let opened: Observability;

beforeEach(async () => {
  const registry = new Registry();
  new Counter({ name: 'starling_test_total', help: 'x', registers: [registry] }).inc();
  opened = await openObservability({ listen: { host, port: 0 }, registry, network: { nodes: () => [], detail: () => null }, ready: () => ({ ready: false, reason: 'no peers yet' }), live: () => true });
});

afterEach(() => opened.close());

it.each([
  ['/metrics', 200, 'text/plain; version=0.0.4; charset=utf-8', 'starling_test_total 1'],
  ['/metrics/network', 200, 'text/plain; version=0.0.4; charset=utf-8', 'starling_network_series_omitted 0'],
  ['/readyz', 503, 'text/plain; charset=utf-8', 'no peers yet'],
  ['/livez', 200, 'text/plain; charset=utf-8', 'live'],
])('the port of the metrics has %s', async (path, status, type, text) => {
  const answer = await fetch(`http://${host}:${opened.address.port}${path}`);
  expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([status, type, expect.stringContaining(text)]);
});
