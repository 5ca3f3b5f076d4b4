import { describe, expect, it } from 'vitest';
import { readSettings } from '../../services/node/src/settings.js';
import { readGatewaySettings } from '../../services/gateway/src/settings.js';
import { gatewayLimits } from '../../services/gateway/src/gateway-limits.js';
import { at, environmentOf, notes, objects, one, podSpecs, tokens, variants, withoutHelm, type KubernetesObject } from './helm.js';

const kindsWithoutNamespace = ['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'];

describe.skipIf(withoutHelm !== '')(`every variant of the chart${withoutHelm}`, () => {
  it.each(variants)('$name: renders objects of the release in its namespace, with the recommended labels and no name twice', ({ file }) => {
    const all = objects(['--values', file]);
    const names = all.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(names).toEqual([...new Set(names)]);
    for (const { kind, metadata } of all.filter((object) => !object.metadata.name.endsWith('-more'))) {
      if (!kindsWithoutNamespace.includes(kind)) expect(metadata.namespace, `${kind} ${metadata.name}`).toBe('demo');
      expect(metadata.labels, `${kind} ${metadata.name}`).toMatchObject({ 'app.kubernetes.io/name': 'starling', 'app.kubernetes.io/instance': 'starling', 'app.kubernetes.io/managed-by': 'Helm' });
    }
  });

  it.each(variants)('$name: every pod is one that the Pod Security level "restricted" lets in', ({ file }) => {
    for (const [name, spec] of podSpecs(objects(['--values', file]))) {
      expect(spec.securityContext, name).toMatchObject({ runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } });
      for (const container of spec.containers.filter((one) => one.name !== 'beside')) {
        expect(container.securityContext, name).toEqual({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
        expect(container.image, name).toMatch(/^localhost\/starling-(node|ui):0\.1\.0$/);
        const variables = (container.env ?? []).map((variable) => variable.name);
        expect(variables, name).toEqual([...new Set(variables)]);
        // What is mounted as a single file is never followed when it changes.
        for (const mount of container.volumeMounts ?? []) expect(mount.subPath, name).toBeUndefined();
      }
      expect(spec.volumes?.filter((volume) => 'hostPath' in volume) ?? [], name).toEqual([]);
    }
  });

  it.each(variants)('$name: selectors hold nothing that an upgrade would change', ({ file }) => {
    const workloads = objects(['--values', file]).filter(({ kind }) => ['StatefulSet', 'DaemonSet', 'Deployment'].includes(kind));
    expect(workloads.length).toBeGreaterThan(0);
    for (const workload of workloads) {
      expect(Object.keys(at(workload, 'spec.selector.matchLabels') as object).sort()).toEqual(['app.kubernetes.io/component', 'app.kubernetes.io/instance', 'app.kubernetes.io/name']);
    }
  });

  it.each(variants)('$name: the node takes every setting that the chart gives it', ({ file }) => {
    const all = objects(['--values', file]);
    const node = environmentOf(podSpecs(all).get(nodesOf(all)));
    const uid = '01234567-89ab-cdef-0123-456789abcdef';
    const pod: Record<string, string> = { POD_NAME: 'starling-0', POD_IP: node['STARLING_LISTEN']?.startsWith('[') ? 'fd00::1' : '10.0.0.1' };
    // A dual-stack cluster that gives the address of the other family first.
    const ips = pod['POD_IP'] === 'fd00::1' ? '10.0.0.1,fd00::1' : 'fd00::1,10.0.0.1';
    const running = Object.fromEntries(Object.entries(node).map(([name, value]) => [name, value?.replace(/\$\((\w+)\)/g, (_, other: string) => pod[other] ?? '?')]));
    const filled = { ...running, STARLING_ADVERTISE_IPS: ips, ...('STARLING_REQUEST_POD' in node ? { STARLING_REQUEST_POD_UID: uid, STARLING_REQUEST_NAMESPACE: 'demo' } : {}) };
    const settings = readSettings(filled, []);
    expect(settings).toMatchObject({ cluster: 'starling', name: 'starling-0', advertise: expect.stringContaining(`${pod['POD_IP']}`) });
    expect(settings.seeds[0]).toBe('srv:_gossip._udp.starling-gossip.demo.svc.cluster.local');
  });

  it.each(variants.filter(({ name }) => name !== 'bare'))('$name: so does the gateway', ({ file }) => {
    const settings = readGatewaySettings(environmentOf(podSpecs(objects(['--values', file])).get('Deployment starling-ui')), []);
    expect(settings.cluster).toBe('starling');
    expect(settings.allowedHosts).toContain('starling-ui.demo.svc.cluster.local');
  });

  it.each(variants)('$name: no role may read Secrets, and none has a wildcard', ({ file }) => {
    for (const role of objects(['--values', file]).filter(({ kind }) => kind.endsWith('Role'))) {
      for (const rule of role['rules'] as { resources: string[]; verbs: string[]; apiGroups: string[] }[]) {
        expect([...rule.resources, ...rule.verbs, ...rule.apiGroups]).not.toContain('*');
        expect(rule.resources).not.toContain('secrets');
      }
    }
  });
});

function nodesOf(all: readonly KubernetesObject[]): string {
  return all.some(({ kind }) => kind === 'DaemonSet') ? 'DaemonSet starling' : 'StatefulSet starling';
}

describe.skipIf(withoutHelm !== '')(`without a value${withoutHelm}`, () => {
  it('nodes start at once and find one another before they are ready', () => {
    const all = objects();
    expect(at(one(all, 'StatefulSet'), 'spec')).toMatchObject({ replicas: 3, podManagementPolicy: 'Parallel', serviceName: 'starling-gossip' });
    expect(one(all, 'Service', 'starling-gossip')['spec']).toMatchObject({
      clusterIP: 'None',
      publishNotReadyAddresses: true,
      ports: [{ name: 'gossip', port: 9740, protocol: 'UDP' }],
    });
  });

  it('services have the address family of the sockets behind them', () => {
    const families = (args: readonly string[]) => Object.fromEntries(objects(args).filter(({ kind }) => kind === 'Service').map(({ metadata, spec }) => [metadata.name, [at(spec, 'ipFamilyPolicy'), at(spec, 'ipFamilies')]]));
    const only = (family: string) => ['SingleStack', [family]];
    expect(families([])).toEqual({ 'starling-gossip': only('IPv4'), 'starling-api': only('IPv4'), 'starling-ui': only('IPv4') });
    // One socket over TCP takes both; a QUIC socket dials its own family only.
    expect(families(['--set', 'node.listenAddress=[::]'])).toEqual({ 'starling-gossip': only('IPv6'), 'starling-api': ['PreferDualStack', undefined], 'starling-ui': ['PreferDualStack', undefined] });
  });

  it('a node is given every address of its pod, and writes none itself', () => {
    const variables = podSpecs(objects()).get('StatefulSet starling')?.containers[0]?.env;
    expect(variables).toContainEqual({ name: 'STARLING_ADVERTISE_IPS', valueFrom: { fieldRef: { fieldPath: 'status.podIPs' } } });
    expect(variables?.map(({ name }) => name)).not.toContain('STARLING_ADVERTISE');
  });

  it('the visualizer looks from pod 0 and may look from every other', () => {
    const targets = environmentOf(podSpecs(objects()).get('Deployment starling-ui'))['STARLING_GATEWAY_TARGETS'];
    expect(targets?.split(',')).toEqual([0, 1, 2].map((number) => `starling-${number}=https://starling-${number}.starling-gossip.demo.svc.cluster.local:9741`));
  });

  it('leaves the number of nodes to others when it is told to', () => {
    const all = objects(['--set', 'node.replicas=null']);
    expect(Object.keys(one(all, 'StatefulSet')['spec'] as object)).not.toContain('replicas');
    const pods = podSpecs(all);
    expect(environmentOf(pods.get('Deployment starling-ui'))['STARLING_GATEWAY_TARGETS']).toBe('starling-0=https://starling-0.starling-gossip.demo.svc.cluster.local:9741,any=https://starling-api.demo.svc.cluster.local:9741');
    expect(environmentOf(pods.get('Pod starling-test'))['EXPECTED']).toBe('1');
    expect(notes(['--set', 'node.replicas=null'])).toContain('as many nodes as the StatefulSet has');
  });

  it('every pod asks for a machine that has the programs, and one that is not ready keeps no machine from being drained', () => {
    for (const [name, spec] of podSpecs(objects())) expect(spec.nodeSelector, name).toEqual({ 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' });
    expect(at(one(objects(['--set', 'node.podDisruptionBudget.enabled=true']), 'PodDisruptionBudget'), 'spec.unhealthyPodEvictionPolicy')).toBe('AlwaysAllow');
  });

  it('nodes are spread over machines and zones, each as strictly as it is said for it', () => {
    const spread = (args: readonly string[]) => (at(one(objects(args), 'StatefulSet'), 'spec.template.spec.topologySpreadConstraints') as { topologyKey: string; whenUnsatisfiable: string }[]).map((one) => [one.topologyKey, one.whenUnsatisfiable]);
    expect(spread(['--set', 'node.topologySpread.whenUnsatisfiable=DoNotSchedule'])).toEqual([['kubernetes.io/hostname', 'DoNotSchedule'], ['topology.kubernetes.io/zone', 'ScheduleAnyway']]);
    expect(spread(['--set', 'node.topologySpread.zonesWhenUnsatisfiable=DoNotSchedule'])).toEqual([['kubernetes.io/hostname', 'ScheduleAnyway'], ['topology.kubernetes.io/zone', 'DoNotSchedule']]);
  });

  it('the visualizer takes browsers under every name that leads to it, also one with an asterisk', () => {
    const all = objects(['--set', 'ui.ingress.enabled=true,ui.ingress.hosts={*.example.com}', '--set', 'ui.httpRoute.enabled=true,ui.httpRoute.hostnames={*.example.org},ui.httpRoute.parentRefs[0].name=gateway']);
    expect(readGatewaySettings(environmentOf(podSpecs(all).get('Deployment starling-ui')), []).allowedHosts).toEqual(expect.arrayContaining(['*.example.com', '*.example.org']));
    expect(notes(['--set', 'ui.service.type=LoadBalancer'])).toContain('ui.allowedHosts');
    expect(notes(['--set', 'ui.service.type=LoadBalancer,ui.allowedHosts={a.example}'])).not.toContain('ui.allowedHosts');
  });

  it('names no more pods than the gateway takes', () => {
    const gateway = environmentOf(podSpecs(objects(['--set', 'node.replicas=1000'])).get('Deployment starling-ui'));
    expect(readGatewaySettings(gateway, []).targets).toHaveLength(gatewayLimits.maxTargets);
  });

  it('makes nothing that needs a CRD besides cert-manager, leaves storage alone, and exposes nothing', () => {
    const all = objects();
    expect(new Set(all.map(({ apiVersion }) => apiVersion.split('/')[0]))).toEqual(new Set(['v1', 'apps', 'rbac.authorization.k8s.io', 'cert-manager.io', 'admissionregistration.k8s.io']));
    expect(at(one(all, 'StatefulSet'), 'spec.volumeClaimTemplates')).toBeUndefined();
    expect(at(one(all, 'Service', 'starling-ui'), 'spec.type')).toBe('ClusterIP');
  });

  it('the pod of helm test waits for as many nodes as there are', () => {
    expect(environmentOf(podSpecs(objects(['--set', 'node.replicas=7'])).get('Pod starling-test'))['EXPECTED']).toBe('7');
  });
});

describe.skipIf(withoutHelm !== '')(`the fence around the pods' traffic${withoutHelm}`, () => {
  const rules = (name: string, direction: 'ingress' | 'egress', set: readonly string[] = []) =>
    at(one(objects(['networkPolicy.enabled=true', ...set].flatMap((value) => ['--set', value])), 'NetworkPolicy', name), `spec.${direction}`) as { ports: { port: unknown }[]; from?: unknown[]; to?: unknown[] }[];
  const portsOf = (rule: { ports: { port: unknown }[] } | undefined) => rule?.ports.map(({ port }) => port);

  it('lets nodes and visualizer speak to the ports of what they are told to speak to', () => {
    const seeds = ['node.extraSeeds={edge.example:9740,edge.example:9999,[fd00::1]:9998,srv:_gossip._udp.example}'];
    expect(portsOf(rules('starling', 'egress', seeds)[0])).toEqual([9740, 9999, 9998]);
    const targets = ['ui.targets[0].name=far', 'ui.targets[0].url=https://far.example:19741', 'ui.targets[1].name=near', 'ui.targets[1].url=https://near.example:9741'];
    expect(portsOf(rules('starling-ui', 'egress', targets)[0])).toEqual([9741, 19_741]);
  });

  it('opens what else an operator says', () => {
    const further = { ports: [{ port: 9900, protocol: 'UDP' }] };
    const extra = ['networkPolicy.extraEgress[0].ports[0].port=9900', 'networkPolicy.extraEgress[0].ports[0].protocol=UDP'];
    for (const name of ['starling', 'starling-ui']) expect(rules(name, 'egress', extra).at(-1)).toEqual(further);
    const gateway = { podSelector: { matchLabels: { app: 'gateway' } } };
    const api = (set: readonly string[]) => rules('starling', 'ingress', ['networkPolicy.apiFrom[0].podSelector.matchLabels.app=gateway', ...set]).find(({ ports }) => ports[0]?.port === 'api')?.from;
    expect(api([])).toEqual([expect.anything(), gateway]);
    expect(api(['ui.enabled=false'])).toEqual([gateway]);
    expect(rules('starling', 'ingress', ['ui.enabled=false']).filter(({ ports }) => ports[0]?.port === 'api')).toEqual([]);
  });
});

describe.skipIf(withoutHelm !== '')(`a cluster that gives pods their own users${withoutHelm}`, () => {
  it('takes fields of the security contexts out, and adds others', () => {
    const given = ['podSecurityContext.runAsUser=null', 'podSecurityContext.runAsGroup=null', 'podSecurityContext.fsGroup=null', 'podSecurityContext.supplementalGroups={1000660000}', 'containerSecurityContext.runAsNonRoot=true'];
    const all = objects(given.flatMap((value) => ['--set', value]));
    const pods = podSpecs(all);
    expect([...pods.keys()].sort()).toEqual(['Deployment starling-ui', 'Pod starling-test', 'StatefulSet starling']);
    for (const [name, spec] of pods) {
      expect(spec.securityContext, name).toEqual({ runAsNonRoot: true, fsGroupChangePolicy: 'OnRootMismatch', seccompProfile: { type: 'RuntimeDefault' }, supplementalGroups: [1_000_660_000] });
      expect(spec.containers[0]?.securityContext, name).toEqual({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] }, runAsNonRoot: true });
    }
  });

  it('lets the CSI driver give its files to nobody in particular', () => {
    const attributes = (args: readonly string[]) => podSpecs(objects(['--set', 'certificates.mode=files', ...args])).get('StatefulSet starling')?.volumes.map((volume) => at(volume, 'csi.volumeAttributes')).find((found) => found !== undefined) as Record<string, string>;
    expect(attributes(['--set', 'podSecurityContext.fsGroup=1000660000'])['csi.cert-manager.io/fs-group']).toBe('1000660000');
    expect(Object.keys(attributes(['--set', 'podSecurityContext.fsGroup=null']))).not.toContain('csi.cert-manager.io/fs-group');
  });

  it('asks names at the ports of its DNS', () => {
    for (const policy of ['starling', 'starling-ui']) {
      const egress = at(one(objects(['--set', 'networkPolicy.enabled=true,networkPolicy.dnsPorts={53,5353}']), 'NetworkPolicy', policy), 'spec.egress');
      expect(egress).toContainEqual({ ports: [53, 5353].flatMap((port) => [{ port, protocol: 'UDP' }, { port, protocol: 'TCP' }]) });
    }
  });
});

describe.skipIf(withoutHelm !== '')(`discovery through the Kubernetes API${withoutHelm}`, () => {
  const on = ['--set', 'discovery.endpointSlices.enabled=true'];
  const rulesOf = (args: readonly string[]) => one(objects(args), 'Role', 'starling-discovery')['rules'];
  const followed = ['get', 'list', 'watch'];
  const slices = { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: followed };
  const pods = { apiGroups: [''], resources: ['pods'], verbs: followed };
  const settingsOf = (args: readonly string[], nodes = 'StatefulSet starling') =>
    Object.entries(environmentOf(podSpecs(objects(args)).get(nodes))).filter(([name]) => name.startsWith('STARLING_ABSENCE') || ['STARLING_ENDPOINT_SLICES', 'STARLING_LABELS'].includes(name));

  it('is off unless asked for', () => {
    expect(objects().filter(({ metadata }) => metadata.name === 'starling-discovery')).toEqual([]);
    expect(settingsOf([])).toEqual([]);
  });

  it('permits reading the slices, the pods and the one StatefulSet, to the nodes only', () => {
    expect(rulesOf(on)).toEqual([slices, pods, { apiGroups: ['apps'], resources: ['statefulsets'], resourceNames: ['starling'], verbs: followed }]);
    expect(one(objects(on), 'RoleBinding', 'starling-discovery')).toMatchObject({ roleRef: { kind: 'Role', name: 'starling-discovery' }, subjects: [{ kind: 'ServiceAccount', name: 'starling', namespace: 'demo' }] });
  });

  it('tells the node what to follow, and lets it tell the others which pod it is in', () => {
    expect(settingsOf([...on, '--set', 'node.labels.zone=west'])).toEqual([
      ['STARLING_ENDPOINT_SLICES', 'demo/starling-gossip'],
      ['STARLING_ABSENCE_PODS', 'app.kubernetes.io/component=node,app.kubernetes.io/instance=starling,app.kubernetes.io/name=starling'],
      ['STARLING_ABSENCE_STATEFUL_SET', 'starling'],
      ['STARLING_LABELS', 'zone=west,k8s.pod.uid=$(POD_UID)'],
    ]);
  });

  it('without reasons only the slices are read, and a DaemonSet has no StatefulSet', () => {
    const few = [...on, '--set', 'discovery.endpointSlices.reasons=false'];
    expect(rulesOf(few)).toEqual([slices]);
    expect(settingsOf(few)).toEqual([['STARLING_ENDPOINT_SLICES', 'demo/starling-gossip']]);
    const daemons = [...on, '--set', 'node.kind=DaemonSet'];
    expect(rulesOf(daemons)).toEqual([slices, pods]);
    expect(settingsOf(daemons, 'DaemonSet starling').map(([name]) => name)).not.toContain('STARLING_ABSENCE_STATEFUL_SET');
  });

  it('gives the pods a token and a way to the API server in every certificate mode', () => {
    const shared = ['--set', 'certificates.mode=shared', '--set', 'networkPolicy.enabled=true'];
    const waysOut = (args: readonly string[]) => JSON.stringify(at(one(objects(args), 'NetworkPolicy', 'starling'), 'spec.egress'));
    expect(tokens(objects(shared))).toEqual([]);
    expect(tokens(objects([...shared, ...on]))).toEqual(['StatefulSet starling: node']);
    expect(waysOut(shared)).not.toContain('6443');
    expect(waysOut([...shared, ...on])).toContain('6443');
  });
});
