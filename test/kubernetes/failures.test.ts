/** What goes wrong says so where one looks: in the answer of helm, in the readiness of a pod, in the state of its container. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type CertificateRequest, kubectl, lastWords, list, nodePods, run } from './support/kubectl.js';
import { portForward } from './support/port-forward.js';
import { createNamespace, install, release, removeNamespace, rolledOut } from './support/release.js';
import { until } from './support/until.js';

const namespace = 'starling-failures';

/** A kind of issuer that nobody attends to: its requests wait until somebody decides. */
const issuerGroup = 'starling-test.example.com';
const issuerKind = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `issuers.${issuerGroup}` },
  spec: {
    group: issuerGroup,
    scope: 'Namespaced',
    names: { plural: 'issuers', kind: 'Issuer' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
  },
};
const unattended = [
  'node.replicas=1',
  'ui.enabled=false',
  'certificates.issuer.create=false',
  `certificates.issuer.ref.group=${issuerGroup}`,
  'certificates.issuer.ref.name=nobody',
  'certificates.trust.secret.name=given-root',
];

beforeAll(async () => {
  await kubectl(['apply', '--filename', '-'], JSON.stringify(issuerKind));
});
afterAll(async () => {
  await kubectl(['delete', 'crd', issuerKind.metadata.name]);
});
beforeEach(() => createNamespace(namespace));
afterEach(() => removeNamespace(namespace));

/** A root that signs nothing here: the nodes want one before they ask for a leaf. */
async function giveRoot(): Promise<void> {
  const spec = { secretName: 'given-root', isCA: true, commonName: 'given', privateKey: { algorithm: 'ECDSA' }, issuerRef: { name: 'self-signed', kind: 'Issuer' } };
  const objects = [
    { apiVersion: 'cert-manager.io/v1', kind: 'Issuer', metadata: { name: 'self-signed', namespace }, spec: { selfSigned: {} } },
    { apiVersion: 'cert-manager.io/v1', kind: 'Certificate', metadata: { name: 'given-root', namespace }, spec },
  ];
  for (const object of objects) await kubectl(['create', '--filename', '-'], JSON.stringify(object));
  await kubectl(['--namespace', namespace, 'wait', 'certificate/given-root', '--for=condition=Ready', '--timeout=60s']);
}

async function installUnattended(): Promise<CertificateRequest> {
  await giveRoot();
  await install(namespace, unattended);
  let request: CertificateRequest | undefined;
  await until('the pod asks for its certificate', async () => {
    request = (await list<CertificateRequest>('certificaterequests', namespace)).find(({ metadata }) => metadata.name.startsWith(`${release}-0-`));
    return request === undefined ? 'no request' : null;
  });
  return request as CertificateRequest;
}

/** What only somebody with the right to approve may say of a request. */
async function deny(request: CertificateRequest, message: string): Promise<void> {
  const conditions = [{ type: 'Denied', status: 'True', reason: 'Policy', message, lastTransitionTime: new Date().toISOString().replace(/\.\d+/, '') }];
  await kubectl(['--namespace', namespace, 'patch', 'certificaterequest', request.metadata.name, '--subresource=status', '--type=merge', '--patch', JSON.stringify({ status: { conditions } })]);
}

it('a pod that waits for its certificate is live and says what it waits for, and the reason of a denial is in its state', async () => {
  const request = await installUnattended();
  const forward = await portForward(namespace, `pod/${release}-0`, 9742);
  const [live, ready] = await Promise.all(['livez', 'readyz'].map((path) => fetch(`${forward.origin}/${path}`)));
  forward.close();
  expect(live?.status).toBe(200);
  expect([ready?.status, await ready?.text()]).toEqual([503, 'the certificate of this node is not there yet\n']);
  expect((await nodePods(namespace))[0]?.status.containerStatuses?.[0]).toMatchObject({ ready: false, restartCount: 0 });
  await deny(request, 'names of this kind are for others');
  await until('the container ends and tells why', async () => {
    const words = lastWords((await nodePods(namespace))[0]);
    return words.includes('no certificate (denied)') && words.includes('names of this kind are for others') ? null : words || 'it runs';
  });
});

it('a pod that waits for its certificate ends at once when it is told to', async () => {
  await installUnattended();
  await kubectl(['--namespace', namespace, 'delete', 'statefulset', release, '--cascade=orphan']);
  const deleted = performance.now();
  await kubectl(['--namespace', namespace, 'delete', 'pod', `${release}-0`, '--wait=true']);
  // The grace period is 30 s: a process that did not listen would be killed after it.
  expect(performance.now() - deleted).toBeLessThan(15_000);
});

it('pods become ready by themselves when cert-manager comes back', async () => {
  const certManager = async (replicas: number) => {
    await kubectl(['--namespace', 'cert-manager', 'scale', 'deployment/cert-manager', `--replicas=${replicas}`]);
    await rolledOut('cert-manager', 'deployment/cert-manager');
  };
  await certManager(0);
  try {
    await install(namespace, ['node.replicas=1']);
    await until('the pod waits for the roots', async () => {
      const events = await kubectl(['--namespace', namespace, 'get', 'events', '--field-selector', 'reason=FailedMount', '--output', 'jsonpath={.items[*].message}']);
      return events.includes(`secret "${release}-anchor-a" not found`) ? null : events || 'no event';
    });
  } finally {
    await certManager(1);
  }
  await rolledOut(namespace);
});

it('a setting that the chart passes on unread: the node names it in the state of its container', async () => {
  await install(namespace, ['node.replicas=1', 'ui.enabled=false', 'node.env.STARLING_LABLES=zone=a']);
  await until('the container ends and tells why', async () => {
    const words = lastWords((await nodePods(namespace))[0]);
    return words.includes('STARLING_LABLES is not a setting; did you mean STARLING_LABELS?') ? null : words || 'no last words';
  });
});

it('values that are unknown, of a wrong type or contradict each other are refused before anything is made', async () => {
  const refusals: readonly (readonly [string, RegExp])[] = [
    ['node.replica=3', /replica/],
    ['node.replicas=many', /replicas/],
    ['certificates.ca.signer=z', /certificates\.ca\.signer: "z" is none of certificates\.ca\.roots/],
  ];
  for (const [set, complaint] of refusals) {
    await expect(install(namespace, [set])).rejects.toThrow(complaint);
    expect((await run('helm', ['status', release, '--namespace', namespace])).status, set).not.toBe(0);
  }
});
