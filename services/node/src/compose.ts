/**
 * Joins the adapters around the core: the one file that knows them all. What it starts it stops, in the opposite order.
 */
import { readFileSync } from 'node:fs';
import { createEngine, type Descriptor, descriptorFault, encodeTrust, type Event, kinds, type Now } from '@starling/gossip';
import { openApi } from './api/api.js';
import { clusterTagOf, type OwnCertificates, verifyCredential } from './certificates/certificates.js';
import { openCertificateSource } from './certificate-source.js';
import { openDiscovery } from './discovery/discovery.js';
import { parseSeed, type Seed } from './discovery/seeds.js';
import { createRandom, systemClock } from './driver/clock.js';
import { Driver } from './driver/driver.js';
import { portError, StartError } from './errors.js';
import { NetworkView } from './history/network-view.js';
import { openIdentity } from './identity/identity.js';
import { createSignatureVerifier } from './identity/verify-signature.js';
import { EventLog } from './observability/event-log.js';
import type { Log } from './observability/log.js';
import { createMetrics } from './observability/metrics.js';
import { openObservability } from './observability/observability.js';
import type { Settings } from './settings.js';
import { formatHostPort, type HostPort } from './settings-readers.js';
import { openTelemetry } from './telemetry/telemetry.js';
import { openQuicTransport, type QuicTransport } from './transport/quic-transport.js';
import { startUpkeep } from './upkeep.js';

export interface RunningNode {
  readonly nodeId: string;
  /** Says farewell and stops everything, in less than 5 s. */
  stop(): Promise<void>;
}

export const version = (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;

/** `onFault`: something this node cannot go on without is broken. @throws StartError */
export async function composeNode(settings: Settings, log: Log, onFault: (fault: Error) => void): Promise<RunningNode> {
  const seeds = readSeeds(settings.seeds);
  const clock = systemClock;
  const random = createRandom();
  const started: (() => Promise<void> | void)[] = [];
  const stop = async () => {
    for (const undo of started.splice(0).reverse()) await undo();
  };
  try {
    const identity = await openIdentity(settings.dataDir);
    started.push(identity.release);
    const source = await openCertificateSource(settings, identity.nodeId, random);
    const telemetry = openTelemetry(clock.now().monotonicMs);
    started.push(() => telemetry.close());
    const descriptor = describe(settings, telemetry.metrics);
    const clusterTag = clusterTagOf(settings.cluster);
    const engine = createEngine({
      cluster: settings.cluster,
      clusterTag,
      self: identity.nodeId,
      incarnation: identity.incarnation,
      credential: source.current().credential,
      descriptor,
      advertise: settings.advertise,
      sampleIntervalMs: settings.sampleIntervalMs,
      connections: settings.connections,
      random,
    });
    let transport: QuicTransport | null = null;
    const view = new NetworkView({ self: identity.nodeId, name: settings.name, clock, sampleIntervalMs: () => engine.sampleIntervalMs(), connectionFigures: (connection) => transport?.statistics(connection) ?? null });
    let streams = () => 0;
    const metrics = createMetrics({
      version,
      counts: () => view.counts(),
      peers: () => view.peers(),
      transportCounters: () => transport?.counters() ?? {},
      certificateExpirySeconds: () => (source.current().notAfterMs - clock.now().wallMs) / 1_000,
      sampleIntervalSeconds: () => view.sampleIntervalSeconds(),
      streams: () => streams(),
    });
    const eventLog = new EventLog(log);
    const onEvent = (event: Event, now: Now) => {
      view.onEvent(event, now);
      metrics.onEvent(event);
      eventLog.onEvent(event, now);
    };
    const judge = (credential: Uint8Array, wallMs: number) => verifyCredential(credential, { roots: source.current().roots, cluster: settings.cluster, clusterTag, wallMs });
    const driver = new Driver({
      engine,
      openTransport: async (listener) => {
        transport = await listening('STARLING_LISTEN', settings.listen, () =>
          openQuicTransport({ ...settings.listen, cluster: settings.cluster, credentials: () => source.current(), isTrusted: (chain) => typeof source.current().roots.judge(chain) !== 'string', listener }),
        );
        return transport;
      },
      sign: identity.sign,
      verifySignature: createSignatureVerifier(),
      verifyCredential: judge,
      discover: openDiscovery(seeds, { onFault: (seed, fault) => (fault === null ? log.info({ seed }, 'A seed answers again') : log.warn({ seed }, `A seed gives no addresses: ${fault}`)) }).discover,
      sample: () => telemetry.sample(clock.now().monotonicMs),
      persistIncarnation: identity.persistIncarnation,
      clock,
      random,
      onEvent,
      onFault,
    });
    await driver.start();
    started.push(() => driver.stop());
    driver.feed({ type: 'reported', records: [trustRecord(source.current())] });

    const api = await listening('STARLING_API_LISTEN', settings.api.listen, () =>
      openApi({ source: view, listen: settings.api.listen, tls: () => (settings.api.plaintext ? null : tlsOf(source.current())), cluster: settings.cluster, version, clock, log }),
    );
    streams = () => api.streams;
    started.push(() => api.close());
    const observability = await listening('STARLING_METRICS_LISTEN', settings.metricsListen, () =>
      openObservability({ listen: settings.metricsListen, registry: metrics.registry, network: view, ready: () => readiness(view), live: () => true }),
    );
    started.push(() => observability.close());
    const endUpkeep = startUpkeep({
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
        transport?.recheckTrust();
        api.reload();
      },
    });
    started.push(endUpkeep);
    log.info({ node: identity.nodeId, incarnation: identity.incarnation, gossip: formatHostPort(settings.listen), api: formatHostPort(api.address), metrics: formatHostPort(observability.address), certificate: source.current().uri }, 'Node started');
    return { nodeId: identity.nodeId, stop };
  } catch (fault) {
    await stop();
    throw fault;
  }
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

/** Ready once its own first record is admitted: others can be answered, even if there are none yet. */
function readiness(view: NetworkView): { readonly ready: boolean; readonly reason: string } {
  const spoke = view.self().sequence > 0;
  return { ready: spoke, reason: spoke ? '' : 'its own first record is not admitted yet' };
}

async function listening<T>(setting: string, address: HostPort, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (fault) {
    if ((fault as NodeJS.ErrnoException).code === undefined) throw new StartError((fault as Error).message);
    throw portError(setting, formatHostPort(address), fault);
  }
}
