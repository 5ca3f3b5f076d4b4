/** Metrics and health on a port of their own; nothing here tells more than figures and names. */
import { type MetricsPort, type MetricsPortOptions, openMetricsPort } from '@starling/http';
import { type NetworkSource, networkExposition } from './network-exposition.js';

export interface ObservabilityOptions extends Pick<MetricsPortOptions, 'listen' | 'registry' | 'ready' | 'live'> {
  readonly network: NetworkSource;
}

export type Observability = MetricsPort;

/** Rejects when the address cannot be had. */
export function openObservability({ network, ...options }: ObservabilityOptions): Promise<Observability> {
  return openMetricsPort({ ...options, long: { path: '/metrics/network', pieces: () => networkExposition(network) } });
}
