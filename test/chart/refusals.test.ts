import { describe, expect, it } from 'vitest';
import { gatewayLimits } from '../../services/gateway/src/gateway-limits.js';
import { chart, everyApi, template, withoutHelm } from './helm.js';

const certManager = ['--api-versions', 'cert-manager.io/v1'];

/** What is given, and what the complaint must name. */
const wrong: readonly (readonly [readonly string[], RegExp])[] = [
  [['node.replica=5'], /replica.*not allowed/],
  [['node.replicas=0'], /replicas/],
  [['node.kind=Deployment'], /kind/],
  [['node.connectionRatio=1.5'], /connectionRatio/],
  [['node.connectionRatio=0'], /connectionRatio/],
  [['node.sampleInterval=soon'], /sampleInterval/],
  [['node.sampleInterval=100ms'], /sampleInterval/],
  [['node.logLevel=loud'], /logLevel/],
  [['node.listenAddress=::'], /listenAddress/],
  [['node.extraSeeds={nohost}'], /extraSeeds/],
  [['node.terminationGracePeriodSeconds=1'], /terminationGracePeriodSeconds/],
  [['networkName=Not A Name'], /networkName/],
  [['networkName=null'], /networkName/],
  [['clusterDomain=null'], /clusterDomain/],
  [['image.node.digest=latest'], /digest/],
  [['image.pullPolicy=Sometimes'], /pullPolicy/],
  [['ui.targets[0].name=a', 'ui.targets[0].url=http://plain:9741'], /url/],
  [[...Array.from({ length: gatewayLimits.maxTargets + 1 }, (_, i) => [`ui.targets[${i}].name=n${i}`, `ui.targets[${i}].url=https://n:9741`])].flat(), /targets/],
  [['ui.service.type=ExternalName'], /type/],
  [['certificates.mode=generated'], /mode/],
  [['certificates.duration=7d'], /duration/],
  [['certificates.ca.roots={A root}'], /roots/],
  [['certificates.trust.bundle=hello'], /bundle/],
  [['networkPolicy.apiServerPorts={70000}'], /apiServerPorts/],
];

describe.skipIf(withoutHelm !== '')(`wrong values${withoutHelm}`, () => {
  it.each(wrong)('%s', (values, complaint) => {
    const { status, stderr } = template([...certManager, ...values.flatMap((value) => ['--set', value])]);
    expect(status).not.toBe(0);
    expect(stderr).toMatch(complaint);
  });

  it('are told apart from right ones', () => {
    const right = ['node.replicas=5', 'node.connectionRatio=0.3', 'node.sampleInterval=500ms', 'certificates.duration=1h30m'];
    expect(template([...certManager, ...right.flatMap((value) => ['--set', value])])).toMatchObject({ status: 0 });
    expect(template([...certManager, '--set', 'certificates.mode=shared,serviceAccount.create=false'])).toMatchObject({ status: 0 });
    expect(template([...certManager, '--set', 'certificates.duration=1m,certificates.secretDuration=1h30m,certificates.ca.duration=4h30m'])).toMatchObject({ status: 0 });
  });
});

