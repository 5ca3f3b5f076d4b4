/**
 * Joins the adapters around the core: the one file that knows them all. What it starts it stops, in the opposite order.
 */
import { readFileSync } from 'node:fs';
import { createEngine, type Descriptor, descriptorFault, encodeTrust, type Engine, kinds, type Random } from '@starling/gossip';
import { formatHostPort, type HostPort, type Log } from '@starling/program';
import { type Api, openApi } from './api/api.js';
import { clusterTagOf, type OwnCertificates, verifyCredential } from './certificates/certificates.js';
import { openCertificateSource } from './certificate-source.js';
import { openDiscovery } from './discovery/discovery.js';
import { parseSeed, type Seed } from './discovery/seeds.js';
import { type Clock, createRandom, systemClock } from './driver/clock.js';
import { Driver } from './driver/driver.js';
import { portError, StartError } from './errors.js';
import { NetworkView } from './history/network-view.js';
import { type Kubernetes, openKubernetes } from './kubernetes/kubernetes.js';
import { type Identity, openIdentity } from './identity/identity.js';
import { createSignatureVerifier } from './identity/verify-signature.js';
import { DialLog } from './observability/dial-log.js';
import { EventLog } from './observability/event-log.js';
import { createMetrics, type Metrics } from './observability/metrics.js';
import { type Observability, openObservability } from './observability/observability.js';
import { type Readiness, readinessOf } from './observability/readiness.js';
import type { Settings } from './settings.js';
import { openTelemetry } from './telemetry/telemetry.js';
import { openQuicTransport, openQuicTrial, type QuicTransport } from './transport/quic-transport.js';
import { type CertificateSource, startUpkeep } from './upkeep.js';

export interface RunningNode {
  readonly nodeId: string;
  /** Says farewell and stops everything, in less than 5 s. */
  stop(): Promise<void>;
}

