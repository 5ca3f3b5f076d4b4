/** What the chart makes for Prometheus and Grafana. */
import { describe, expect, it } from 'vitest';
import { at, chart, objects, one, withoutHelm } from './helm.js';

describe.skipIf(withoutHelm !== '')(`the monitors${withoutHelm}`, () => {
  it.each(['starling', 'starling-network'])('%s is scraped as the values say', (name) => {
    const monitor = one(objects(['--values', `${chart}/ci/everything.yaml`]), 'PodMonitor', name);
    expect(at(monitor, 'spec.podMetricsEndpoints')).toMatchObject([{ port: 'metrics', interval: '15s', scrapeTimeout: '5s' }]);
  });
});
