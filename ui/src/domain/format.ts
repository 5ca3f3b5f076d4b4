/** Numbers for a person: three significant digits and the unit beside them. */

export interface Quantity {
  readonly number: string;
  /** As printed; may be empty. */
  readonly unit: string;
}

const nothing: Quantity = { number: '–', unit: '' };
const decimalPrefixes = ['', 'k', 'M', 'G', 'T', 'P'];
const binaryPrefixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi'];
const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

/** Three significant digits without an exponent: 0.0123, 1.23, 12.3, 123. Meant for magnitudes below 1,000. */
export function threeDigits(value: number): string {
  if (value === 0) return '0';
  const magnitude = Math.floor(Math.log10(Math.abs(Number(value.toPrecision(3)))));
  return value.toFixed(Math.min(6, Math.max(0, 2 - magnitude)));
}

/** What is whole was counted: decimals would claim a precision that nobody measured. */
function wholeOrThreeDigits(value: number): string {
  return Number.isInteger(value) ? String(value) : threeDigits(value);
}

function scaled(value: number, base: 1_000 | 1_024, unit: string): Quantity {
  const prefixes = base === 1_024 ? binaryPrefixes : decimalPrefixes;
  let step = 0;
  let rest = value;
  while (Math.abs(Number(rest.toPrecision(3))) >= base && step < prefixes.length - 1) {
    rest /= base;
    step++;
  }
  // 1,000 to 1,023 of a binary unit have four digits; everything else is below 1,000.
  return { number: step === 0 ? wholeOrThreeDigits(rest) : threeDigits(rest), unit: `${prefixes[step]}${unit}` };
}

function seconds(value: number): Quantity {
  const size = Math.abs(value);
  if (size === 0) return { number: '0', unit: 's' };
  if (size < 1e-3) return { number: threeDigits(value * 1e6), unit: 'µs' };
  if (size < 1) return { number: threeDigits(value * 1e3), unit: 'ms' };
  if (size < 2 * minute) return { number: wholeOrThreeDigits(value), unit: 's' };
  return { number: formatSpan(value), unit: '' };
}

/** Whether a value of this metric is a part of a whole, 0 to 1, and reads best in percent. */
export function isRatio(name: string, unit: string): boolean {
  return unit === '1' && /(utilization|ratio|pressure|iowait)/.test(name);
}

const printedUnits: ReadonlyMap<string, string> = new Map([['1', ''], ['By', 'B'], ['Cel', '°C']]);

/**
 * A metric's UCUM unit as it is printed, without a prefix. Of what is counted (`{process}`, `{error}/s`) the title says the
 * word already: nothing is left, or how often.
 */
export function printedUnit(unit: string, name: string): string {
  if (isRatio(name, unit)) return '%';
  const [head = '', ...rest] = unit.split('/');
  const tail = rest.length > 0 ? `/${rest.join('/').replace(/[{}]/g, '')}` : '';
  return `${head.startsWith('{') ? '' : (printedUnits.get(head) ?? head)}${tail}`;
}

/** A metric's value in its UCUM unit. `By` is given in powers of 1,024, seconds in the unit that fits, ratios in percent. */
export function formatMetric(value: number | null | undefined, unit: string, name: string): Quantity {
  if (value === null || value === undefined || !Number.isFinite(value)) return nothing;
  const printed = printedUnit(unit, name);
  if (isRatio(name, unit)) return { number: threeDigits(value * 100), unit: printed };
  if (unit === 's') return seconds(value);
  if (unit === 'ms') return seconds(value / 1_000);
  if (printed === '%' || printed === '°C') return { number: threeDigits(value), unit: printed };
  return scaled(value, /^By(\/|$)/.test(unit) ? 1_024 : 1_000, printed);
}

/** A round trip, which is measured in whole milliseconds: 0 is less than one. Null: not measured. */
export function formatRoundTrip(seconds: number | null): Quantity {
  if (seconds === null || !Number.isFinite(seconds)) return nothing;
  const milliseconds = Math.round(seconds * 1_000);
  return { number: milliseconds < 1 ? '< 1' : formatCount(milliseconds), unit: 'ms' };
}

/** `1.2 s`, `42 s`, `4 min 10 s`, `2 h 05 min`, `3 d 4 h`: for ages, which tick. */
export function formatSpan(value: number): string {
  const whole = Math.floor(value);
  if (value < 9.95) return `${Math.max(0, value).toFixed(1)} s`;
  if (value < minute) return `${whole} s`;
  if (value < hour) return `${Math.floor(whole / minute)} min ${two(whole % minute)} s`;
  if (value < day) return `${Math.floor(whole / hour)} h ${two(Math.floor((whole % hour) / minute))} min`;
  return `${Math.floor(whole / day)} d ${Math.floor((whole % day) / hour)} h`;
}

function two(value: number): string {
  return value.toString().padStart(2, '0');
}

/** Whole counts with a thin group separator: 12,345. */
export function formatCount(value: number): string {
  return value.toLocaleString('en-US');
}

/** Time of day by the clock of the browser, 24 hours. */
export function formatTimeOfDay(atMs: number): string {
  const time = new Date(atMs);
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

/** `2026-11-24 14:10`, by the clock of the browser. */
export function formatDateTime(iso: string): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return iso;
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} ${two(time.getHours())}:${two(time.getMinutes())}`;
}

/** Groups of four digits, as fingerprints are compared by eye. */
export function inGroups(hex: string): string {
  return hex.replace(/(.{4})(?=.)/g, '$1 ');
}

const spelling: ReadonlyMap<string, string> = new Map([['cpu', 'CPU'], ['io', 'I/O'], ['psi', 'PSI'], ['oom', 'OOM'], ['tcp', 'TCP'], ['udp', 'UDP'], ['gc', 'GC']]);

/** `system.cpu.load_average.1m` to `CPU load average 1m`: the part that tells metrics of one page apart, for a person. */
export function metricTitle(name: string): string {
  const words = name.replace(/^system\./, '').split(/[._]/).map((word) => spelling.get(word) ?? word);
  const title = words.join(' ');
  return title.charAt(0).toUpperCase() + title.slice(1);
}
