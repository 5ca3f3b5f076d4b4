/** The one thing that a browser talks to: the page, and the network as one designated node sees it. */
import { readFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import fastifyStatic from '@fastify/static';
import fastifyWebsocket from '@fastify/websocket';
import { type GatewayStatus, Refusal, type TrustAnswer, clientErrorAnswer, paths, problemMediaType, problemOfError } from '@starling/contract';
import { Connections, streamUpgrades } from '@starling/http';
import type { HostPort, Log } from '@starling/program';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { browserFault, methodFault, securityHeaders } from './browser-checks.js';
import type { OwnCertificates } from './certificates.js';
import { gatewayLimits } from './gateway-limits.js';
import { type GatewayMetrics, createMetrics } from './metrics.js';
import { addProxy } from './proxy.js';
import { Relay, closeCodes } from './relay.js';
import type { GatewaySettings } from './settings.js';
import type { Target, Upstream } from './target.js';
import type { TargetSettings } from './target-list.js';
import { Targets } from './targets.js';

export interface GatewayOptions {
  readonly settings: Pick<GatewaySettings, 'cluster' | 'listen' | 'targets' | 'allowedHosts'>;
  readonly material: OwnCertificates;
  /** Directory of the built page. */
  readonly pageDir: string;
  readonly log: Log;
  /** Since the start, for want of a reader. */
  readonly logLinesDropped: () => number;
  readonly random: () => number;
}

export interface Gateway {
  /** `port` as bound, when 0 was asked for. */
  readonly address: HostPort;
  readonly metrics: GatewayMetrics;
  /** Pages that watch. */
  readonly streams: number;
  /** Uses these certificates from now on, for streams that are open too. */
  renew(material: OwnCertificates): void;
  /** Offers these, and no others, beside those of the settings, and says so to every page; ends the streams of whom it offers no more. */
  offer(further: readonly TargetSettings[]): void;
  /** Within a second: ends streams with 1001 and connections without waiting for them. */
  close(): Promise<void>;
}

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { readonly version: string };
const streamQuery = { type: 'object', properties: { resume: { type: 'string', pattern: '^[0-9a-f]{16}:[0-9]{1,15}$' }, from: { type: 'string' } } } as const;

/** Rejects when the address cannot be had or the page is not there. */
export async function openGateway(options: GatewayOptions): Promise<Gateway> {
  const { settings, log } = options;
  let { material } = options;
  const targets = new Targets({ ofSettings: settings.targets, cluster: settings.cluster, material });
  const relays = new Set<Relay>();
  const metrics = createMetrics({
    version,
    streams: () => relays.size,
    targetsAnswering: () => Object.fromEntries(targets.all().flatMap(({ name, answers }) => (answers === null ? [] : [[name, answers]]))),
    certificate: () => material,
    logLinesDropped: options.logLinesDropped,
  });
  const targetOf = (request: FastifyRequest): Target => {
    const { from } = request.query as { readonly from?: unknown };
    return targets.of(from === undefined ? undefined : String(from));
  };
  const app = createApp(options);
  const connections = new Connections(app.server, { maxStrangers: gatewayLimits.maxConnections, maxAdmitted: gatewayLimits.maxStreams });
  // Before any hook of ours: its own first hook is what later closes the socket of an upgrade that was refused.
  await app.register(fastifyWebsocket, { options: { maxPayload: gatewayLimits.maxBrowserMessageBytes, server: streamUpgrades(app.server, paths.stream) } });
  addChecks(app, new Set(settings.allowedHosts), metrics);
  app.get(paths.gateway, (request): GatewayStatus => {
    const target = targetOf(request);
    return { designated: target.name, targets: targets.names(), upstream: target.upstream };
  });
  app.get(paths.trust, (): TrustAnswer => ({ roots: material.roots }));
  addProxy(app, { targetOf });
  addStream(app, { targetOf, relays, connections, metrics, random: options.random });
  await addPage(app, options.pageDir);
  const endProbe = probe(targets.designated, relays, log);
  const close = async () => {
    endProbe();
    for (const relay of relays) relay.close(closeCodes.goingAway, 'the gateway is stopping');
    // What is not a stream is closed at once, unless its request offered an upgrade.
    const deadline = setTimeout(() => connections.close(), gatewayLimits.closeDeadlineMs);
    await app.close();
    clearTimeout(deadline);
    targets.close();
  };
  try {
    await app.listen({ host: settings.listen.host, port: settings.listen.port });
  } catch (error) {
    await close();
    throw error;
  }
  return {
    address: { host: settings.listen.host, port: (app.server.address() as AddressInfo).port },
    metrics,
    get streams() {
      return relays.size;
    },
    renew(renewed) {
      material = renewed;
      targets.renew(renewed);
      for (const relay of relays) relay.reconnect();
      log.info({ notAfter: new Date(renewed.notAfterMs).toISOString(), roots: renewed.roots.length }, 'The certificates were renewed');
    },
    offer(further) {
      const gone = targets.offer(further);
      for (const relay of relays) relay.say({ type: 'targets', targets: targets.names() });
      for (const target of gone) {
        for (const relay of relays) if (relay.target === target) relay.close(closeCodes.goingAway, 'this node is offered no more');
        target.close();
        metrics.upstreamLosses.remove({ target: target.name });
      }
    },
    close,
  };
}

function createApp({ log }: GatewayOptions): FastifyInstance {
  const answer = (error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const { problem, isFault } = problemOfError(error, request.url.split('?', 1)[0] ?? '');
    if (isFault) log.error({ err: error, route: request.routeOptions.url }, 'A request failed');
    // As bytes: fastify would add a charset to text, which JSON does not have.
    return reply.code(problem.status).type(problemMediaType).headers({ ...securityHeaders, 'cache-control': 'no-store' }).send(Buffer.from(JSON.stringify(problem)));
  };
  const app = fastify({
    logger: false,
    bodyLimit: gatewayLimits.maxBodyBytes,
    forceCloseConnections: true,
    clientErrorHandler: (error, socket) => {
      if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy();
      else socket.end(clientErrorAnswer(error.code), () => socket.destroy());
    },
    frameworkErrors: (error, request, reply) => void answer(error, request, reply),
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
    serverFactory: (listener) => {
      const { maxHeaderBytes, requestTimeoutMs, keepAliveTimeoutMs, idleTimeoutMs } = gatewayLimits;
      const server = http.createServer({ maxHeaderSize: maxHeaderBytes, requestTimeout: requestTimeoutMs, headersTimeout: requestTimeoutMs, keepAliveTimeout: keepAliveTimeoutMs, connectionsCheckingInterval: 1_000 }, listener);
      server.setTimeout(idleTimeoutMs);
      return server;
    },
  });
  app.setErrorHandler(answer);
  app.setNotFoundHandler(() => {
    throw new Refusal('unknown-path', 'The page is at /, its API is described at /v1/openapi.json.');
  });
  return app;
}

function addChecks(app: FastifyInstance, allowedHosts: ReadonlySet<string>, metrics: GatewayMetrics): void {
  app.addHook('onRequest', (request, reply, done) => {
    // The files of the page say themselves how long they may be kept.
    void reply.headers({ ...securityHeaders, 'cache-control': 'no-store' });
    done(browserFault(request, allowedHosts) ?? methodFault(request, reply) ?? undefined);
  });
  app.addHook('onResponse', (_request, reply, done) => {
    metrics.requests.inc({ status: String(reply.statusCode) });
    done();
  });
}

interface StreamParts {
  readonly targetOf: (request: FastifyRequest) => Target;
  readonly relays: Set<Relay>;
  readonly connections: Connections;
  readonly metrics: GatewayMetrics;
  readonly random: () => number;
}

function addStream(app: FastifyInstance, { targetOf, relays, connections, metrics, random }: StreamParts): void {
  app.route({
    method: 'GET',
    url: paths.stream,
    schema: { querystring: streamQuery },
    preHandler: (request, _reply, done) => {
      targetOf(request);
      if (!request.ws) return done(new Refusal('upgrade-required', 'Open this path as a WebSocket.'));
      done(relays.size >= gatewayLimits.maxStreams ? new Refusal('too-many-streams', 'Close a page that nobody looks at.') : undefined);
    },
    handler: () => Promise.resolve(),
    wsHandler: (page, request) => {
      const target = targetOf(request);
      const { resume } = request.query as { readonly resume?: string };
      const relay = new Relay({ page, target, resume: resume ?? null, random, onLost: () => metrics.upstreamLosses.inc({ target: target.name }) });
      relays.add(relay);
      connections.admit(request.raw.socket);
      page.on('close', () => relays.delete(relay));
    },
  });
}

async function addPage(app: FastifyInstance, pageDir: string): Promise<void> {
  const assets = path.join(pageDir, 'assets') + path.sep;
  await app.register(fastifyStatic, {
    root: pageDir,
    cacheControl: false,
    dotfiles: 'ignore',
    setHeaders: (reply, file) => {
      // Names of assets carry a hash of what they hold; everything else is asked for anew.
      void reply.header('cache-control', file.startsWith(assets) ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
}

/** Keeps an eye on the designated node, also while pages watch others only. The end of it is returned. */
function probe(designated: Target, relays: ReadonlySet<Relay>, log: Log): () => void {
  let timer: NodeJS.Timeout;
  let ended = false;
  let told: Upstream['state'] = 'up';
  const look = async () => {
    if (![...relays].some(({ target }) => target === designated)) {
      // What the answer is does not matter, nor the reason for none: the target notes how it is.
      await designated.ask(paths.self).then((answer) => answer.resume(), () => undefined);
    }
    if (ended) return;
    const { state, detail } = designated.upstream;
    if (state === 'away' && told !== 'away') log.warn({ target: designated.name, reason: detail }, 'The designated node cannot be reached');
    if (state === 'up' && told === 'away') log.info({ target: designated.name }, 'The designated node answers again');
    told = state;
    timer = setTimeout(() => void look(), gatewayLimits.probeIntervalMs);
    timer.unref();
  };
  void look();
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}
