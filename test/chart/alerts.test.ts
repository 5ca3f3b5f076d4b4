/** The alerts, judged by Prometheus' own rule tester: each fires for what it is made for, and none for a network that is well. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { at, has, objects, one, run, withoutHelm } from './helm.js';

const missing = withoutHelm || (has('promtool') ? '' : ' (skipped: no promtool on the PATH)');
const folder = mkdtempSync(join(tmpdir(), 'starling-alerts-'));
const rules = join(folder, 'rules.yaml');

beforeAll(() => {
  if (missing !== '') return;
  const rule = one(objects(['--set', 'monitoring.rules.enabled=true']), 'PrometheusRule');
  writeFileSync(rules, stringify(rule['spec']));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Samples, one a minute, in the notation of promtool. */
type Series = Readonly<Record<string, string>>;

const pod = (number: number) => `namespace="demo",pod="starling-${number}"`;

/** One that lives for so many hours, of which so many are left at the end. */
function certificate(number: number, lifeHours: number, leftHours: number): Series {
  const notAfter = 1_800 + leftHours * 3_600;
  return {
    [`starling_certificate_not_before_timestamp_seconds{${pod(number)}}`]: `${notAfter - lifeHours * 3_600}x30`,
    [`starling_certificate_not_after_timestamp_seconds{${pod(number)}}`]: `${notAfter}x30`,
  };
}

/** Half an hour of three nodes that are well. */
const well: Series = Object.assign(
  {},
  ...[0, 1, 2].map((number) => ({
    [`up{${pod(number)}}`]: '1x30',
    [`starling_members{${pod(number)},state="alive"}`]: '3x30',
    [`starling_members{${pod(number)},state="failed"}`]: '0x30',
    [`starling_peers{${pod(number)},push="eager"}`]: '1x30',
    [`starling_peers{${pod(number)},push="lazy"}`]: '1x30',
    [`starling_sample_interval_seconds{${pod(number)}}`]: '1x30',
    [`starling_views{${pod(number)}}`]: '1x30',
    ...certificate(number, 24, 10),
    [`starling_records_refused_total{${pod(number)},reason="superseded"}`]: '0+5x30',
    [`starling_equivocations_total{${pod(number)}}`]: '0x30',
    [`starling_leaf_reuses_total{${pod(number)}}`]: '0x30',
    [`starling_identity_conflicts_total{${pod(number)}}`]: '0x30',
    [`starling_record_age_seconds_bucket{${pod(number)},le="0.1"}`]: '0+100x30',
    [`starling_record_age_seconds_bucket{${pod(number)},le="10"}`]: '0+100x30',
    [`starling_record_age_seconds_bucket{${pod(number)},le="+Inf"}`]: '0+100x30',
  })) as Series[],
  // The designated node cannot be reached, but a page looks from another one, which can.
  { 'starling_gateway_target_up{namespace="demo",pod="starling-ui-5d8f-x",target="starling-0"}': '0x30', 'starling_gateway_target_up{namespace="demo",pod="starling-ui-5d8f-x",target="starling-1"}': '1x30' },
) as Series;

/** What has to be different, of which pod or namespace the alert then speaks. */
const troubles: readonly (readonly [string, Series])[] = [
  ['StarlingPodSilent', { [`up{${pod(1)}}`]: '0x30' }],
  ['StarlingNodeFailed', { [`starling_members{${pod(1)},state="failed"}`]: '1x30' }],
  ['StarlingNodeIsolated', { [`starling_peers{${pod(1)},push="eager"}`]: '0x30', [`starling_peers{${pod(1)},push="lazy"}`]: '0x30' }],
  ['StarlingNetworkSplit', { [`starling_members{${pod(1)},state="alive"}`]: '2x30' }],
  ['StarlingViewsDiffer', { [`starling_views{${pod(1)}}`]: '2x30' }],
  ['StarlingCertificateExpires', certificate(1, 24, 4.7)],
  ['StarlingCertificateExpires', certificate(1, 3, 0.5)],
  ['StarlingCertificateExpires', certificate(1, 365 * 24, 13 * 24)],
  ['StarlingRecordsForged', { [`starling_records_refused_total{${pod(1)},reason="signature-invalid"}`]: '0x25 1x5' }],
  ['StarlingIdentityMisused', { [`starling_equivocations_total{${pod(1)}}`]: '0x25 1x5' }],
  ['StarlingIdentityMisused', { [`starling_leaf_reuses_total{${pod(1)}}`]: '0x25 1x5' }],
  ['StarlingIdentityMisused', { [`starling_identity_conflicts_total{${pod(1)}}`]: '0x25 1x5' }],
  ['StarlingRecordsLate', { [`starling_record_age_seconds_bucket{${pod(1)},le="0.1"}`]: '0+50x30' }],
  ['StarlingVisualizerBlind', { 'starling_gateway_target_up{namespace="demo",pod="starling-ui-5d8f-x",target="starling-1"}': '0x30' }],
  ['StarlingLimitReached', { [`starling_limits_reached_total{${pod(1)},limit="maxOrigins"}`]: '0+1x30' }],
];

