#!/usr/bin/env node
/** starling-gateway: the process. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { CertificateError } from '@starling/certificates';
import { openMetricsPort } from '@starling/http';
import { type Log, LogOutput, createLog } from '@starling/program';
import closeWithGrace from 'close-with-grace';
import { readCertificates, watchCertificates } from './certificates.js';
import { type Gateway, openGateway } from './gateway.js';
import { gatewayLimits } from './gateway-limits.js';
import { reread } from './reread.js';
import { type GatewaySettings, SettingsError, readGatewaySettings } from './settings.js';
import { type TargetSettings, TargetsFileError, readTargetsFile } from './target-list.js';

/** As sysexits.h has them. */
const exitCodes = { unavailable: 69, configuration: 78 } as const;
/** Built beside this program, from sources and in the image alike. */
const pageDir = path.resolve(import.meta.dirname, '../../../ui/dist');
const stopDeadlineMs = 2_000;

async function run(): Promise<void> {
  const settings = readGatewaySettings(process.env, process.argv.slice(2));
  const output = new LogOutput(process.stdout);
  const log = createLog(settings.log, output);
  const page = await stat(path.join(pageDir, 'index.html')).catch(() => null);
  if (page === null) throw new SettingsError([`There is no page at ${pageDir}. Build it: npm run build -w ui`]);
  const further = settings.targetsFile === null ? [] : await readTargetsFile(settings.targetsFile, settings.targets);
  const places = { certificateDir: settings.certificateDir, trustDir: settings.trustDir, cluster: settings.cluster };
  const material = await readCertificates(places);
  if (material.notAfterMs < Date.now()) log.warn({ notAfter: new Date(material.notAfterMs).toISOString() }, 'The certificate of the gateway has expired; waiting for a new one');
  const gateway = await openGateway({ settings, material, pageDir, log, logLinesDropped: () => output.dropped, random: Math.random });
  let stopping = false;
  const metrics = await openMetricsPort({ listen: settings.metricsListen, registry: gateway.metrics.registry, ready: () => ({ ready: !stopping, reason: 'stopping' }), live: () => true }).catch(async (error: unknown) => {
    await gateway.close();
    throw error;
  });
  const endTargets = settings.targetsFile === null ? () => undefined : followTargets(settings.targetsFile, { settings, further, gateway, log });
  const endWatch = watchCertificates({
    places,
    current: material,
    onChanged: (renewed) => gateway.renew(renewed),
    onFault: (error) => log.warn({ reason: error.message }, 'The certificates cannot be read again; what was read before stays in force'),
  });
  closeWithGrace({ delay: stopDeadlineMs, logger: false }, async ({ err, signal }) => {
    stopping = true;
    if (err !== undefined) log.fatal({ err }, 'The gateway cannot go on');
    else log.info({ signal }, 'Stopping');
    endWatch();
    endTargets();
    await Promise.all([gateway.close(), metrics.close()]);
    await output.flush();
  });
  log.info(
    { listen: gateway.address, metrics: metrics.address, cluster: settings.cluster, targets: settings.targets.map(({ name, url }) => `${name}=${url.origin}`), allowedHosts: settings.allowedHosts },
    'The gateway is open',
  );
}

interface FollowParts {
  readonly settings: GatewaySettings;
  readonly further: TargetSettings[];
  readonly gateway: Gateway;
  readonly log: Log;
}

/** Offers what the file names, and what it names later. The end of it is returned. */
function followTargets(path: string, { settings, further, gateway, log }: FollowParts): () => void {
  gateway.offer(further);
  const textOf = (targets: readonly TargetSettings[]) => targets.map(({ name, url }) => `${name}=${url.href}`).join();
  return reread({
    read: () => readTargetsFile(path, settings.targets),
    current: further,
    isSame: (found, inForce) => textOf(found) === textOf(inForce),
    onChanged: (found) => {
      gateway.offer(found);
      log.info({ further: found.map(({ name, url }) => `${name}=${url.origin}`) }, 'The file of targets was read again');
    },
    onFault: (error) => log.warn({ reason: error.message }, 'The file of targets cannot be used; what was read before stays in force'),
    intervalMs: gatewayLimits.targetsFileIntervalMs,
  });
}

run().catch((error: unknown) => {
  const isConfiguration = error instanceof SettingsError || error instanceof CertificateError || error instanceof TargetsFileError;
  process.stderr.write(`${isConfiguration ? error.message : startFault(error)}\n`);
  process.exitCode = isConfiguration ? exitCodes.configuration : exitCodes.unavailable;
});

/** A port that cannot be had needs no stack trace. */
function startFault(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ('syscall' in error && error.syscall === 'listen') return `${error.message}. Choose another address with STARLING_GATEWAY_LISTEN or STARLING_METRICS_LISTEN.`;
  return error.stack ?? error.message;
}
