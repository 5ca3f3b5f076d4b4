/** A cluster that has no cert-manager: whoever installs is told what is missing, and how to get it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kubectl, lastWords, nodePods, run } from './support/kubectl.js';
import { createNamespace, install, release, removeNamespace } from './support/release.js';
import { until } from './support/until.js';

const namespace = 'starling-bare';
const advice = 'helm install cert-manager oci://quay.io/jetstack/charts/cert-manager --namespace cert-manager --create-namespace --set crds.enabled=true --wait';
const hasCertManager = (await run('kubectl', ['get', 'crd', 'certificaterequests.cert-manager.io'])).status === 0;

describe.skipIf(hasCertManager)(`without cert-manager${hasCertManager ? ' (skipped: this cluster has it)' : ''}`, () => {
  beforeAll(() => createNamespace(namespace));
  afterAll(() => removeNamespace(namespace));

  it('helm install stops, and says how to install it', async () => {
    await expect(install(namespace, [])).rejects.toThrow(advice);
    expect((await run('helm', ['status', release, '--namespace', namespace])).status).not.toBe(0);
  });

  it('a node that asks for a certificate all the same says it too, in the state of its container', async () => {
    await kubectl(['--namespace', namespace, 'create', 'configmap', 'roots', `--from-literal=root.crt=${await someRoot()}`]);
    const values = ['certificates.requireCertManager=false', 'certificates.issuer.create=false', 'certificates.issuer.ref.name=any', 'certificates.trust.configMap=roots'];
    await install(namespace, ['node.replicas=1', 'ui.enabled=false', ...values]);
    await until('the container ends and tells why', async () => {
      const words = lastWords((await nodePods(namespace))[0]);
      return words.includes('no certificate (no-cert-manager)') && words.includes(advice) ? null : words || 'no last words';
    });
  });
});

/** The root of the cluster itself: it is never asked anything here. */
function someRoot(): Promise<string> {
  return kubectl(['--namespace', namespace, 'get', 'configmap', 'kube-root-ca.crt', '--output', 'jsonpath={.data.ca\\.crt}']);
}
