import { expect, it } from 'vitest';
import { formatMetric, formatRoundTrip, formatSpan, inGroups, metricTitle, printedUnit, threeDigits } from './format.js';

it.each([
  [0, '0'],
  [0.01234, '0.0123'],
  [1.2345, '1.23'],
  [12.345, '12.3'],
  [123.45, '123'],
  [9.999, '10.0'],
  [99.96, '100'],
  [-0.5, '-0.500'],
])('writes %d with three digits: %s', (value, text) => expect(threeDigits(value)).toBe(text));

const metric = (value: number | null, unit: string, name = 'x') => {
  const quantity = formatMetric(value, unit, name);
  return `${quantity.number} ${quantity.unit}`.trim();
};

it.each([
  [0.256, '1', 'system.cpu.utilization', '25.6 %'],
  [0.25, '1', 'system.cpu.iowait', '25.0 %'],
  [0.5, '1', 'system.cpu.load_average.1m', '0.500'],
  [25, 'By', 'x', '25 B'],
  [1_536, 'By', 'x', '1.50 KiB'],
  [1_023, 'By', 'x', '1023 B'],
  [17_179_869_184, 'By', 'x', '16.0 GiB'],
  [1_300_000, 'By/s', 'x', '1.24 MiB/s'],
  [0.000418, 's', 'x', '418 µs'],
  [0.0021, 's', 'x', '2.10 ms'],
  [90, 's', 'x', '90 s'],
  [40_000, 's', 'x', '11 h 06 min'],
  [25, '{file_descriptor}', 'x', '25'],
  [999, '{process}', 'x', '999'],
  [12_345, '{packet}', 'x', '12.3 k'],
  [4.1666, '{operation}/s', 'x', '4.17 /s'],
  [999.9, '{packet}/s', 'x', '1.00 k/s'],
  [1_536, 'By/{packet}', 'x', '1.50 KiB/packet'],
  [12.5, '%', 'x', '12.5 %'],
  [21.5, 'Cel', 'x', '21.5 °C'],
  [7, '/s', 'x', '7 /s'],
])('writes %d %s of %s as %s', (value, unit, name, text) => expect(metric(value, unit, name)).toBe(text));

it.each([
  ['{process}', 'x', ''],
  ['{error}/s', 'x', '/s'],
  ['By/s', 'x', 'B/s'],
  ['1', 'x', ''],
  ['1', 'system.memory.utilization', '%'],
  ['Cel', 'x', '°C'],
  ['s', 'x', 's'],
])('prints the unit %s of %s as "%s"', (unit, name, text) => expect(printedUnit(unit, name)).toBe(text));

it('does not make up a value', () => {
  expect(metric(null, 'By')).toBe('–');
  expect(metric(Number.NaN, '1')).toBe('–');
});

it.each([
  [null, '–'],
  [0, '< 1 ms'],
  [0.001, '1 ms'],
  [0.0174, '17 ms'],
  [1.25, '1,250 ms'],
])('writes a round trip of %d seconds as %s', (seconds, text) => {
  const { number, unit } = formatRoundTrip(seconds);
  expect(`${number} ${unit}`.trim()).toBe(text);
});

it.each([
  [0, '0.0 s'],
  [9.94, '9.9 s'],
  [9.96, '9 s'],
  [59.9, '59 s'],
  [250, '4 min 10 s'],
  [7_500, '2 h 05 min'],
  [273_600, '3 d 4 h'],
])('writes a span of %d seconds as %s', (value, text) => expect(formatSpan(value)).toBe(text));

it('titles metrics and groups fingerprints', () => {
  expect(metricTitle('system.cpu.load_average.1m')).toBe('CPU load average 1m');
  expect(metricTitle('x.constructor')).toBe('X constructor');
  expect(inGroups('0123456789')).toBe('0123 4567 89');
});
