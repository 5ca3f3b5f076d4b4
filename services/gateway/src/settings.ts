/** Everything that somebody may set on a gateway: environment and flags (flags win), all mistakes at once. */
import { isIP } from 'node:net';
import { hostName } from '@starling/contract';
import { type TargetSettings, targetsOf } from './target-list.js';

export interface HostPort {
  /** An IP literal, without brackets. */
  readonly host: string;
  readonly port: number;
}

export interface GatewaySettings {
  readonly cluster: string;
  readonly listen: HostPort;
  readonly metricsListen: HostPort;
  /** At least one; the first is the designated one. */
  readonly targets: readonly [TargetSettings, ...TargetSettings[]];
  /** File of further ones; null when there is none. */
  readonly targetsFile: string | null;
  /** Names under which browsers may ask, beside those of this machine itself. */
  readonly allowedHosts: readonly string[];
  readonly certificateDir: string;
  readonly trustDir: string;
  readonly log: { readonly level: LogLevel; readonly format: LogFormat };
}

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;
const logFormats = ['json', 'pretty'] as const;
export type LogLevel = (typeof logLevels)[number];
export type LogFormat = (typeof logFormats)[number];

/** The message lists every mistake; exit code 78 (configuration). */
export class SettingsError extends Error {
  constructor(faults: readonly string[]) {
    super(`The settings are wrong:\n${faults.map((fault) => `  - ${fault}`).join('\n')}\nAll settings: docs/OPERATING.md`);
    this.name = 'SettingsError';
  }
}

/** In the order of docs/OPERATING.md, with the value that holds when nothing is set; null when there is none. */
export const gatewaySettingDefinitions = {
  STARLING_CLUSTER: { fallback: 'starling', meaning: 'Name of the network; stands in the certificates of its nodes.' },
  STARLING_GATEWAY_LISTEN: { fallback: '127.0.0.1:8080', meaning: 'The page and its API (HTTP).' },
  STARLING_METRICS_LISTEN: { fallback: '127.0.0.1:8081', meaning: '/metrics, /livez and /readyz (HTTP).' },
  STARLING_GATEWAY_TARGETS: { fallback: null, meaning: 'Nodes that can be shown, `name=https://host:port,...`; the first is the designated one.' },
  STARLING_GATEWAY_TARGETS_FILE: { fallback: '', meaning: 'File of further nodes that can be shown, one `name=https://host:port` in a line; read again while running.' },
  STARLING_GATEWAY_ALLOWED_HOSTS: { fallback: '', meaning: 'Host names under which browsers may ask, separated by commas. Loopback names may always.' },
  STARLING_CERTIFICATE_DIR: { fallback: null, meaning: 'Directory of tls.crt and tls.key of the gateway, read again while running.' },
  STARLING_TRUST_DIR: { fallback: null, meaning: 'Directory of trusted roots (every *.crt and *.pem), read again while running.' },
  STARLING_LOG_LEVEL: { fallback: 'info', meaning: 'How much to log.' },
  STARLING_LOG_FORMAT: { fallback: 'json', meaning: '`pretty` for people at a terminal.' },
} as const;

type Name = keyof typeof gatewaySettingDefinitions;
const names = Object.keys(gatewaySettingDefinitions) as Name[];

