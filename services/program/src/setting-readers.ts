/** From the text of one setting to its value, or to a sentence that says what is wrong with it. */
import { isIP } from 'node:net';
import { isClusterName } from '@starling/gossip';
import type { HostPort } from './host-port.js';

export type Reading<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: string };

const read = <T>(value: T): Reading<T> => ({ ok: true, value });
const refuse = (fault: string): Reading<never> => ({ ok: false, fault });

/** `host:port` or `[v6]:port` with an IP literal. Port 0 lets the system choose. */
export function readHostPort(text: string): Reading<HostPort> {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2] ?? '';
  const port = Number(match?.[3]);
  const family = isIP(host);
  if (family === 0 || (family === 6) !== (match?.[1] !== undefined)) return refuse(`"${text}" is not an IP address and a port, such as 127.0.0.1:9740 or [::1]:9740`);
  return port > 65_535 ? refuse(`the port ${port} is above 65535`) : read({ host, port });
}

/** IP literals without brackets, at least one. */
export function readIps(text: string): Reading<readonly string[]> {
  const ips = text.split(',').map((part) => part.trim());
  const wrong = ips.find((ip) => isIP(ip) === 0);
  return wrong === undefined ? read(ips) : refuse(`"${wrong}" is not an IP address`);
}

const unitsMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** `500ms`, `1s`, `15m`, `1h30m`; milliseconds. */
export function readDuration(least: number, most: number): (text: string) => Reading<number> {
  return (text) => {
    const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
    if (parts.length === 0 || parts.map(([whole]) => whole).join('') !== text) return refuse(`"${text}" is not a duration, such as 500ms, 1s or 2h`);
    const total = parts.reduce((sum, [, number, unit]) => sum + Number(number) * unitsMs[unit as keyof typeof unitsMs], 0);
    return total < least || total > most ? refuse(`${text} is not between ${least / 1_000} s and ${most / 1_000} s`) : read(total);
  };
}

/** The interval at which nodes are measured, milliseconds. */
export const readSampleInterval = readDuration(200, 60_000);

export function readBoolean(text: string): Reading<boolean> {
  return text === 'true' || text === 'false' ? read(text === 'true') : refuse(`"${text}" is neither true nor false`);
}

export function readOneOf<const T extends string>(...choices: readonly T[]): (text: string) => Reading<T> {
  return (text) => {
    const choice = choices.find((one) => one === text);
    return choice === undefined ? refuse(`"${text}" is none of ${choices.join(', ')}`) : read(choice);
  };
}

export function readRatio(text: string): Reading<number> {
  const ratio = Number(text);
  return text.trim() !== '' && ratio > 0 && ratio <= 1 ? read(ratio) : refuse(`"${text}" is not a number above 0 and at most 1`);
}

export function readText(pattern: RegExp, description: string): (text: string) => Reading<string> {
  return (text) => (pattern.test(text) ? read(text) : refuse(`"${text}" is not ${description}`));
}

export function readClusterName(text: string): Reading<string> {
  return isClusterName(text) ? read(text) : refuse(`"${text}" is not a name of 1 to 63 characters of a-z, 0-9 and inner hyphens`);
}

export const readLogLevel = readOneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace');

export const readLogFormat = readOneOf('json', 'pretty');

/** `a=b,c=d`. */
export function readLabels(text: string): Reading<Readonly<Record<string, string>>> {
  const labels: Record<string, string> = {};
  for (const pair of text.split(',').filter((part) => part.trim() !== '')) {
    const at = pair.indexOf('=');
    const key = pair.slice(0, at).trim();
    if (at < 1 || key === '') return refuse(`"${pair}" is not of the form key=value`);
    if (Object.hasOwn(labels, key)) return refuse(`"${key}" is given twice`);
    labels[key] = pair.slice(at + 1).trim();
  }
  return read(labels);
}

export function readList(text: string): Reading<readonly string[]> {
  return read(text.split(',').map((part) => part.trim()).filter((part) => part !== ''));
}
