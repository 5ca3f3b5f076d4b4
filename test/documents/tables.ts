/**
 * The tables of docs/OPERATING.md, from the code that they are about. Each stands between a line
 * `<!-- generated: NAME -->` and a line `<!-- end -->`; `npm run docs` writes them anew.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MetricObjectWithValues, MetricValue, Registry } from 'prom-client';
import { parse } from 'yaml';
import { flagOf, type SettingDefinition, variableOf } from '@starling/program';
import { exitCodes } from '../../services/node/src/errors.js';
import { createMetrics as createNodeMetrics, type MetricsSources as NodeSources } from '../../services/node/src/observability/metrics.js';
import { networkExposition } from '../../services/node/src/observability/network-exposition.js';
import { settingDefinitions } from '../../services/node/src/settings.js';
import { createMetrics as createGatewayMetrics, type MetricsSources as GatewaySources } from '../../services/gateway/src/metrics.js';
import { gatewaySettingDefinitions } from '../../services/gateway/src/settings.js';

const root = join(import.meta.dirname, '..', '..');

type Row = readonly string[];

function table(head: Row, rows: readonly Row[]): string {
  const line = (cells: Row) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function code(text: string): string {
  return text === '' ? '' : `\`${text}\``;
}

/** What holds when nothing is set. */
function standard(fallback: string | null): string {
  if (fallback === null) return 'none';
  return fallback === '' ? 'empty' : code(fallback);
}

interface SettingRow {
  readonly variable: string;
  readonly flag: string;
  readonly fallback: string | null;
  readonly meaning: string;
}

function rowsOf(definitions: Readonly<Record<string, SettingDefinition<unknown>>>): readonly SettingRow[] {
  return Object.values(definitions).map(({ name, fallback, meaning }) => ({ variable: variableOf(name), flag: flagOf(name), fallback, meaning }));
}

export const nodeSettings = rowsOf(settingDefinitions);
export const gatewaySettings = rowsOf(gatewaySettingDefinitions);

function settingsTable(settings: readonly SettingRow[]): string {
  return table(['Variable', 'Flag', 'Unless set', 'Meaning'], settings.map(({ variable, flag, fallback, meaning }) => [code(variable), code(flag), standard(fallback), meaning]));
}

function portsTable(): string {
  const ports = (program: string, settings: readonly SettingRow[], template: string) =>
    settings
      .filter(({ variable }) => variable.endsWith('LISTEN'))
      .map(({ variable, fallback, meaning }) => [program, code(variable), code(fallback ?? ''), portInChart(template, variable), meaning]);
  return table(['Program', 'Setting', 'On a host, unless set', 'In the chart', 'What for'], [...ports('node', nodeSettings, 'node/_pod.tpl'), ...ports('gateway', gatewaySettings, 'ui/deployment.yaml')]);
}

/** Name and number of the container's port, as the template has them. */
function portInChart(template: string, variable: string): string {
  const text = readFileSync(join(root, 'charts', 'starling', 'templates', template), 'utf8');
  const names: Readonly<Record<string, string>> = { STARLING_LISTEN: 'gossip', STARLING_API_LISTEN: 'api', STARLING_METRICS_LISTEN: 'metrics', STARLING_GATEWAY_LISTEN: 'http' };
  const name = names[variable] ?? variable;
  const port = new RegExp(`name: ${name}, containerPort: (\\d+), protocol: (\\w+)`).exec(text);
  if (port === null) throw new Error(`${template} has no port ${name}`);
  return `${port[1] ?? ''} ${port[2] ?? ''}, ${code(name)}`;
}

type Declared = MetricObjectWithValues<MetricValue<string>> & { readonly labelNames?: readonly string[] };

/** What prom-client adds by itself about the process and about Node.js. */
const ofTheRuntime = /^(?:process|nodejs)_/;

/** Nothing is read: what is declared needs no sources. */
const registries: Readonly<Record<'node' | 'gateway', Registry>> = {
  node: createNodeMetrics({} as NodeSources).registry,
  gateway: createGatewayMetrics({} as GatewaySources).registry,
};