export const version = (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;

/** What a scrape, a probe or the view asks for before it is there: health and metrics are served before the first certificate has come. */
interface Parts {
  source: CertificateSource | null;
  engine: Engine | null;
  transport: QuicTransport | null;
  api: Api | null;
  kubernetes: Kubernetes | null;
}

/** What the process gives the node. */
export interface Surroundings {
  readonly log: Log;
  /** Since the start, for want of a reader. */
  readonly logLinesDropped: () => number;
  /** Something that this node cannot go on without is broken. */
  readonly onFault: (fault: Error) => void;
  /** Ends the wait for a certificate. */
  readonly stopping: AbortSignal;
}

/** What everything else hangs from. */
interface Base {
  readonly settings: Settings;
  readonly log: Log;
  readonly clock: Clock;
  readonly random: Random;
  readonly identity: Identity;
  readonly parts: Parts;
  readonly view: NetworkView;
  readonly metrics: Metrics;
}

/** Resolves when the node runs; until then it is live and not ready. @throws StartError */
export async function composeNode(settings: Settings, surroundings: Surroundings): Promise<RunningNode> {
  const { log, onFault, stopping } = surroundings;
  const seeds = readSeeds(settings.seeds);
  const started: (() => Promise<void> | void)[] = [];
  const stop = async () => {
    for (const undo of started.splice(0).reverse()) await undo();
  };
  try {
    const identity = await openIdentity(settings.dataDir);
    started.push(identity.release);
    const base = openBase(settings, surroundings, identity);
    const { parts } = base;
    const observability = await openHealth(base);
    started.push(() => observability.close());
    const tryQuic = await openQuicTrial().catch((fault: Error) => {
      throw new StartError(fault.message);
    });
    const source = await openCertificateSource(settings, { nodeId: identity.nodeId, random: base.random, tryQuic, stopping });
    parts.source = source;
    const telemetry = openTelemetry(base.clock.now().monotonicMs);
    started.push(() => telemetry.close());
    const engine = openEngine(base, source, telemetry.metrics);
    parts.engine = engine;
    parts.kubernetes = openPlatform(base);
    started.push(() => parts.kubernetes?.stop());
    const api = await listening('STARLING_API_LISTEN', settings.api.listen, () =>
      openApi({ source: base.view, listen: settings.api.listen, tls: () => (settings.api.plaintext ? null : tlsOf(source.current())), cluster: settings.cluster, version, clock: base.clock, log }),
    );
    parts.api = api;
    started.push(() => api.close());
    // Started last and stopped first: whoever holds up the rest does not hold up the farewell.
    const driver = openDriver(base, { engine, source, seeds, sample: () => telemetry.sample(base.clock.now().monotonicMs), onFault });
    await driver.start();
    started.push(() => driver.stop());
    driver.feed({ type: 'reported', records: [trustRecord(source.current())] });
    started.push(keepCertificates(base, { source, driver, api }));
    log.info({ node: identity.nodeId, incarnation: identity.incarnation, gossip: formatHostPort(settings.listen), api: formatHostPort(api.address), metrics: formatHostPort(observability.address), certificate: source.current().uri }, 'Node started');
    return { nodeId: identity.nodeId, stop };
  } catch (fault) {
    await stop();
    throw fault;
  }
}

function openBase(settings: Settings, { log, logLinesDropped }: Surroundings, identity: Identity): Base {
  const clock = systemClock;
  const parts: Parts = { source: null, engine: null, transport: null, api: null, kubernetes: null };
  const view = new NetworkView({
    self: identity.nodeId,
    name: settings.name,
    clock,
    sampleIntervalMs: () => parts.engine?.sampleIntervalMs() ?? settings.sampleIntervalMs,
    connectionFigures: (connection) => parts.transport?.statistics(connection) ?? null,
    absenceOf: (podUid) => parts.kubernetes?.absenceOf(podUid) ?? null,
  });
  const metrics = createMetrics({
    version,
    counts: () => view.counts(),
    peers: () => view.peers(),
    transportCounters: () => parts.transport?.counters() ?? {},
    transportLevels: () => parts.transport?.levels() ?? null,
    certificate: () => parts.source?.current() ?? null,
    sampleIntervalSeconds: () => view.sampleIntervalSeconds(),
    streams: () => parts.api?.streams ?? 0,
    logLinesDropped,
  });
  return { settings, log, clock, random: createRandom(), identity, parts, view, metrics };
}

function openHealth(base: Base): Promise<Observability> {
  const { settings, metrics, view } = base;
  return listening('STARLING_METRICS_LISTEN', settings.metricsListen, () =>
    openObservability({ listen: settings.metricsListen, registry: metrics.registry, network: view, ready: () => readiness(base), live: () => true }),
  );
}

function openEngine({ settings, identity, random }: Base, source: CertificateSource, metrics: Descriptor['metrics']): Engine {
  return createEngine({
    clusterTag: clusterTagOf(settings.cluster),
    self: identity.nodeId,
    incarnation: identity.incarnation,
    credential: source.current().credential,
    descriptor: describe(settings, metrics),
    advertise: settings.advertise,
    sampleIntervalMs: settings.sampleIntervalMs,
    connections: settings.connections,
    random,
  });
}

interface Driven {
  readonly engine: Engine;
  readonly source: CertificateSource;
  readonly seeds: readonly Seed[];
  readonly sample: () => readonly (number | undefined)[];
  readonly onFault: (fault: Error) => void;
}

function openDriver({ settings, log, clock, random, identity, parts, view, metrics }: Base, { engine, source, seeds, sample, onFault }: Driven): Driver {
  const { cluster } = settings;
  const clusterTag = clusterTagOf(cluster);
  const eventLog = new EventLog(log, (origin) => view.node(origin)?.absence?.reason ?? null);
  const dialLog = new DialLog(log, () => view.peers().length);
  return new Driver({
    engine,
    openTransport: async (listener) => {
      parts.transport = await listening('STARLING_LISTEN', settings.listen, () =>
        openQuicTransport({ ...settings.listen, cluster, credentials: () => source.current(), endOfTrust: (chain) => source.current().roots.endOf(chain), listener }),
      );
      return parts.transport;
    },
    sign: identity.sign,
    verifySignature: createSignatureVerifier(),
    verifyCredential: (credential, wallMs) => {
      const { roots, isShared } = source.current();
      return verifyCredential(credential, { roots, cluster, clusterTag, acceptsShared: isShared, wallMs });
    },
    discover: openDiscovery(seeds, { further: () => parts.kubernetes?.addresses() ?? [], onFault: (seed, fault) => (fault === null ? log.info({ seed }, 'A seed answers again') : log.warn({ seed }, `A seed gives no addresses: ${fault}`)) }).discover,
    sample,
    persistIncarnation: identity.persistIncarnation,
    clock,
    random,
    onEvent: (event, now) => {
      view.onEvent(event, now);
      metrics.onEvent(event);
      eventLog.onEvent(event, now);
      dialLog.onEvent(event, now);
    },
    onFault,
  });
}

/** Follows the Kubernetes API where it is to be asked. Without an answer from it the node runs as well. */
function openPlatform({ settings, log, clock, random, view }: Base): Kubernetes | null {
  if (settings.kubernetes === null) return null;
  return openKubernetes({
    ...settings.kubernetes,
    clock,
    random,
    onFault: (what, fault) => (fault === null ? log.info({ what }, 'The Kubernetes API is followed again') : log.warn({ what }, `The Kubernetes API cannot be followed, the node goes on without: ${fault}`)),
    onAbsence: (podUid) => view.onAbsence(podUid).forEach(({ node, reason }) => log.info({ origin: node, absence: reason }, 'Why a node is away')),
  });
}

/** Returns how to stop. */
function keepCertificates({ log, random, parts }: Base, { source, driver, api }: { readonly source: CertificateSource; readonly driver: Driver; readonly api: Api }): () => void {
  return startUpkeep({
    source,
    log,
    random,
    onLeafRenewed: ({ credential }) => {
      driver.feed({ type: 'credential-renewed', credential });
      api.reload();
    },
    onTrustChanged: () => {
      driver.feed({ type: 'trust-changed' });
      driver.feed({ type: 'reported', records: [trustRecord(source.current())] });
      parts.transport?.recheckTrust();
      api.reload();
    },
  });
}

function readSeeds(texts: readonly string[]): Seed[] {
  const readings = texts.map(parseSeed);
  const faults = readings.flatMap((reading) => (reading.ok ? [] : [reading.fault]));
  if (faults.length > 0) throw new StartError(`STARLING_SEEDS: ${faults.join('; ')}`);
  return readings.flatMap((reading) => (reading.ok ? [reading.value] : []));
}

function describe({ name, labels }: Settings, metrics: Descriptor['metrics']): Descriptor {
  const descriptor: Descriptor = { name, version, labels, metrics };
  const fault = descriptorFault(descriptor);
  if (fault !== null) throw new StartError(`This node cannot describe itself (STARLING_NAME, STARLING_LABELS): ${fault}`);
  return descriptor;
}

function trustRecord({ roots }: OwnCertificates): { readonly kind: number; readonly payload: Uint8Array } {
  return { kind: kinds.trust, payload: encodeTrust(roots.fingerprints) };
}

function tlsOf({ chainPem, keyPem, rootsPem }: OwnCertificates): { readonly cert: string; readonly key: string; readonly ca: string } {
  return { cert: chainPem, key: keyPem, ca: rootsPem };
}

function readiness({ parts, view, clock }: Base): Readiness {
  const isApiOpen = parts.api !== null;
  return readinessOf({ notAfterMs: parts.source?.current().notAfterMs ?? null, wallMs: clock.now().wallMs, isApiOpen, sequence: isApiOpen ? view.self().sequence : 0 });
}

async function listening<T>(setting: string, address: HostPort, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (fault) {
    throw portError(setting, formatHostPort(address), fault);
  }
}
