import { afterEach, describe, expect, it } from 'vitest';
import { type MetricsServer, createMetrics, openMetrics } from './metrics.js';

const host = '127.0.0.1';
let server: MetricsServer;
let ready = true;
const get = async (path: string): Promise<[number, string]> => {
  const response = await fetch(`http://${host}:${server.address.port}${path}`);
  return [response.status, await response.text()];
};

afterEach(() => server.close());

describe('the port of the metrics', () => {
  it('tells how the gateway is', async () => {
    const metrics = createMetrics({ version: '1.2.3', streams: () => 3, targetsAnswering: () => ({ here: true, there: false }), certificate: () => ({ notBeforeMs: 1_500, notAfterMs: 60_000 }) });
    metrics.upstreamLosses.inc({ target: 'here' });
    server = await openMetrics({ host, port: 0 }, metrics.registry, () => ready);
    const [status, text] = await get('/metrics');
    expect(status).toBe(200);
    expect(text.split('\n')).toEqual(expect.arrayContaining([
      'starling_build_info{version="1.2.3"} 1', 'starling_gateway_streams 3', 'starling_gateway_target_up{target="here"} 1', 'starling_gateway_target_up{target="there"} 0', 'starling_certificate_not_before_timestamp_seconds 1.5', 'starling_certificate_not_after_timestamp_seconds 60', 'starling_gateway_upstream_losses_total{target="here"} 1',
    ]));
    const names = metrics.registry.getMetricsAsArray().map(({ name }) => name);
    expect(names.filter((name) => !/^(?:starling|process|nodejs)_/.test(name))).toEqual([]);
    expect(names).toEqual(expect.arrayContaining(['nodejs_eventloop_lag_seconds', 'process_cpu_seconds_total', 'process_resident_memory_bytes', 'process_start_time_seconds']));
    expect(await get('/livez')).toEqual([200, 'live\n']);
    expect(await get('/readyz')).toEqual([200, 'ready\n']);
    ready = false;
    expect(await get('/readyz')).toEqual([503, 'stopping\n']);
    expect((await get('/'))[0]).toBe(404);
  });
});
