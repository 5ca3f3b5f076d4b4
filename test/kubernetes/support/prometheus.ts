/** The Prometheus of the cluster, asked through the API server. */
import { kubectl, run } from './kubectl.js';

/** Namespace and service with port, as the test cluster has them. */
const [namespace = '', service = ''] = (process.env['STARLING_TEST_PROMETHEUS'] ?? 'monitoring/prometheus:web').split('/');

/** Stands in the name of every test that is skipped for the want of it. */
export const withoutMonitoring = (await run('kubectl', ['get', 'crd', 'podmonitors.monitoring.coreos.com'])).status === 0 ? '' : ' (skipped: no Prometheus Operator in this cluster)';

async function ask<T>(path: string): Promise<T> {
  const answer = JSON.parse(await kubectl(['get', '--raw', `/api/v1/namespaces/${namespace}/services/${service}/proxy/api/v1/${path}`])) as { data: T };
  return answer.data;
}

export interface Target {
  readonly labels: Readonly<Record<string, string>>;
  readonly scrapePool: string;
  readonly health: string;
  readonly lastError: string;
}

/** Those that belong to a namespace. */
export async function targetsOf(wanted: string): Promise<readonly Target[]> {
  const { activeTargets } = await ask<{ activeTargets: Target[] }>('targets?state=active');
  return activeTargets.filter(({ labels }) => labels['namespace'] === wanted);
}

export interface Rule {
  readonly name: string;
  readonly health: string;
  readonly state: string;
  readonly lastError?: string;
}

/** The rules of a group; none when Prometheus has not loaded it. */
export async function rulesOf(group: string): Promise<readonly Rule[]> {
  const { groups } = await ask<{ groups: { name: string; rules: Rule[] }[] }>('rules');
  return groups.find(({ name }) => name === group)?.rules ?? [];
}

export interface Alert {
  readonly state: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export async function alertsOf(wanted: string): Promise<readonly Alert[]> {
  const { alerts } = await ask<{ alerts: Alert[] }>('alerts');
  return alerts.filter(({ labels }) => labels['namespace'] === wanted);
}
