/** What is made from something else still is what would be made. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { chart, everyApi, root, run, template, withoutHelm } from './helm.js';

const read = (...path: string[]) => readFileSync(join(root, ...path), 'utf8');

const metrics = () => ['metrics.ts', 'transport-metrics.ts'].map((file) => read('services', 'node', 'src', 'observability', file)).join('\n') + read('services', 'gateway', 'src', 'metrics.ts');

describe('without helm', () => {
  it('README.md of the chart tells the values as they are', () => {
    expect(run(process.execPath, ['charts/starling/readme.mjs', '--verify'])).toMatchObject({ status: 0, stderr: '' });
  });

  it('the schema knows every value and nothing else', () => {
    const schema = JSON.parse(read('charts', 'starling', 'values.schema.json')) as Schema;
    // What only a chart above gives.
    const { global, enabled, ...properties } = schema.properties ?? {};
    expect([global, enabled]).not.toContain(undefined);
    compare({ ...schema, properties }, parse(read('charts', 'starling', 'values.yaml')), schema, '');
  });

  it('chart and packages have one version', () => {
    const { version, appVersion } = parse(read('charts', 'starling', 'Chart.yaml')) as { version: string; appVersion: string };
    const packages = (JSON.parse(read('package.json')) as { version: string }).version;
    expect([version, appVersion]).toEqual([packages, packages]);
  });

  it('every metric that node and gateway declare is on the dashboard', () => {
    const dashboard = read('charts', 'starling', 'dashboards', 'starling.json');
    const declared = new Set(metrics().match(/(?<=')starling_[a-z_]+[a-z](?=')/g));
    expect(declared.size).toBeGreaterThan(20);
    expect([...declared].filter((metric) => !dashboard.includes(metric))).toEqual([]);
  });

  it('dashboard and alerts speak of metrics that exist', () => {
    const texts = ['dashboards/starling.json', 'alerts.yaml'].map((file) => read('charts', 'starling', file)).join('\n');
    const declared = metrics();
    const used = new Set(texts.match(/starling_[a-z_0-9]+/g));
    const missing = [...used].filter((metric) => !declared.includes(`'${metric.replace(/_(?:bucket|sum|count)$/, '')}'`));
    expect(missing).toEqual([]);
  });

  it('skaffold builds the stages that the Dockerfile has', () => {
    const skaffold = parse(read('skaffold.yaml')) as { build: { artifacts: { docker: { target: string } }[] } };
    const stages = [...read('Dockerfile').matchAll(/^FROM \S+ AS (\S+)$/gm)].map(([, name]) => name);
    for (const { docker } of skaffold.build.artifacts) expect(stages).toContain(docker.target);
  });

  it('the images are made from one base image only', () => {
    const stages = [...read('Dockerfile').matchAll(/^FROM (\S+) AS (\S+)$/gm)];
    const names = new Set(stages.map(([, , name]) => name));
    expect(new Set(stages.map(([, from]) => from).filter((from) => !names.has(from)))).toEqual(new Set(['node:24-bookworm-slim']));
  });
});

describe.skipIf(withoutHelm !== '')(`with helm${withoutHelm}`, () => {
  it('k8s/ is what the chart renders', () => {
    expect(run(process.execPath, ['k8s/render.mjs', '--verify'])).toMatchObject({ status: 0, stderr: '' });
  });

  it('helm finds nothing wrong with the chart', () => {
    const { status, stdout } = run('helm', ['lint', '--strict', chart, '--values', `${chart}/ci/existing-secret.yaml`]);
    expect(stdout).not.toMatch(/\[(WARNING|ERROR)\]/);
    expect(status).toBe(0);
  });

  it('the values for production render', () => {
    expect(template([...everyApi, '--values', `${chart}/values-production.yaml`])).toMatchObject({ status: 0 });
  });
});

interface Schema {
  readonly $ref?: string;
  readonly properties?: Record<string, Schema>;
  readonly definitions?: Record<string, Schema>;
}

/** Both sides name the same things, wherever the schema says what is inside. */
function compare(schema: Schema, value: unknown, whole: Schema, path: string): void {
  const meant = schema.$ref === undefined ? schema : (whole.definitions?.[schema.$ref.replace('#/definitions/', '')] ?? {});
  if (meant.properties === undefined || typeof value !== 'object' || value === null || (Object.keys(value).length === 0 && path !== '')) return;
  expect(Object.keys(value).sort(), path).toEqual(Object.keys(meant.properties).sort());
  for (const [name, inner] of Object.entries(meant.properties)) compare(inner, (value as Record<string, unknown>)[name], whole, `${path}.${name}`);
}
