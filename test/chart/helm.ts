/** The chart, rendered by the real helm. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';

export const root = join(import.meta.dirname, '..', '..');
export const chart = join(root, 'charts', 'starling');
export const variants = readdirSync(join(chart, 'ci')).map((file) => ({ name: file.replace('.yaml', ''), file: join(chart, 'ci', file) }));

/** What a cluster with everything installed that the chart can use has. */
export const everyApi = ['cert-manager.io/v1', 'monitoring.coreos.com/v1'].flatMap((api) => ['--api-versions', api]);

/** Where the test cluster keeps the programs that it built. */
const cluster = join(process.env['CLUSTER_CACHE'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'starling-cluster'), 'bin');
const environment = { ...process.env, PATH: `${process.env['PATH'] ?? ''}${delimiter}${cluster}` };

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function run(program: string, args: readonly string[], input = ''): Ran {
  return spawnSync(program, args, { encoding: 'utf8', env: environment, cwd: root, input, maxBuffer: 32 * 1024 * 1024 });
}

export function has(program: 'helm' | 'promtool'): boolean {
  return run(program, [program === 'helm' ? 'version' : '--version']).status === 0;
}

/** Stands in the name of every test that is skipped for the want of it. */
export const withoutHelm = has('helm') ? '' : ' (skipped: no helm on the PATH)';

export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Record<string, string>; readonly annotations?: Record<string, string> };
  // What is inside differs for every kind; tests read it by path.
  readonly [field: string]: unknown;
}

export function template(args: readonly string[], release = 'starling'): Ran {
  return run('helm', ['template', release, chart, '--namespace', 'demo', ...args]);
}

/** @throws with helm's complaint when the chart does not render. */
export function objects(args: readonly string[] = [], release = 'starling'): KubernetesObject[] {
  const { status, stdout, stderr } = template([...everyApi, ...args], release);
  if (status !== 0) throw new Error(stderr);
  // Kubernetes reads YAML 1.1, where `on` and `1e5` are no text either.
  const documents = parseAllDocuments(stdout, { version: '1.1' });
  // Such as a key that stands there twice.
  for (const fault of documents.flatMap(({ errors }) => errors)) throw fault;
  return documents.flatMap((document) => (document.contents === null ? [] : [document.toJS() as KubernetesObject]));
}

/** As the dependency of a chart that switches it by `starling.enabled`, with these values of that chart. */
export function templateBelow(values: object): Ran {
  const above = mkdtempSync(join(tmpdir(), 'starling-above-'));
  try {
    cpSync(chart, join(above, 'charts', 'starling'), { recursive: true });
    const dependency = { name: 'starling', version: '*', condition: 'starling.enabled' };
    writeFileSync(join(above, 'Chart.yaml'), JSON.stringify({ apiVersion: 'v2', name: 'above', version: '1.0.0', dependencies: [dependency] }));
    writeFileSync(join(above, 'values.yaml'), JSON.stringify(values));
    return run('helm', ['template', 'platform', above, '--namespace', 'demo', ...everyApi]);
  } finally {
    rmSync(above, { recursive: true });
  }
}

/** What helm would print after the installation: as an object of a copy of the chart, because `helm template` leaves it out. */
export function notes(args: readonly string[] = []): string {
  const copy = mkdtempSync(join(tmpdir(), 'starling-notes-'));
  try {
    cpSync(chart, copy, { recursive: true });
    const text = readFileSync(join(chart, 'templates', 'NOTES.txt'), 'utf8');
    writeFileSync(join(copy, 'templates', 'shown.yaml'), `{{- define "notes" }}${text}{{ end }}\ntext: {{ include "notes" . | quote }}\n`);
    const { status, stdout, stderr } = run('helm', ['template', 'starling', copy, '--namespace', 'demo', ...everyApi, '--show-only', 'templates/shown.yaml', ...args]);
    if (status !== 0) throw new Error(stderr);
    return (parse(stdout) as { text: string }).text;
  } finally {
    rmSync(copy, { recursive: true });
  }
}

export function one(all: readonly KubernetesObject[], kind: string, name?: string): KubernetesObject {
  const found = all.filter((object) => object.kind === kind && (name === undefined || object.metadata.name === name));
  if (found.length !== 1) throw new Error(`${found.length} objects are a ${kind} ${name ?? ''}`);
  return found[0] as KubernetesObject;
}

/** What stands at a path such as `spec.template.spec.containers.0.image`; undefined when nothing does. */
export function at(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((inner, key) => (typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>)[key] : undefined), value);
}

export interface PodSpec {
  readonly containers: readonly Container[];
  readonly volumes: readonly Record<string, unknown>[];
  readonly securityContext: Record<string, unknown>;
  readonly automountServiceAccountToken: boolean;
  readonly nodeSelector?: Record<string, string>;
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly env: readonly { readonly name: string; readonly value?: string }[];
  readonly securityContext?: Record<string, unknown>;
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string; readonly subPath?: string }[];
}

/** Of every object that makes pods, by its kind and name. */
export function podSpecs(all: readonly KubernetesObject[]): Map<string, PodSpec> {
  const specs = new Map<string, PodSpec>();
  for (const object of all) {
    const spec = object.kind === 'Pod' ? object['spec'] : at(object, 'spec.template.spec');
    if (spec !== undefined) specs.set(`${object.kind} ${object.metadata.name}`, spec as PodSpec);
  }
  return specs;
}

/** The containers that have a token of their pod's service account, as `StatefulSet starling: node`. */
export function tokens(all: readonly KubernetesObject[]): string[] {
  return [...podSpecs(all)].flatMap(([pod, { automountServiceAccountToken, containers, volumes = [] }]) => {
    const holding = volumes.filter((volume) => JSON.stringify(volume).includes('serviceAccountToken')).map(({ name }) => name);
    return containers.filter(({ volumeMounts = [] }) => automountServiceAccountToken !== false || volumeMounts.some(({ name }) => holding.includes(name))).map(({ name }) => `${pod}: ${name}`);
  });
}

/** The environment of the first container, name to value. */
export function environmentOf(spec: PodSpec | undefined): Record<string, string | undefined> {
  return Object.fromEntries((spec?.containers[0]?.env ?? []).map(({ name, value }) => [name, value]));
}
