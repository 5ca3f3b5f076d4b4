/**
 * Settings as a table that a program declares: read from the environment and from flags (flags win), checked as a whole,
 * all mistakes at once.
 */
import { parseArgs } from 'node:util';
import type { Reading } from './setting-readers.js';

export interface SettingDefinition<T> {
  /** Without the prefix `STARLING_`. */
  readonly name: string;
  /** Used when nothing is set; null when there is none. */
  readonly fallback: string | null;
  /** Whether it may not stay unset. */
  readonly isNeeded: boolean;
  readonly read: (text: string) => Reading<T>;
  /** Who would change it and why; for docs/OPERATING.md. */
  readonly meaning: string;
}

type Table = Readonly<Record<string, SettingDefinition<unknown>>>;
type Environment = Readonly<Record<string, string | undefined>>;

/** Null where nothing is set and there is no fallback, and where what is set is wrong. */
export type SettingValues<T extends Table> = { readonly [K in keyof T]: (T[K] extends SettingDefinition<infer V> ? V : never) | null };

const prefix = 'STARLING_';

export function setting<T>(name: string, fallback: string | null, read: (text: string) => Reading<T>, meaning: string): SettingDefinition<T> {
  return { name, fallback, isNeeded: false, read, meaning };
}

/** A setting without which the program does not start. */
export function needed<T>(name: string, read: (text: string) => Reading<T>, meaning: string): SettingDefinition<T> {
  return { name, fallback: null, isNeeded: true, read, meaning };
}

export function variableOf(name: string): string {
  return prefix + name;
}

/** Without the name of the program: `--listen` stands for `STARLING_GATEWAY_LISTEN` of the gateway. */
export function flagOf(name: string): string {
  return `--${name.replace(/^GATEWAY_/, '').toLowerCase().replaceAll('_', '-')}`;
}

/** What a program says that was given these faults. */
export function settingsMessage(faults: readonly string[]): string {
  return `The settings are wrong:\n${faults.map((fault) => `  - ${fault}`).join('\n')}\nAll settings: docs/OPERATING.md`;
}

/** `foreign` variables have our prefix and are none of this program's, but may stay. */
export function readTable<T extends Table>(table: T, environment: Environment, args: readonly string[], foreign: RegExp): { readonly values: SettingValues<T>; readonly faults: string[] } {
  const faults: string[] = [];
  const flags = readFlags(table, args, faults);
  const variables = new Set(Object.values(table).map(({ name }) => variableOf(name)));
  for (const variable of Object.keys(environment)) {
    if (variable.startsWith(prefix) && !foreign.test(variable) && !variables.has(variable)) faults.push(`${variable} is not a setting${nearest(variable, variables)}`);
  }
  const values = Object.fromEntries(Object.entries(table).map(([key, definition]) => [key, readOne(definition, flags, environment, faults)]));
  return { values: values as SettingValues<T>, faults };
}

function readOne({ name, fallback, isNeeded, read, meaning }: SettingDefinition<unknown>, flags: ReadonlyMap<string, string>, environment: Environment, faults: string[]): unknown {
  const flag = flags.get(name);
  // An empty variable is one that is not set.
  const text = flag ?? (environment[variableOf(name)] || fallback);
  if (text === null || text === undefined) {
    if (isNeeded) faults.push(`${variableOf(name)} must be set. ${meaning}`);
    return null;
  }
  const reading = read(text);
  if (reading.ok) return reading.value;
  faults.push(`${flag === undefined ? variableOf(name) : flagOf(name)}: ${reading.fault}`);
  return null;
}

/** By the name of the setting; the last of several wins. */
function readFlags(table: Table, args: readonly string[], faults: string[]): Map<string, string> {
  const names = new Map(Object.values(table).map(({ name }) => [flagOf(name), name]));
  const options = Object.fromEntries([...names.keys()].map((flag) => [flag.slice('--'.length), { type: 'string' as const }]));
  const given = new Map<string, string>();
  // Strict, it would stop at the first mistake.
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true });
  let afterUnknown = -1;
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') {
      if (token.index !== afterUnknown) faults.push(`"${token.value}" belongs to no flag`);
      continue;
    }
    const name = names.get(token.rawName);
    if (name === undefined) {
      faults.push(`${token.rawName} is not a flag${nearest(token.rawName, names.keys())}`);
      // Its value, most likely.
      if (token.value === undefined) afterUnknown = token.index + 1;
    } else if (token.value === undefined) faults.push(`${token.rawName} needs a value`);
    else given.set(name, token.value);
  }
  return given;
}

/** A hint for a name that was mistyped; none that is another name altogether. */
function nearest(name: string, names: Iterable<string>): string {
  const best = [...names].map((other) => ({ other, distance: editDistance(name, other) })).sort((a, b) => a.distance - b.distance)[0];
  const most = Math.min(3, Math.floor(name.replace(/^(?:STARLING_|--)/, '').length / 3));
  return best !== undefined && best.distance <= most ? `; did you mean ${best.other}?` : '';
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) next.push(Math.min((next[j - 1] as number) + 1, (row[j] as number) + 1, (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length] as number;
}
