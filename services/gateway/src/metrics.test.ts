import { expect, it } from 'vitest';
import { createMetrics } from './metrics.js';

it('the metrics tell how the gateway is', async () => {
  const { registry, upstreamLosses } = createMetrics({ version: '1.2.3', streams: () => 3, logLinesDropped: () => 4, targetsAnswering: () => ({ here: true, there: false }), certificate: () => ({ notBeforeMs: 1_500, notAfterMs: 60_000 }) });
  upstreamLosses.inc({ target: 'here' });
  const text = await registry.metrics();
  expect(text.split('\n')).toEqual(expect.arrayContaining([
    'starling_build_info{version="1.2.3"} 1', 'starling_gateway_streams 3', 'starling_log_lines_dropped_total 4', 'starling_gateway_target_up{target="here"} 1', 'starling_gateway_target_up{target="there"} 0', 'starling_certificate_not_before_timestamp_seconds 1.5', 'starling_certificate_not_after_timestamp_seconds 60', 'starling_gateway_upstream_losses_total{target="here"} 1',
  ]));
  const names = registry.getMetricsAsArray().map(({ name }) => name);
  expect(names.filter((name) => !/^(?:starling|process|nodejs)_/.test(name))).toEqual([]);
  expect(names).toEqual(expect.arrayContaining(['nodejs_eventloop_lag_seconds', 'process_cpu_seconds_total', 'process_resident_memory_bytes', 'process_start_time_seconds']));
});
