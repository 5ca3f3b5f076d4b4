/** Every metric of the gateway, in one place. */
import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import type { OwnCertificates } from './certificates.js';

/** What is read at a scrape. */
export interface MetricsSources {
  readonly version: string;
  readonly streams: () => number;
  /** Of every target that was asked lately, by its name. */
  readonly targetsAnswering: () => Readonly<Record<string, boolean>>;
  /** When the leaf of the gateway is valid. */
  /** Since the start. */
  readonly logLinesDropped: () => number;
  readonly certificate: () => Pick<OwnCertificates, 'notBeforeMs' | 'notAfterMs'>;
}

export interface GatewayMetrics {
  readonly registry: Registry;
  readonly requests: Counter<'status'>;
  /** Streams of nodes that ended while a page watched. */
  readonly upstreamLosses: Counter<'target'>;
}

export function createMetrics(sources: MetricsSources): GatewayMetrics {
  const registry = new Registry();
  // Under their usual names, by which the dashboards of others find them.
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  new Gauge({
    name: 'starling_build_info',
    help: 'Always 1; the version of this gateway is the label',
    labelNames: ['version'] as const,
    registers,
    collect() {
      this.set({ version: sources.version }, 1);
    },
  });
  new Counter({
    name: 'starling_log_lines_dropped_total',
    help: 'Lines of the log that were dropped because their reader stalled or has gone',
    registers,
    collect() {
      this.reset();
      this.inc(sources.logLinesDropped());
    },
  });
  new Gauge({
    name: 'starling_gateway_streams',
    help: 'Pages that watch',
    registers,
    collect() {
      this.set(sources.streams());
    },
  });
  new Gauge({
    name: 'starling_gateway_target_up',
    help: '1 when the target answers, 0 when not, by its name in the settings or in the file of targets; only of those asked within 30 s: the designated one, and those that pages show',
    labelNames: ['target'] as const,
    registers,
    collect() {
      // Those that are offered no more, or that nobody asked lately, are not told of.
      this.reset();
      for (const [target, up] of Object.entries(sources.targetsAnswering())) this.set({ target }, up ? 1 : 0);
    },
  });
  new Gauge({
    name: 'starling_certificate_not_before_timestamp_seconds',
    help: 'When the leaf certificate of the gateway becomes valid, seconds since 1970',
    registers,
    collect() {
      this.set(sources.certificate().notBeforeMs / 1_000);
    },
  });
  new Gauge({
    name: 'starling_certificate_not_after_timestamp_seconds',
    help: 'When the leaf certificate of the gateway expires, seconds since 1970',
    registers,
    collect() {
      this.set(sources.certificate().notAfterMs / 1_000);
    },
  });
  return {
    registry,
    requests: new Counter({ name: 'starling_gateway_requests_total', help: 'Requests of browsers, by status', labelNames: ['status'] as const, registers }),
    upstreamLosses: new Counter({ name: 'starling_gateway_upstream_losses_total', help: 'Streams of nodes that ended while a page watched', labelNames: ['target'] as const, registers }),
  };
}