function declared(registry: Registry): readonly Declared[] {
  return registry.getMetricsAsArray() as unknown as readonly Declared[];
}

function metricsTable(registry: Registry): string {
  const own = declared(registry).filter(({ name }) => !ofTheRuntime.test(name));
  return table(['Metric', 'Type', 'Labels', 'Meaning'], own.map(({ name, type, labelNames, help }) => [code(name), String(type), (labelNames ?? []).map(code).join(', '), help]));
}

function runtimeList(): string {
  return declared(registries.node).flatMap(({ name }) => (ofTheRuntime.test(name) ? [code(name)] : [])).join(', ');
}

function networkTable(): string {
  const text = [...networkExposition({ nodes: () => [], detail: () => null })].join('');
  const families = [...text.matchAll(/^# HELP (\S+) (.*)\n# TYPE \S+ (\S+)$/gm)];
  return table(['Metric', 'Type', 'Meaning'], families.map(([, name = '', help = '', type = '']) => [code(name), type, help]));
}

export const metricNames: readonly string[] = [...Object.values(registries).flatMap((registry) => declared(registry).map(({ name }) => name)), ...(networkTable().match(/starling_\w+/g) ?? [])];

interface Alert {
  readonly alert: string;
  readonly for: string;
  readonly severity: string;
  readonly summary: string;
}

export const alerts: readonly Alert[] = (parse(readFileSync(join(root, 'charts', 'starling', 'alerts.yaml'), 'utf8')) as { alerts: Alert[] }).alerts;

function alertsTable(): string {
  return table(['Alert', 'Severity', 'Lasting', 'Says'], alerts.map((alert) => [code(alert.alert), alert.severity, alert.for, alert.summary.replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, '<$1>').replaceAll(/\{\{ \$value.*? \}\}/g, '<value>').replaceAll('<', '&lt;')]));
}

function exitCodesTable(): string {
  const meanings: Readonly<Record<keyof typeof exitCodes, string>> = {
    ok: 'told to stop, and stopped',
    software: 'a fault of the program, or something broke while it ran that the node cannot go on without (its disk); the log says which',
    unavailable: 'something is taken: a port, an address that is not of this machine, a data directory that another process uses',
    noPermission: 'this user may not: read or write the data directory, or listen on the port',
    configuration: 'a setting, a certificate, a key or the roots are wrong or missing. With `request` also: no certificate came',
  };
  return table(['Code', 'Name', 'Meaning'], (Object.keys(exitCodes) as (keyof typeof exitCodes)[]).map((name) => [String(exitCodes[name]), name, meanings[name]]).sort(([a], [b]) => Number(a) - Number(b)));
}

/** By the name in the marker. */
export const tables: Readonly<Record<string, () => string>> = {
  'settings of a node': () => settingsTable(nodeSettings),
  'settings of the gateway': () => settingsTable(gatewaySettings),
  ports: portsTable,
  'exit codes': exitCodesTable,
  'metrics of a node': () => metricsTable(registries.node),
  'metrics of the gateway': () => metricsTable(registries.gateway),
  'metrics of the network': networkTable,
  'metrics of the runtime': runtimeList,
  alerts: alertsTable,
};

/** The document with every table as it would be made now. @throws Error for a marker that nobody knows, or one without an end */
export function withTables(document: string): string {
  const begins = document.match(/^<!-- generated: .*-->$/gm)?.length ?? 0;
  let written = 0;
  const result = document.replaceAll(/^(<!-- generated: (.*?) -->)\n[^]*?^(<!-- end -->)$/gm, (_whole, begin: string, name: string, end: string) => {
    const make = tables[name];
    if (make === undefined) throw new Error(`there is no table "${name}"; there are ${Object.keys(tables).join(', ')}`);
    written += 1;
    return `${begin}\n${make()}\n${end}`;
  });
  if (written !== begins) throw new Error(`${begins} tables begin, and ${written} end`);
  return result;
}
