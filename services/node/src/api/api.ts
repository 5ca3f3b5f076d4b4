/**
 * The view of this node over HTTP and WebSocket (the contract of @starling/contract). With mutual TLS, or in plain HTTP
 * on a loopback address for one who sits at the machine.
 */
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import fastifySwagger from '@fastify/swagger';
import fastifyWebsocket from '@fastify/websocket';
import type { TLSSocket } from 'node:tls';
import { Refusal, isLoopbackName, paths } from '@starling/contract';
import type { Now } from '@starling/gossip';
import { Connections, localFault, streamUpgrades } from '@starling/http';
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { apiLimits } from './api-limits.js';
import type { ApiSource } from './api-source.js';
import { certificateFault } from './client-certificate.js';
import { answerClientError, answerError } from './problem-answers.js';
import { addRoutes } from './routes.js';
import { Streams } from './streams.js';

/** PEM. */
export interface ApiCertificates {
  /** The leaf, then its intermediates. */
  readonly cert: string;
  readonly key: string;
  /** Every root under which a client may be. */
  readonly ca: string;
}

export interface ApiOptions {
  readonly source: ApiSource;
  readonly listen: { readonly host: string; readonly port: number };
  /** Read at the start and by `reload`; always null for plain HTTP, which needs a loopback address, or never. */
  readonly tls: () => ApiCertificates | null;
  readonly cluster: string;
  readonly version: string;
  readonly clock: { now(): Now };
  readonly log: { error(fields: object, text: string): void };
}

export interface Api {
  /** `port` as bound, when 0 was asked for. */
  readonly address: { readonly host: string; readonly port: number };
  /** Streams that are open. */
  readonly streams: number;
  /** Takes the certificates anew. Connections are closed, so that whoever returns is checked against the new roots. */
  reload(): void;
  /** Ends streams with 1001 and connections without waiting for them. */
  close(): Promise<void>;
}

/** Rejects when the address cannot be had, the certificates are unusable, or plain HTTP was asked for beyond this machine. */
export async function openApi(options: ApiOptions): Promise<Api> {
  const { source, listen, cluster, version, clock } = options;
  const certificates = options.tls();
  if (certificates === null && !isLoopbackName(listen.host)) throw new Error(`The API listens in plain HTTP on loopback addresses only, not on ${listen.host}`);
  const server = certificates === null ? null : https.createServer({ ...serverOptions, ...secureOptions(certificates), handshakeTimeout: apiLimits.tlsHandshakeTimeoutMs });
  const streams = new Streams(source, { cluster }, clock);
  const startedAtMs = clock.now().monotonicMs;
  const app = createApp(options, server);
  const connections = new Connections(app.server, { maxStrangers: apiLimits.maxStrangers, maxAdmitted: apiLimits.maxConnections });
  server?.on('secureConnection', (socket: TLSSocket) => {
    if (certificateFault(socket, cluster, clock.now().wallMs) === null) connections.admit(socket);
  });
  // Before any hook of ours: its own first hook is what later closes the socket of an upgrade that was refused.
  await app.register(fastifyWebsocket, { options: { maxPayload: apiLimits.maxClientMessageBytes, server: streamUpgrades(app.server, paths.stream) } });
  app.addHook('onRequest', (request, reply, done) => {
    // Every answer is of this moment, also one that says no.
    void reply.header('cache-control', 'no-store');
    done(server === null ? (localFault(request.headers) ?? undefined) : foreignFault(request, options));
  });
  app.addHook('onRequest', (request, _reply, done) => done(bodyFault(request)));
  await app.register(fastifySwagger, { openapi: { openapi: '3.1.0', info: { title: 'Starling node', version } } });
  addRoutes(app, { source, streams, connections, cluster, version, uptimeSeconds: () => (clock.now().monotonicMs - startedAtMs) / 1_000 });
  const close = async () => {
    await streams.close();
    connections.close();
    await app.close();
  };
  try {
    await app.listen({ host: listen.host, port: listen.port });
  } catch (error) {
    await close();
    throw error;
  }
  return {
    address: { host: listen.host, port: (app.server.address() as AddressInfo).port },
    get streams() {
      return streams.size;
    },
    reload() {
      const renewed = options.tls();
      if (server === null || renewed === null) return;
      server.setSecureContext(secureOptions(renewed));
      streams.restart('certificates were renewed');
      server.closeAllConnections();
      // A handshake that is under way would still be checked against the old roots.
      connections.closeStrangers();
    },
    close,
  };
}

const serverOptions = {
  maxHeaderSize: apiLimits.maxHeaderBytes,
  requestTimeout: apiLimits.requestTimeoutMs,
  headersTimeout: apiLimits.requestTimeoutMs,
  keepAliveTimeout: apiLimits.keepAliveTimeoutMs,
  // Timeouts of requests are looked after only so often, milliseconds.
  connectionsCheckingInterval: 1_000,
} as const;

function secureOptions({ cert, key, ca }: ApiCertificates) {
  return { cert, key, ca, minVersion: 'TLSv1.3', requestCert: true, rejectUnauthorized: true } as const;
}

function createApp({ log }: ApiOptions, secureServer: https.Server | null): FastifyInstance {
  const answer = answerError((error, request) => log.error({ err: error, path: request.routeOptions.url }, 'The API failed to answer a request'));
  const app = fastify({
    logger: false,
    bodyLimit: apiLimits.maxBodyBytes,
    forceCloseConnections: true,
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, request, reply) => void answer(error, request, reply),
    // Types are taken as they come and nothing is removed: a malformed request is answered as such.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
    serverFactory: (listener) => {
      const server = secureServer ?? http.createServer(serverOptions);
      server.on('request', listener);
      server.setTimeout(apiLimits.idleTimeoutMs);
      return server;
    },
  });
  app.setErrorHandler(answer);
  app.setNotFoundHandler((_request, _reply) => {
    throw new Refusal('unknown-path', 'The paths are listed at /v1/openapi.json.');
  });
  return app;
}

function foreignFault(request: FastifyRequest, { cluster, clock }: ApiOptions): Refusal | undefined {
  const fault = certificateFault(request.raw.socket, cluster, clock.now().wallMs);
  return fault === null ? undefined : new Refusal('certificate-refused', fault);
}

function bodyFault(request: FastifyRequest): Refusal | undefined {
  const bytes = Number(request.headers['content-length'] ?? 0);
  return bytes > apiLimits.maxBodyBytes ? new Refusal('too-large', `The API takes no bodies; this one has ${bytes} bytes.`) : undefined;
}