/** @throws SettingsError */
export function readGatewaySettings(environment: Readonly<Record<string, string | undefined>>, args: readonly string[]): GatewaySettings {
  const faults: string[] = [];
  const flags = readFlags(args, faults);
  for (const variable of Object.keys(environment)) {
    if (variable.startsWith('STARLING_GATEWAY_') && !names.includes(variable as Name)) faults.push(`${variable} is not a setting`);
  }
  const textOf = (name: Name): string => {
    const text = flags.get(name) ?? (environment[name] || gatewaySettingDefinitions[name].fallback);
    if (text === null || text === undefined) faults.push(`${name} must be set. ${gatewaySettingDefinitions[name].meaning}`);
    return text ?? '';
  };
  const settings = {
    cluster: readCluster(textOf('STARLING_CLUSTER'), faults),
    listen: readHostPort('STARLING_GATEWAY_LISTEN', textOf('STARLING_GATEWAY_LISTEN'), faults),
    metricsListen: readHostPort('STARLING_METRICS_LISTEN', textOf('STARLING_METRICS_LISTEN'), faults),
    targets: readTargets(textOf('STARLING_GATEWAY_TARGETS'), faults),
    targetsFile: textOf('STARLING_GATEWAY_TARGETS_FILE') || null,
    allowedHosts: readHosts(textOf('STARLING_GATEWAY_ALLOWED_HOSTS'), faults),
    certificateDir: textOf('STARLING_CERTIFICATE_DIR'),
    trustDir: textOf('STARLING_TRUST_DIR'),
    level: readOneOf('STARLING_LOG_LEVEL', textOf('STARLING_LOG_LEVEL'), logLevels, faults),
    format: readOneOf('STARLING_LOG_FORMAT', textOf('STARLING_LOG_FORMAT'), logFormats, faults),
  };
  const { cluster, listen, metricsListen, targets, targetsFile, level, format, allowedHosts, certificateDir, trustDir } = settings;
  const [first, ...others] = targets;
  if (faults.length > 0 || listen === null || metricsListen === null || level === null || format === null || first === undefined) throw new SettingsError(faults);
  return Object.freeze<GatewaySettings>({ cluster, listen, metricsListen, targets: [first, ...others], targetsFile, allowedHosts, certificateDir, trustDir, log: { level, format } });
}

/** `--listen` and `--targets` stand for the variables with GATEWAY in their name, as `--log-level` does for the others. */
export function flagOf(name: Name): string {
  return `--${name.replace(/^STARLING_(?:GATEWAY_)?/, '').toLowerCase().replaceAll('_', '-')}`;
}

function readFlags(args: readonly string[], faults: string[]): Map<Name, string> {
  const byFlag = new Map(names.map((name) => [flagOf(name), name]));
  const given = new Map<Name, string>();
  for (let i = 0; i < args.length; i++) {
    const [flag = '', ...inline] = (args[i] as string).split('=');
    const name = byFlag.get(flag);
    const value = inline.length > 0 ? inline.join('=') : args[i + 1];
    if (name === undefined) {
      faults.push(`${flag} is not a flag; there is ${[...byFlag.keys()].join(', ')}`);
      continue;
    }
    if (inline.length === 0) i += 1;
    if (value === undefined) faults.push(`${flag} needs a value`);
    else given.set(name, value);
  }
  return given;
}

function readCluster(text: string, faults: string[]): string {
  if (!/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(text)) faults.push(`STARLING_CLUSTER: "${text}" is not a name of 1 to 63 characters of a-z, 0-9 and inner hyphens`);
  return text;
}

function readHostPort(name: Name, text: string, faults: string[]): HostPort | null {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2] ?? '';
  const port = Number(match?.[3]);
  if (isIP(host) !== 0 && (isIP(host) === 6) === (match?.[1] !== undefined) && port <= 65_535) return { host, port };
  faults.push(`${name}: "${text}" is not an IP address and a port, such as 127.0.0.1:8080 or [::1]:8080`);
  return null;
}

function readTargets(text: string, faults: string[]): TargetSettings[] {
  const targets = targetsOf('STARLING_GATEWAY_TARGETS', text.split(','), [], faults);
  if (targets.length === 0 && faults.length === 0) faults.push('STARLING_GATEWAY_TARGETS names no node');
  return targets;
}

function readHosts(text: string, faults: string[]): string[] {
  return text.split(',').map((part) => part.trim()).filter((part) => part !== '').flatMap((entry) => {
    const name = hostName(entry);
    if (name === null) faults.push(`STARLING_GATEWAY_ALLOWED_HOSTS: "${entry}" is not a host name`);
    return name ?? [];
  });
}

function readOneOf<const T extends string>(name: Name, text: string, choices: readonly T[], faults: string[]): T | null {
  const choice = choices.find((one) => one === text);
  if (choice === undefined) faults.push(`${name}: "${text}" is none of ${choices.join(', ')}`);
  return choice ?? null;
}
