/** Everything that somebody may set on a gateway: environment and flags (flags win), all mistakes at once. */
import { isIP } from 'node:net';
import { hostName } from '@starling/contract';
import { type HostPort, type LogOptions, needed, type Reading, readClusterName, readHostPort, readList, readLogFormat, readLogLevel, readTable, readText, setting, settingsMessage } from '@starling/program';
import { type TargetSettings, targetsOf } from './target-list.js';

export interface GatewaySettings {
  readonly cluster: string;
  readonly listen: HostPort;
  readonly metricsListen: HostPort;
  /** At least one; the first is the designated one. */
  readonly targets: Targets;
  /** File of further ones; null when there is none. */
  readonly targetsFile: string | null;
  /** Names under which browsers may ask, beside those of this machine itself; `*.x` for all below x. */
  readonly allowedHosts: readonly string[];
  readonly certificateDir: string;
  readonly trustDir: string;
  readonly log: LogOptions;
}

type Targets = readonly [TargetSettings, ...TargetSettings[]];

/** The message lists every mistake; exit code 78 (configuration). */
export class SettingsError extends Error {
  constructor(faults: readonly string[]) {
    super(settingsMessage(faults));
    this.name = 'SettingsError';
  }
}

const path = readText(/^[^\0]+$/, 'a path');

/** In the order of docs/OPERATING.md. */
export const gatewaySettingDefinitions = {
  cluster: setting('CLUSTER', 'starling', readClusterName, 'Name of the network; stands in the certificates of its nodes.'),
  listen: setting('GATEWAY_LISTEN', '127.0.0.1:8080', readHostPort, 'The page and its API (HTTP).'),
  metricsListen: setting('METRICS_LISTEN', '127.0.0.1:8081', readHostPort, '/metrics, /livez and /readyz (HTTP).'),
  targets: needed('GATEWAY_TARGETS', readTargets, 'Nodes that can be shown, `name=https://host:port,...`; the first is the designated one.'),
  targetsFile: setting('GATEWAY_TARGETS_FILE', null, path, 'File of further nodes that can be shown, one `name=https://host:port` in a line; read again while running.'),
  allowedHosts: setting('GATEWAY_ALLOWED_HOSTS', '', readHosts, 'Host names under which browsers may ask, separated by commas; `*.example.com` for all below that name. Loopback names may always.'),
  certificateDir: needed('CERTIFICATE_DIR', path, 'Directory of tls.crt and tls.key of the gateway, read again while running.'),
  trustDir: needed('TRUST_DIR', path, 'Directory of trusted roots (every *.crt and *.pem), read again while running.'),
  logLevel: setting('LOG_LEVEL', 'info', readLogLevel, 'How much to log.'),
  logFormat: setting('LOG_FORMAT', 'json', readLogFormat, '`pretty` for people at a terminal.'),
} as const;

/** Settings of a node are none here: `STARLING_LISTEN` was meant to be `STARLING_GATEWAY_LISTEN`. */
const foreign = /^STARLING_TEST_/;

/** @throws SettingsError */
export function readGatewaySettings(environment: Readonly<Record<string, string | undefined>>, args: readonly string[]): GatewaySettings {
  const { values, faults } = readTable(gatewaySettingDefinitions, environment, args, foreign);
  const { cluster, listen, metricsListen, targets, targetsFile, allowedHosts, certificateDir, trustDir, logLevel: level, logFormat: format } = values;
  const isIncomplete = cluster === null || listen === null || metricsListen === null || targets === null || allowedHosts === null || certificateDir === null || trustDir === null || level === null || format === null;
  if (isIncomplete || faults.length > 0) throw new SettingsError(faults);
  return Object.freeze<GatewaySettings>({ cluster, listen, metricsListen, targets, targetsFile, allowedHosts, certificateDir, trustDir, log: { level, format } });
}

function readTargets(text: string): Reading<Targets> {
  const faults: string[] = [];
  const [first, ...others] = targetsOf(text.split(','), [], faults);
  if (faults.length > 0) return { ok: false, fault: faults.join('; ') };
  return first === undefined ? { ok: false, fault: 'it names no node' } : { ok: true, value: [first, ...others] };
}

/** Null for what no browser can ask under. */
function allowedHost(entry: string): string | null {
  const [, wildcard = '', rest = ''] = /^(\*\.)?(.*)$/.exec(entry) ?? [];
  const name = wildcard !== '' && isIP(rest) !== 0 ? null : hostName(rest);
  return name === null ? null : wildcard + name;
}

function readHosts(text: string): Reading<readonly string[]> {
  const list = readList(text);
  const entries = list.ok ? list.value : [];
  const wrong = entries.filter((entry) => allowedHost(entry) === null);
  if (wrong.length > 0) return { ok: false, fault: wrong.map((entry) => `"${entry}" is not a host name`).join('; ') };
  return { ok: true, value: entries.flatMap((entry) => allowedHost(entry) ?? []) };
}
