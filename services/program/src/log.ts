/** The log of the process: JSON lines, or lines for a person at a terminal. */
import { type DestinationStream, type Level, type Logger, pino, stdTimeFunctions } from 'pino';
import { printable } from './printable.js';

export type Log = Logger;
export type { Level };

export interface LogOptions {
  readonly level: Level | 'silent';
  readonly format: 'json' | 'pretty';
}

export function createLog({ level, format }: LogOptions, output: DestinationStream): Log {
  const destination = format === 'json' ? output : { write: (line: string) => output.write(prettyLine(line)) };
  return pino({ level, base: null, timestamp: stdTimeFunctions.isoTime, formatters: { level: (label) => ({ level: label }) } }, destination);
}

/** `12:00:00.000 INFO  text key=value`, the stack of an error below it; a line that is no JSON is passed on as it is. */
function prettyLine(line: string): string {
  const entry = parse(line);
  if (entry === null) return line;
  const { time, level, msg, err, ...rest } = entry;
  const fields = Object.entries(rest).map(([key, value]) => ` ${key}=${printable(typeof value === 'string' ? value : JSON.stringify(value))}`);
  const stack = typeof err === 'object' && err !== null && 'stack' in err ? `\n${String(err.stack).split('\n').map(printable).join('\n')}` : '';
  return `${String(time).slice(11, 23)} ${String(level).toUpperCase().padEnd(5)} ${printable(String(msg ?? ''))}${fields.join('')}${stack}\n`;
}

function parse(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
