import { describe, expect, it } from 'vitest';
import { manifestOf } from '../../services/node/src/certificates/request/submission.js';
import { at, chart, environmentOf, notes, objects, one, podSpecs, tokens, withoutHelm, type KubernetesObject, type PodSpec } from './helm.js';

const variant = (name: string) => ['--values', `${chart}/ci/${name}.yaml`];

/** Names of the Secrets that a pod mounts, with the keys that it takes of each; null for all of them. */
function secretsOf(spec: PodSpec | undefined): Map<string, readonly string[] | null> {
  const found = new Map<string, readonly string[] | null>();
  const take = (secret: unknown, name: unknown) => {
    const items = at(secret, 'items') as { key: string }[] | undefined;
    if (typeof name === 'string') found.set(name, items?.map(({ key }) => key) ?? null);
  };
  for (const volume of spec?.volumes ?? []) {
    take(volume['secret'], at(volume, 'secret.secretName'));
    for (const source of (at(volume, 'projected.sources') as unknown[] | undefined) ?? []) take(at(source, 'secret'), at(source, 'secret.name'));
  }
  return found;
}

describe.skipIf(withoutHelm !== '')(`the private authority${withoutHelm}`, () => {
  it('keeps the key of a root when it renews it', () => {
    const spec = at(one(objects(), 'Certificate', 'starling-ca-a'), 'spec');
    expect(spec).toMatchObject({ isCA: true, privateKey: { rotationPolicy: 'Never', algorithm: 'ECDSA', size: 256 } });
    expect(at(spec, 'commonName')).toBe('starling a');
  });

  it.each(['default', 'root-rotation', 'shared-certificate', 'csi-driver'])('%s: no pod names a Secret with the key of a root, and of an anchor only the certificate is mounted', (name) => {
    for (const [pod, spec] of podSpecs(objects(variant(name)))) {
      for (const [secret, keys] of secretsOf(spec)) {
        expect(secret, pod).not.toMatch(/-ca-/);
        if (secret.includes('-anchor-')) expect(keys, pod).toEqual(['ca.crt']);
      }
    }
  });

  it('gives nobody a name of the network by an anchor', () => {
    const spec = at(one(objects(), 'Certificate', 'starling-anchor-a'), 'spec');
    expect(at(spec, 'uris')).toBeUndefined();
    expect(at(spec, 'usages')).toEqual(['digital signature']);
  });

  it('trusts both roots in a rotation, and signs with the new one only', () => {
    const all = objects(variant('root-rotation'));
    expect([...secretsOf(podSpecs(all).get('StatefulSet starling')).keys()]).toEqual(['starling-anchor-a', 'starling-anchor-b']);
    expect(environmentOf(podSpecs(all).get('StatefulSet starling'))['STARLING_REQUEST_ISSUER']).toBe('cert-manager.io/Issuer/starling-ca-b');
    expect(at(one(all, 'Certificate', 'starling-ui-tls'), 'spec.issuerRef.name')).toBe('starling-ca-b');
  });
});

describe.skipIf(withoutHelm !== '')(`where a node's certificate comes from${withoutHelm}`, () => {
  const node = (all: readonly KubernetesObject[]) => podSpecs(all).get('StatefulSet starling');

  it('request: only then does a container have a token, and only that of the node', () => {
    const beside = ['--set', 'node.extraContainers[0].name=beside,node.extraContainers[0].image=localhost/busybox:1'];
    expect(tokens(objects(beside))).toEqual(['StatefulSet starling: node']);
    for (const name of ['shared-certificate', 'csi-driver', 'existing-secret', 'own-volumes']) expect(tokens(objects([...variant(name), ...beside])), name).toEqual([]);
  });

  it('shared: one certificate with the shared name', () => {
    const all = objects(variant('shared-certificate'));
    expect(at(one(all, 'Certificate', 'starling-shared-tls'), 'spec.uris')).toEqual(['spiffe://starling/shared']);
    expect(secretsOf(node(all)).get('starling-shared-tls')).toEqual(['tls.crt', 'tls.key']);
    expect(all.filter(({ kind }) => kind === 'Role' || kind === 'ValidatingAdmissionPolicy')).toEqual([]);
  });

  it('files: a name for each pod by the CSI driver', () => {
    const volume = node(objects(variant('csi-driver')))?.volumes.find(({ name }) => name === 'certificate');
    expect(at(volume, 'csi.volumeAttributes')).toMatchObject({
      'csi.cert-manager.io/uri-sans': 'spiffe://starling/leaf/${POD_NAMESPACE}.${POD_NAME}',
      'csi.cert-manager.io/key-usages': 'digital signature,server auth,client auth',
      'csi.cert-manager.io/key-encoding': 'PKCS8',
    });
  });

  it.each(['existing-secret', 'own-volumes'])('%s: cert-manager is not needed', (name) => {
    expect(objects(variant(name)).filter(({ apiVersion }) => apiVersion.startsWith('cert-manager.io'))).toEqual([]);
  });

  it('the platform\'s issuer: nothing of our own signs', () => {
    const all = objects(variant('platform-issuer'));
    expect(all.filter(({ kind }) => kind === 'Issuer')).toEqual([]);
    expect(environmentOf(node(all))['STARLING_REQUEST_ISSUER']).toBe('cert-manager.io/ClusterIssuer/platform');
    expect((one(all, 'ConfigMap', 'starling-trust')['data'] as Record<string, string>)['bundle.crt']).toContain('BEGIN CERTIFICATE');
  });
});

