/** Metrics and health over plain HTTP on a port of their own; nothing here tells more than figures and names. */
import { Readable } from 'node:stream';
import type { AddressInfo } from 'node:net';
import fastify from 'fastify';
import type { Registry } from 'prom-client';
import { type NetworkSource, networkExposition } from './network-exposition.js';

export interface ObservabilityOptions {
  readonly listen: { readonly host: string; readonly port: number };
  readonly registry: Registry;
  readonly network: NetworkSource;
  /** Whether others should send their questions here; `reason` says why not. */
  readonly ready: () => { readonly ready: boolean; readonly reason: string };
  /** False when only a restart helps. */
  readonly live: () => boolean;
}

export interface Observability {
  /** `port` as bound, when 0 was asked for. */
  readonly address: { readonly host: string; readonly port: number };
  close(): Promise<void>;
}

const bounds = { maxConnections: 32, requestTimeoutMs: 10_000, maxBodyBytes: 1_024, maxHeaderBytes: 8_192 } as const;
const text = 'text/plain; charset=utf-8';

/** Rejects when the address cannot be had. */
export async function openObservability({ listen, registry, network, ready, live }: ObservabilityOptions): Promise<Observability> {
  const app = fastify({ logger: false, bodyLimit: bounds.maxBodyBytes, requestTimeout: bounds.requestTimeoutMs, forceCloseConnections: true, http: { maxHeaderSize: bounds.maxHeaderBytes } });
  app.server.maxConnections = bounds.maxConnections;
  app.get('/metrics', async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()));
  app.get('/metrics/network', (_request, reply) => reply.type(registry.contentType).send(Readable.from(networkExposition(network))));
  app.get('/livez', (_request, reply) => (live() ? reply.type(text).send('live\n') : reply.code(503).type(text).send('not live\n')));
  app.get('/readyz', (_request, reply) => {
    const state = ready();
    return state.ready ? reply.type(text).send('ready\n') : reply.code(503).type(text).send(`${state.reason}\n`);
  });
  app.setNotFoundHandler((_request, reply) => reply.code(404).type(text).send('There is /metrics, /metrics/network, /livez and /readyz\n'));
  try {
    await app.listen({ host: listen.host, port: listen.port });
  } catch (error) {
    await app.close();
    throw error;
  }
  return { address: { host: listen.host, port: (app.server.address() as AddressInfo).port }, close: () => app.close() };
}
