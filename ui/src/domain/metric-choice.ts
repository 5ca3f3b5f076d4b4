/** Which metrics there are to choose from. */
import type { MetricDefinition } from '@starling/contract';
import type { NetworkView } from './network-view.js';

/** The first of these that somebody reports is shown unless another is chosen. */
const preferred = ['system.cpu.utilization', 'process.cpu.utilization', 'container.cpu.utilization'];

/** All that anybody alive reports, in the order of the first who does. */
export function metricsOf(view: NetworkView): MetricDefinition[] {
  const found = new Map<string, MetricDefinition>();
  const seen = new Set<readonly MetricDefinition[]>();
  for (const { particulars } of view.nodes.values()) {
    if (particulars === null || seen.has(particulars.metrics)) continue;
    seen.add(particulars.metrics);
    for (const metric of particulars.metrics) if (!found.has(metric.name)) found.set(metric.name, metric);
  }
  return [...found.values()];
}

/** Null when nobody reports anything. */
export function chooseMetric(metrics: readonly MetricDefinition[], wanted: string | null): MetricDefinition | null {
  const byName = (name: string) => metrics.find((metric) => metric.name === name);
  if (wanted !== null) {
    const found = byName(wanted);
    if (found !== undefined) return found;
  }
  for (const name of preferred) {
    const found = byName(name);
    if (found !== undefined) return found;
  }
  return metrics.find((metric) => metric.type === 'gauge') ?? metrics[0] ?? null;
}
