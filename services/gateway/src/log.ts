/** The log of the gateway: JSON lines, or lines for a person at a terminal. */
import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';
import type { LogFormat, LogLevel } from './settings.js';

export type Log = Logger;

/** Writes to standard output unless told otherwise. */
export function createLog({ level, format }: { readonly level: LogLevel | 'silent'; readonly format: LogFormat }, output: DestinationStream = process.stdout): Log {
  const destination = format === 'json' ? output : { write: (line: string) => output.write(prettyLine(line)) };
  return pino({ level, base: null, timestamp: stdTimeFunctions.isoTime, formatters: { level: (label) => ({ level: label }) } }, destination);
}

/** `12:00:00.000 INFO  text key=value`. */
function prettyLine(line: string): string {
  const { time, level, msg, ...rest } = JSON.parse(line) as Record<string, unknown>;
  const fields = Object.entries(rest).map(([key, value]) => ` ${key}=${JSON.stringify(value)}`);
  return `${String(time).slice(11, 23)} ${String(level).toUpperCase().padEnd(5)} ${String(msg)}${fields.join('')}\n`;
}
