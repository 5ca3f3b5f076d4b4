/** What the chart makes for Prometheus and Grafana. */
import { describe, expect, it } from 'vitest';
import { at, chart, objects, one, withoutHelm } from './helm.js';

describe.skipIf(withoutHelm !== '')(`the monitors${withoutHelm}`, () => {
  it.each(['starling', 'starling-network'])('%s is scraped as the values say', (name) => {
    const monitor = one(objects(['--values', `${chart}/ci/everything.yaml`]), 'PodMonitor', name);
    expect(at(monitor, 'spec.podMetricsEndpoints')).toMatchObject([{ port: 'metrics', interval: '15s', scrapeTimeout: '5s' }]);
  });
});

interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly templating: { readonly list: readonly { readonly name: string; readonly current?: unknown }[] };
}

describe.skipIf(withoutHelm !== '')(`the dashboard${withoutHelm}`, () => {
  const dashboardOf = (...args: string[]): Dashboard => {
    const [text] = Object.values(one(objects(['--set', 'monitoring.dashboard.enabled=true', ...args]), 'ConfigMap', `${args.length === 0 ? 'starling' : 'other'}-dashboard`)['data'] as Record<string, string>);
    return JSON.parse(text ?? '') as Dashboard;
  };

  it('of each release is one of its own to Grafana', () => {
    const [first, second] = [dashboardOf(), dashboardOf('--set', 'fullnameOverride=other')];
    expect(first.uid).not.toBe(second.uid);
    expect([first.title, second.title]).toEqual(['Starling (demo/starling)', 'Starling (demo/other)']);
    // What Grafana takes.
    for (const { uid } of [first, second]) expect(uid).toMatch(/^[A-Za-z0-9_-]{1,40}$/);
  });

  it('begins with the namespace of its release', () => {
    expect(dashboardOf().templating.list.find(({ name }) => name === 'namespace')?.current).toEqual({ text: 'demo', value: 'demo' });
  });
});