/** Names of the alerts that fired at some time in the last part of the half hour. */
function fired(series: Series, part: string): string[] {
  const test = join(folder, 'test.yaml');
  const names = [...new Set(troubles.map(([name]) => name))];
  const group = {
    interval: '1m',
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    promql_expr_test: names.map((name) => ({ expr: `count(count_over_time(ALERTS{alertname="${name}",alertstate="firing"}[${part}])) or vector(0)`, eval_time: '30m', exp_samples: [{ labels: '{}', value: 0 }] })),
  };
  writeFileSync(test, stringify({ rule_files: [rules], evaluation_interval: '1m', tests: [group] }));
  const { status, stdout, stderr } = run('promtool', ['test', 'rules', test]);
  // Each expression that is not 0 is told as a failure, which quotes it.
  const found = names.filter((name) => `${stdout}${stderr}`.includes(`alertname=\\"${name}\\"`));
  if (status !== 0 && found.length === 0) throw new Error(`${stdout}${stderr}`);
  return found;
}

/** Names of the alerts that fire at the end of the half hour. */
const firing = (series: Series) => fired(series, '1m');

/** What a pod tells of its place in the network, minute by minute. */
function place(name: string, alive: string, peers: string): Series {
  const labels = `namespace="demo",pod="${name}"`;
  return { [`starling_members{${labels},state="alive"}`]: alive, [`starling_peers{${labels},push="eager"}`]: peers, [`starling_sample_interval_seconds{${labels}}`]: peers.replaceAll(/\b0(?=x)/g, '1') };
}

describe.skipIf(missing !== '')(`the alerts${missing}`, () => {
  it('are rules that Prometheus takes', () => {
    expect(run('promtool', ['check', 'rules', '--lint=all', '--lint-fatal', rules])).toMatchObject({ status: 0 });
  });

  it('are all tried here', () => {
    const [group] = at(one(objects(['--set', 'monitoring.rules.enabled=true']), 'PrometheusRule'), 'spec.groups') as { rules: { alert: string }[] }[];
    expect(group?.rules.map(({ alert }) => alert).sort()).toEqual([...new Set(troubles.map(([name]) => name))].sort());
  });

  it('are silent for a network that is well', () => {
    expect(fired(well, '30m')).toEqual([]);
  });

  it.each(troubles)('%s fires alone for %j', (name, trouble) => {
    expect(firing({ ...well, ...trouble })).toEqual([name]);
  });

  it.each([[1, 0.25], [12, 3.2], [24, 6.4], [365 * 24, 15 * 24]])('are silent for a certificate of %d h of which %d h are left: it may be about to be renewed', (lifeHours, leftHours) => {
    expect(fired({ ...well, ...certificate(1, lifeHours, leftHours) }, '30m')).toEqual([]);
  });

  it('do not call the only node isolated', () => {
    const alone = Object.fromEntries(Object.entries(well).filter(([name]) => name.includes('pod="starling-0"')).map(([name, values]) => [name, name.startsWith('starling_peers') ? '0x30' : values]));
    expect(firing(alone)).toEqual([]);
  });

  it('do not look at other releases', () => {
    expect(firing({ ...well, 'up{namespace="demo",pod="other-0"}': '0x30', 'up{namespace="other",pod="starling-0"}': '0x30' })).toEqual([]);
  });
});

describe.skipIf(missing !== '')(`a network that comes apart${missing}`, () => {
  const pods = (numbers: readonly number[], alive: string, peers: string): Series => Object.assign({}, ...numbers.map((number) => place(`starling-${number}`, alive, peers))) as Series;

  it('is told of when each part has forgotten the other, too', () => {
    const failed = Object.fromEntries([0, 1, 2, 3].map((number) => [`starling_members{${pod(number)},state="failed"}`, '0x7 2x9 0x20']));
    const parted = { ...pods([0, 1, 2, 3], '4x7 2x30', '1x38'), ...failed };
    expect(fired(parted, '30m')).toEqual(['StarlingNodeFailed', 'StarlingNetworkSplit']);
    expect(firing(parted)).toEqual(['StarlingNetworkSplit']);
  });

  it('is told from one that grows and shrinks', () => {
    expect(fired({ ...pods([0, 1, 2], '3x10 6x20', '1x31'), ...pods([3, 4, 5], '_x9 1 6x20', '_x9 1x21') }, '30m')).toEqual([]);
    expect(fired({ ...pods([0, 1, 2], '6x10 3x20', '1x31'), ...pods([3, 4, 5], '6x11 _x18', '1x11 _x18') }, '30m')).toEqual([]);
  });

  it('is told from one whose pods are replaced one after the other, so that at every moment some were scraped while one was away', () => {
    const alive = (number: number) => Array.from({ length: 31 }, (_, minute) => ((minute + number) % 2 === 0 ? 14 : 13)).join(' ');
    const rollout = Array.from({ length: 14 }, (_, number) => place(`starling-${number}`, alive(number), '1x30'));
    expect(fired(Object.assign({}, ...rollout) as Series, '30m')).toEqual([]);
  });

  it('is told from one where a pod waits for its certificate or was cut off alone', () => {
    expect(fired({ ...pods([0, 1, 2], '3x30', '1x30'), ...pods([3], '0x30', '0x30') }, '30m')).toEqual(['StarlingNodeIsolated']);
    expect(fired({ ...pods([0, 1, 2], '3x30', '1x30'), ...pods([3], '1x30', '0x30') }, '30m')).toEqual(['StarlingNodeIsolated']);
  });

  it('is told from two releases in one namespace, of different sizes', () => {
    const other = [0, 1, 2, 3, 4].map((number) => place(`other-${number}`, '5x30', '1x30'));
    expect(fired(Object.assign({}, ...other, pods([0, 1, 2], '3x30', '1x30')) as Series, '30m')).toEqual([]);
    expect(fired(Object.assign({}, ...other, pods([0, 1, 2], '2x30', '1x30')) as Series, '30m')).toEqual(['StarlingNetworkSplit']);
  });
});
