/**
 * Metrics and health over plain HTTP on a port of their own. Probes decide whether a process lives on, so whatever else
 * happens on the port must leave them a connection and the event loop.
 */
import type { AddressInfo } from 'node:net';
import { addAbortSignal, Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { Refusal, isLoopbackName } from '@starling/contract';
import fastify, { type FastifyInstance } from 'fastify';
import { Connections } from './connections.js';
import { localFault } from './local-fault.js';

/** Every bound of the port, with its unit. */
export const metricsPortLimits = {
  maxBodyBytes: 1_024,
  maxHeaderBytes: 8_192,
  /** For one more, the oldest one of the source that has most of them is closed. */
  maxConnections: 32,
  /** A request has to be complete by then, and a connection on which nothing moves is closed, milliseconds. */
  timeoutMs: 10_000,
  /** How long a connection may wait for its next request, milliseconds. */
  keepAliveTimeoutMs: 5_000,
  /** A long exposition has to be taken by then, milliseconds, unless the scrape says how long it waits; and at the most. */
  expositionDeadlineMs: 10_000,
  maxExpositionDeadlineMs: 60_000,
  /** What is made of a long exposition before anything else has its turn, characters. */
  chunkLength: 16_384,
} as const;

export interface MetricsPortOptions {
  readonly listen: { readonly host: string; readonly port: number };
  /** That of prom-client. */
  readonly registry: { readonly contentType: string; metrics(): Promise<string> };
  /** Whether others should send their questions to this process; `reason` says why not. */
  readonly ready: () => { readonly ready: boolean; readonly reason: string };
  /** False when only a restart helps. */
  readonly live: () => boolean;
  /** An exposition beside /metrics that is too long to be made at once, in pieces. One is under way at a time. */
  readonly long?: { readonly path: string; readonly pieces: () => Iterable<string> };
  readonly limits?: Partial<Record<keyof typeof metricsPortLimits, number>>;
}

export interface MetricsPort {
  /** `port` as bound, when 0 was asked for. */
  readonly address: { readonly host: string; readonly port: number };
  /** Without waiting for anybody. */
  close(): Promise<void>;
}

const text = 'text/plain; charset=utf-8';

/** /metrics, /livez and /readyz. Rejects when the address cannot be had. */
export async function openMetricsPort({ listen, registry, ready, live, long, limits: changes }: MetricsPortOptions): Promise<MetricsPort> {
  const limits = { ...metricsPortLimits, ...changes };
  const app = fastify({
    logger: false,
    bodyLimit: limits.maxBodyBytes,
    requestTimeout: limits.timeoutMs,
    connectionTimeout: limits.timeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    forceCloseConnections: true,
    http: { maxHeaderSize: limits.maxHeaderBytes, headersTimeout: limits.timeoutMs, connectionsCheckingInterval: 1_000 },
  });
  const connections = new Connections(app.server, { maxStrangers: limits.maxConnections, maxAdmitted: 0 });
  if (isLoopbackName(listen.host)) app.addHook('onRequest', (request, _reply, done) => done(localFault(request.headers) ?? undefined));
  app.get('/metrics', async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()));
  app.get('/livez', (_request, reply) => (live() ? reply.type(text).send('live\n') : reply.code(503).type(text).send('not live\n')));
  app.get('/readyz', (_request, reply) => {
    const state = ready();
    return state.ready ? reply.type(text).send('ready\n') : reply.code(503).type(text).send(`${state.reason}\n`);
  });
  if (long !== undefined) addLong(app, { ...long, contentType: registry.contentType, limits });
  const paths = ['/metrics', ...(long === undefined ? [] : [long.path]), '/livez and /readyz'];
  app.setNotFoundHandler((_request, reply) => reply.code(404).type(text).send(`There is ${paths.join(', ')}\n`));
  app.setErrorHandler((error, _request, reply) => (error instanceof Refusal ? reply.code(403).type(text).send(`${error.message}\n`) : reply.send(error)));
  const close = async () => {
    connections.close();
    await app.close();
  };
  try {
    await app.listen({ host: listen.host, port: listen.port });
  } catch (error) {
    await close();
    throw error;
  }
  return { address: { host: listen.host, port: (app.server.address() as AddressInfo).port }, close };
}

interface Long {
  readonly path: string;
  readonly pieces: () => Iterable<string>;
  readonly contentType: string;
  readonly limits: { readonly expositionDeadlineMs: number; readonly maxExpositionDeadlineMs: number; readonly chunkLength: number };
}

function addLong(app: FastifyInstance, { path, pieces, contentType, limits }: Long): void {
  let underWay = false;
  app.get(path, (request, reply) => {
    if (underWay) return reply.code(503).header('retry-after', '1').type(text).send('Another scrape of this path is under way\n');
    underWay = true;
    // Read no faster than the other side takes it.
    const answer = Readable.from(chunks(pieces(), limits.chunkLength));
    answer.once('close', () => (underWay = false));
    return reply.type(contentType).send(addAbortSignal(AbortSignal.timeout(deadlineOf(request.headers['x-prometheus-scrape-timeout-seconds'], limits)), answer));
  });
}

/** Prometheus says how long it waits for a scrape. */
function deadlineOf(header: string | string[] | undefined, { expositionDeadlineMs, maxExpositionDeadlineMs }: Long['limits']): number {
  const askedMs = Number(header) * 1_000;
  return askedMs > 0 ? Math.min(Math.ceil(askedMs), maxExpositionDeadlineMs) : expositionDeadlineMs;
}

/** What the other side takes at once would otherwise hold the event loop from the first piece to the last. */
async function* chunks(pieces: Iterable<string>, length: number): AsyncGenerator<string> {
  let chunk = '';
  for (const piece of pieces) {
    chunk += piece;
    if (chunk.length < length) continue;
    yield chunk;
    chunk = '';
    await setImmediate();
  }
  if (chunk !== '') yield chunk;
}