describe.skipIf(withoutHelm !== '')(`the fence around certificate requests${withoutHelm}`, () => {
  const requests = 'demo.starling-certificate-requests';
  const expressions = (args: readonly string[] = []) =>
    (at(one(objects(args), 'ValidatingAdmissionPolicy', requests), 'spec.validations') as { expression: string }[]).map(({ expression }) => expression).join('\n');

  it('speaks of exactly what a node asks for', () => {
    const asked = manifestOf({
      pod: 'starling-0',
      podUid: 'uid',
      namespace: 'demo',
      name: 'starling-0-abc',
      issuer: { group: 'cert-manager.io', kind: 'Issuer', name: 'starling-ca-a' },
      durationS: 86_400,
      signingRequestPem: '',
      timeoutMs: 0,
    });
    const usages = at(asked, 'spec.usages') as string[];
    expect(expressions()).toContain(`object.spec.usages == [${usages.map((usage) => `'${usage}'`).join(', ')}]`);
    expect(expressions()).toContain(`object.spec.issuerRef.name == '${String(at(asked, 'spec.issuerRef.name'))}'`);
  });

  it('follows issuer and duration', () => {
    const changed = expressions([...variant('platform-issuer'), '--set', 'certificates.duration=2h']);
    expect(changed).toContain("object.spec.issuerRef.name == 'platform'");
    expect(changed).toContain("object.spec.issuerRef.kind == 'ClusterIssuer'");
    expect(changed).toContain("duration('2h')");
  });

  it('is bound to the namespace of the release, denies, and is closed when it fails', () => {
    const all = objects();
    expect(at(one(all, 'ValidatingAdmissionPolicy', requests), 'spec.failurePolicy')).toBe('Fail');
    const binding = one(all, 'ValidatingAdmissionPolicyBinding', requests);
    expect(binding['spec']).toMatchObject({
      policyName: one(all, 'ValidatingAdmissionPolicy', requests).metadata.name,
      validationActions: ['Deny'],
      matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'demo' } } },
    });
  });

  it('has a name of its own for each namespace and release, and leaves releases with a longer name alone', () => {
    const named = (namespace: string, release: string) => objects(['--namespace', namespace, '--set', `fullnameOverride=${release}`]).filter(({ kind }) => kind === 'ValidatingAdmissionPolicy').map(({ metadata }) => metadata.name);
    expect(new Set([...named('a-b', 'c'), ...named('a', 'b-c')]).size).toBe(4);
    const [{ expression } = { expression: '' }] = at(one(objects(), 'ValidatingAdmissionPolicy', requests), 'spec.matchConditions') as { expression: string }[];
    // Evaluated on a cluster; here only that it measures what it cuts off.
    const [, prefix = '', length, rest = ''] = /startsWith\('([^']*)'\)\s*&& object\.spec\.issuerRef\.name\.substring\((\d+)\)\.matches\('([^']*)'\)/.exec(expression) ?? [];
    expect([prefix, Number(length)]).toEqual(['starling-ca-', prefix.length]);
    for (const [suffix, ours] of [['a', true], ['x-ca-a', false], ['x-self-signed', false]] as const) expect(new RegExp(rest).test(suffix), suffix).toBe(ours);
  });

  it('says which value lets cert-manager in, where cert-manager shows it and where an operator looks', () => {
    const elsewhere = ['--set', 'certificates.admissionPolicy.trustedRequesters={system:serviceaccount:certs:issuer}'];
    const [first] = at(one(objects(elsewhere), 'ValidatingAdmissionPolicy', requests), 'spec.validations') as { expression: string; messageExpression: string }[];
    expect(first?.expression).toContain("['system:serviceaccount:certs:issuer']");
    expect(first?.messageExpression).toContain("request.userInfo.username + ' is not in certificates.admissionPolicy.trustedRequesters'");
    expect(notes(elsewhere)).toMatch(/system:serviceaccount:certs:issuer[\s\S]*trustedRequesters[\s\S]*describe certificate starling-anchor-a/);
    expect(notes([...elsewhere, ...variant('shared-certificate')])).not.toContain('trustedRequesters');
  });

  it('leaves requests to other issuers of the namespace to others', () => {
    const conditions = at(one(objects(variant('platform-issuer')), 'ValidatingAdmissionPolicy'), 'spec.matchConditions') as { expression: string }[];
    expect(conditions.map(({ expression }) => expression)).toEqual(["request.userInfo.username == 'system:serviceaccount:demo:starling'"]);
  });
});

describe.skipIf(withoutHelm !== '')(`the fence around the authority${withoutHelm}`, () => {
  const authority = 'demo.starling-authority';
  const policies = (args: readonly string[]) => objects(args).filter(({ kind, metadata }) => kind.startsWith('ValidatingAdmissionPolicy') && metadata.name === authority).map(({ kind }) => kind);

  it('stands where pods ask an authority of the release, and nowhere else', () => {
    expect(policies([])).toEqual(['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding']);
    for (const name of ['shared-certificate', 'csi-driver', 'platform-issuer', 'existing-secret', 'bare']) expect(policies(variant(name)), name).toEqual([]);
  });

  it('is asked for Certificates and Issuers of the namespace, new and changed, and is closed when it fails', () => {
    const all = objects();
    expect(at(one(all, 'ValidatingAdmissionPolicy', authority), 'spec')).toMatchObject({ failurePolicy: 'Fail', matchConstraints: { resourceRules: [{ operations: ['CREATE', 'UPDATE'], resources: ['certificates', 'issuers'] }] } });
    expect(one(all, 'ValidatingAdmissionPolicyBinding', authority)['spec']).toMatchObject({ policyName: authority, validationActions: ['Deny'], matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'demo' } } } });
  });
});