/** What no schema can see. */
const contradictions: readonly (readonly [readonly string[], string])[] = [
  [['certificates.ca.signer=b'], 'certificates.ca.signer: "b" is none of certificates.ca.roots'],
  [['certificates.issuer.create=false', 'certificates.issuer.ref.name=platform'], 'certificates.trust: without'],
  [['certificates.issuer.create=false', 'certificates.trust.configMap=roots'], 'certificates.issuer.ref.name'],
  [['certificates.mode=existingSecret', 'certificates.existingSecret.ui=ui', 'certificates.trust.configMap=roots'], 'certificates.existingSecret.node'],
  [['fullnameOverride=1st'], 'fullnameOverride: services of Kubernetes cannot be called "1st"'],
  [['serviceAccount.create=false'], 'serviceAccount.name'],
  [['serviceAccount.create=false', 'certificates.mode=shared', 'discovery.endpointSlices.enabled=true'], 'serviceAccount.name'],
  [['certificates.duration=0h'], 'certificates.duration: 0h is not between'],
  [['certificates.duration=59s'], 'certificates.duration: 59s is not between'],
  [['certificates.duration=8760h1s'], 'certificates.duration: 8760h1s is not between'],
  [['certificates.secretDuration=59m59s'], 'certificates.secretDuration: cert-manager takes 1h or more, not 59m59s'],
  [['certificates.ca.duration=720h'], 'certificates.ca.duration: 720h is less than three times'],
  [['certificates.ca.duration=4h29m', 'certificates.secretDuration=1h30m'], 'certificates.ca.duration: 4h29m is less than three times'],
  [['node.kind=DaemonSet', 'node.persistence.enabled=true'], 'node.persistence.enabled'],
  [['node.kind=DaemonSet', 'monitoring.networkMonitor.enabled=true'], 'monitoring.networkMonitor.enabled'],
  [['ui.ingress.enabled=true'], 'ui.ingress.hosts'],
  [['ui.httpRoute.enabled=true', 'ui.allowedHosts={a.example}'], 'ui.httpRoute.parentRefs'],
  [['ui.httpRoute.enabled=true', 'ui.httpRoute.parentRefs[0].name=gateway'], 'ui.httpRoute.hostnames'],
  [['networkPolicy.enabled=true', 'ui.ingress.enabled=true', 'ui.ingress.hosts={a.example}'], 'networkPolicy.uiFrom: nobody is let in through ui.ingress;'],
  [['networkPolicy.enabled=true', 'ui.httpRoute.enabled=true', 'ui.httpRoute.parentRefs[0].name=gateway', 'ui.httpRoute.hostnames={a.example}'], 'networkPolicy.uiFrom: nobody is let in through ui.httpRoute;'],
  [['networkPolicy.enabled=true', 'ui.service.type=LoadBalancer'], 'networkPolicy.uiFrom: nobody is let in through ui.service.type=LoadBalancer;'],
];

describe.skipIf(withoutHelm !== '')(`values that contradict one another${withoutHelm}`, () => {
  it.each(contradictions)('%s', (values, complaint) => {
    const { status, stderr } = template([...everyApi, ...values.flatMap((value) => ['--set', value])]);
    expect(status).not.toBe(0);
    expect(stderr).toContain(complaint);
  });
});

describe.skipIf(withoutHelm !== '')(`a cluster without the Prometheus Operator${withoutHelm}`, () => {
  const asking: readonly (readonly string[])[] = [['--values', `${chart}/values-production.yaml`], ...['podMonitor', 'networkMonitor', 'rules'].map((made) => ['--set', `monitoring.${made}.enabled=true`])];
  it.each(asking.map((values) => ({ values })))('is told what it lacks: $values', ({ values }) => {
    const { status, stderr } = template([...certManager, ...values]);
    expect(status).not.toBe(0);
    expect(stderr).toContain('This cluster has no Prometheus Operator');
    expect(template([...certManager, ...values, '--set', 'monitoring.requireOperator=false'])).toMatchObject({ status: 0 });
  });

  it('takes the rest of the values for production, and the dashboard, which is a ConfigMap', () => {
    expect(template([...certManager, '--values', `${chart}/values-production.yaml`, '--set', 'monitoring.podMonitor.enabled=false,monitoring.rules.enabled=false'])).toMatchObject({ status: 0 });
  });
});

describe.skipIf(withoutHelm !== '')(`a cluster without cert-manager${withoutHelm}`, () => {
  it('is told how to get it', () => {
    const { status, stderr } = template([]);
    expect(status).not.toBe(0);
    expect(stderr).toContain('helm install cert-manager oci://quay.io/jetstack/charts/cert-manager');
  });

  it('does where certificates come from elsewhere, and where the check is off', () => {
    for (const name of ['existing-secret', 'own-volumes']) expect(template(['--values', `${chart}/ci/${name}.yaml`]), name).toMatchObject({ status: 0 });
    expect(template(['--set', 'certificates.requireCertManager=false'])).toMatchObject({ status: 0 });
  });
});
