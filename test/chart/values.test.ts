/** Values as operators write them: numbers, names that YAML takes for something else, labels that are there already, a chart above. */
import { describe, expect, it } from 'vitest';
import { at, environmentOf, objects, one, podSpecs, template, templateBelow, withoutHelm } from './helm.js';

describe.skipIf(withoutHelm !== '')(`numbers in values files${withoutHelm}`, () => {
  // As a values file gives them: what `--set` reads is an integer already.
  const json = (values: object) => ['--set-json', Object.entries(values).map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')];

  it('reach a variable and a label as they were written', () => {
    const numbers = { ID: 12_345_678, SHARE: 0.00001, BIG: 1_000_000, LESS: -12_345_678, YES: true };
    const all = objects([...json({ 'node.env': numbers, 'ui.env': numbers, 'node.labels': { id: 12_345_678, on: true } })]);
    const written = { ID: '12345678', SHARE: '0.00001', BIG: '1000000', LESS: '-12345678', YES: 'true' };
    expect(environmentOf(podSpecs(all).get('StatefulSet starling'))).toMatchObject({ ...written, STARLING_LABELS: 'id=12345678,on=true' });
    expect(environmentOf(podSpecs(all).get('Deployment starling-ui'))).toMatchObject(written);
  });

  it('stay whole where Kubernetes takes whole ones', () => {
    const all = objects(json({ 'node.terminationGracePeriodSeconds': 2_000_000, 'node.minReadySeconds': 1_000_000 }));
    expect(at(one(all, 'StatefulSet'), 'spec.minReadySeconds')).toBe(1_000_000);
    expect(template(['--api-versions', 'cert-manager.io/v1', ...json({ 'node.terminationGracePeriodSeconds': 2_000_000 })]).stdout).toContain('terminationGracePeriodSeconds: 2000000');
  });
});

describe.skipIf(withoutHelm !== '')(`below another chart${withoutHelm}`, () => {
  it('is switched on and off by its condition, and lets global values pass', () => {
    const on = templateBelow({ global: { imageRegistry: 'registry.example' }, starling: { enabled: true, networkName: 'inner' } });
    expect(on).toMatchObject({ status: 0, stdout: expect.stringContaining('platform-starling') });
    expect(templateBelow({ starling: { enabled: false } }).stdout).not.toContain('platform-starling');
  });
});

describe.skipIf(withoutHelm !== '')(`labels that are there already${withoutHelm}`, () => {
  const given = { team: 'a', 'app.kubernetes.io/part-of': 'platform', 'app.kubernetes.io/component': 'mine' };
  const json = (...paths: string[]) => paths.flatMap((path) => ['--set-json', `${path}=${JSON.stringify(given)}`]);

  it('are replaced, and none is written twice', () => {
    const all = objects([...json('commonLabels', 'node.podLabels', 'ui.podLabels', 'monitoring.podMonitor.labels', 'monitoring.rules.labels', 'monitoring.dashboard.labels'), '--set', 'monitoring.podMonitor.enabled=true,monitoring.networkMonitor.enabled=true,monitoring.rules.enabled=true,monitoring.dashboard.enabled=true,monitoring.rules.alertLabels.severity=page']);
    for (const { kind, metadata } of all) expect(metadata.labels, kind).toMatchObject({ team: 'a', 'app.kubernetes.io/part-of': 'platform' });
    const rules = at(one(all, 'PrometheusRule'), 'spec.groups.0.rules') as { labels: object }[];
    expect(rules.map(({ labels }) => labels)).toEqual(rules.map(() => ({ severity: 'page' })));
  });

  it('stay what selectors look at', () => {
    const all = objects(json('commonLabels', 'node.podLabels', 'ui.podLabels'));
    for (const [kind, component] of [['StatefulSet', 'node'], ['Deployment', 'ui']] as const) {
      const { matchLabels } = at(one(all, kind), 'spec.selector') as { matchLabels: object };
      expect(at(one(all, kind), 'spec.template.metadata.labels')).toMatchObject({ ...matchLabels, 'app.kubernetes.io/component': component, team: 'a' });
    }
  });

  it('of a pod win over those of every object', () => {
    const all = objects(['--set', 'commonLabels.team=a,node.podLabels.team=b']);
    expect(at(one(all, 'StatefulSet'), 'spec.template.metadata.labels.team')).toBe('b');
    expect(at(one(all, 'StatefulSet'), 'metadata.labels.team')).toBe('a');
  });
});

/** The type of every value, in order; what the values are called and are does not matter. */
function typesIn(value: unknown): string[] {
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(typesIn) : [value === null ? 'null' : typeof value];
}

describe.skipIf(withoutHelm !== '')(`names that YAML takes for something else${withoutHelm}`, () => {
  const names = (name: string, network = name) => [
    // A service must begin with a letter, and Kubernetes calls services after the release.
    ...['--set-string', `fullnameOverride=${/^[a-z]/.test(name) ? name : 'text'}`],
    ...['nameOverride', 'serviceAccount.name', 'certificates.trust.configMap', 'certificates.trust.secret.name', 'node.priorityClassName', 'node.persistence.storageClass', 'ui.priorityClassName', 'ui.ingress.className'].flatMap((value) => ['--set-string', `${value}=${name}`]),
    ...['--set-string', `networkName=${network}`, '--set', 'node.persistence.enabled=true,ui.ingress.enabled=true,ui.ingress.hosts={a.example},discovery.endpointSlices.enabled=true,networkPolicy.enabled=true,networkPolicy.uiFrom[0].podSelector.a=b'],
    ...['--set', 'monitoring.podMonitor.enabled=true,monitoring.networkMonitor.enabled=true,monitoring.rules.enabled=true'],
  ];

  it.each(['123', '1e5', 'true', 'on', 'null'])('%s stays a name', (name) => {
    for (const mode of ['request', 'shared', 'files']) {
      const further = ['--set', `certificates.mode=${mode}`];
      expect(typesIn(objects([...names(name), ...further, '--namespace', name], name)), mode).toEqual(typesIn(objects([...names('text'), ...further, '--namespace', 'text'], 'text')));
    }
  });

  it.each(['123', 'on'])('%s stays the name of a release alone', (name) => {
    const called = ['--set', 'fullnameOverride=text'];
    expect(typesIn(objects([...called, '--namespace', name], name))).toEqual(typesIn(objects([...called, '--namespace', 'text'], 'text')));
  });

  it('so does that of a platform\'s issuer', () => {
    const issuer = ['--set', 'certificates.issuer.create=false', '--set-string', 'certificates.issuer.ref.name=123,certificates.trust.configMap=123'];
    expect(environmentOf(podSpecs(objects(issuer)).get('StatefulSet starling'))['STARLING_REQUEST_ISSUER']).toBe('cert-manager.io/Issuer/123');
    expect(at(one(objects(issuer), 'Certificate'), 'spec.issuerRef.name')).toBe('123');
  });
});
