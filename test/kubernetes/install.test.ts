/** `helm install` as the README says it: five nodes, their certificates, the page, Prometheus. */
import { createHash, X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { Certificate, NodeAnswer } from '@starling/contract';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CertificateRequest, helm, kubectl, list, nodePods, type Pod, type Secret } from './support/kubectl.js';
import { type Forward, portForward } from './support/port-forward.js';
import { alertsOf, rulesOf, targetsOf, withoutMonitoring } from './support/prometheus.js';
import { createNamespace, failuresDeclared, install, metricOf, podNames, release, removeNamespace, rolledOut, seenBy, wholeNetwork } from './support/release.js';
import { until } from './support/until.js';

const namespace = 'starling-install';
const nodes = 5;
const completeWithinMs = 60_000;
const mebibyte = 1_048_576;
const nodeMemoryBytes = 130 * mebibyte;
const uiMemoryBytes = 100 * mebibyte;
const monitors = withoutMonitoring === '' ? ['monitoring.podMonitor.enabled=true', 'monitoring.rules.enabled=true'] : [];
const browserPath = '/usr/bin/chromium';
const withoutBrowser = existsSync(browserPath) ? '' : ` (skipped: no ${browserPath})`;

/** A second process under a copy of the node's key, for a while. */
const useIdentityTwice = `cp -r /var/lib/starling /tmp/copy && chmod -R go= /tmp/copy && STARLING_DATA_DIR=/tmp/copy STARLING_LISTEN=0.0.0.0:9750 \
  STARLING_API_LISTEN=127.0.0.1:9751 STARLING_METRICS_LISTEN=127.0.0.1:9752 timeout 20 node services/node/dist/main.js`;

let notes = '';
let completeMs = Infinity;
let forward: Forward;

beforeAll(async () => {
  await createNamespace(namespace);
  const start = performance.now();
  notes = await install(namespace, [`node.replicas=${nodes}`, ...monitors]);
  await wholeNetwork(namespace, nodes);
  completeMs = performance.now() - start;
  await rolledOut(namespace, `deployment/${release}-ui`);
  forward = await portForward(namespace, `svc/${release}-ui`, 8080);
});
afterAll(async () => {
  forward?.close();
  await removeNamespace(namespace);
});

async function certificateOf(id: string): Promise<Certificate> {
  const answer = await fetch(`${forward.origin}/v1/nodes/${id}`);
  const { node } = (await answer.json()) as NodeAnswer;
  if (node.certificate === null) throw new Error(`${node.name} shows no certificate`);
  return node.certificate;
}

/** What cert-manager issued to the pods, by the name of the pod's owner reference. */
async function issuedTo(pods: readonly Pod[]): Promise<Map<string, X509Certificate>> {
  const requests = await list<CertificateRequest>('certificaterequests', namespace);
  const issued = new Map<string, X509Certificate>();
  for (const { metadata, status, spec } of requests) {
    const owner = pods.find((pod) => metadata.ownerReferences?.some(({ kind, uid }) => kind === 'Pod' && uid === pod.metadata.uid));
    if (owner === undefined || status?.certificate === undefined) continue;
    expect(spec.issuerRef.name).toBe(`${release}-ca-a`);
    expect(issued.has(owner.metadata.name), `one request of ${owner.metadata.name}`).toBe(false);
    issued.set(owner.metadata.name, new X509Certificate(Buffer.from(status.certificate, 'base64')));
  }
  return issued;
}

describe('helm install', () => {
  it(`gives ${nodes} nodes that all see each other within ${completeWithinMs / 1_000} s`, async () => {
    process.stdout.write(`figure: ${nodes} nodes complete ${(completeMs / 1_000).toFixed(1)} s after helm install began\n`);
    expect(completeMs).toBeLessThanOrEqual(completeWithinMs);
    expect(await failuresDeclared(namespace)).toBe(0);
    for (const pod of await nodePods(namespace)) expect(pod.status.containerStatuses?.[0]?.restartCount, pod.metadata.name).toBe(0);
  });

  it('connects every node, and all come to the same view', async () => {
    for (const pod of podNames(nodes)) expect(await metricOf(namespace, pod, 'starling_peers'), `peers of ${pod}`).toBeGreaterThanOrEqual(1);
    await until('one view of all nodes', async () => {
      const views = await Promise.all(podNames(nodes).map((pod) => metricOf(namespace, pod, 'starling_views')));
      return views.every((number) => number === 1) ? null : `views counted: ${views.join()}`;
    });
  });

  it('says what to type next, and `helm test` agrees', async () => {
    expect(notes).toContain(`kubectl --namespace ${namespace} port-forward svc/${release}-ui 8080:8080`);
    expect(await helm(['test', release, '--namespace', namespace, '--timeout', '3m'])).toMatch(/Phase: +Succeeded/);
  });
});

describe('certificates', () => {
  it('each pod shows the one that cert-manager issued to it, of its own name and key', async () => {
    const issued = await issuedTo(await nodePods(namespace));
    const seen = await seenBy(namespace, `${release}-0`);
    expect([...issued.keys()].sort()).toEqual(podNames(nodes));
    const keys = new Set<string>();
    for (const { id, name } of seen) {
      const shown = await certificateOf(id);
      const leaf = issued.get(name);
      expect(shown).toMatchObject({ uri: `spiffe://starling/leaf/${namespace}.${name}`, binding: 'first-come', fingerprint: createHash('sha256').update(leaf?.raw ?? '').digest('hex') });
      keys.add(leaf?.publicKey.export({ type: 'spki', format: 'pem' }).toString() ?? '');
    }
    expect(keys.size).toBe(nodes);
  });

  it('no Secret holds the key of a node, and no pod of a node names a Secret with a key', async () => {
    const issued = await issuedTo(await nodePods(namespace));
    const withKeys = (await list<Secret>('secrets', namespace)).filter(({ data }) => data?.['tls.key'] !== undefined);
    expect(withKeys.map(({ metadata }) => metadata.name).sort()).toEqual([`${release}-anchor-a`, `${release}-ca-a`, `${release}-ui-tls`]);
    const leaves = [...issued.values()].map((leaf) => leaf.publicKey.export({ type: 'spki', format: 'pem' }));
    for (const { metadata, data } of withKeys) {
      const owned = new X509Certificate(Buffer.from(data?.['tls.crt'] ?? '', 'base64')).publicKey.export({ type: 'spki', format: 'pem' });
      expect(leaves, metadata.name).not.toContain(owned);
    }
    const pod = await kubectl(['--namespace', namespace, 'get', 'pod', `${release}-0`, '--output', 'jsonpath={.spec.volumes[*].projected.sources[*].secret}']);
    expect(pod).not.toContain('tls.key');
  });
});

describe.skipIf(withoutBrowser !== '')(`the page, by port-forward${withoutBrowser}`, () => {
  it('shows every node, live, and verifies what a node said', async () => {
    const browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox'] });
    try {
      const page = await browser.newPage();
      await page.goto(forward.origin);
      const shown = (id: string) => page.getByTestId(id).first();
      await until('the page shows the network', async () => {
        const [count, alive, live] = await Promise.all([shown('node-count').textContent(), shown('state-alive-count').textContent(), shown('live-state').getAttribute('data-state')]);
        return count === String(nodes) && alive === String(nodes) && live === 'live' ? null : `${count} nodes, ${alive} alive, ${live}`;
      });
      await page.getByRole('button', { name: 'Table' }).click();
      for (const name of podNames(nodes)) expect(await page.locator(`[data-testid=node-row][data-node-name=${name}]`).getAttribute('data-state'), name).toBe('alive');
      await page.locator(`[data-testid=node-row][data-node-name=${release}-3]`).click();
      await until('the browser verifies the record', async () => {
        const verdict = await shown('verified-badge').getAttribute('data-verdict');
        return verdict === 'verified' ? null : `verdict ${verdict}`;
      });
    } finally {
      await browser.close();
    }
  });
});

describe('memory at rest', () => {
  it.each([
    ['a node', 'component=node', nodeMemoryBytes],
    ['the visualizer', 'component=ui', uiMemoryBytes],
  ])('of %s is within its bound', async (what, component, boundBytes) => {
    for (const { metadata } of await list<Pod>('pods', namespace, '--selector', `app.kubernetes.io/${component}`)) {
      const bytes = await metricOf(namespace, metadata.name, 'process_resident_memory_bytes');
      process.stdout.write(`figure: ${what}, ${metadata.name}: ${(bytes / mebibyte).toFixed(0)} MiB resident\n`);
      expect(bytes, metadata.name).toBeGreaterThan(0);
      expect(bytes, metadata.name).toBeLessThanOrEqual(boundBytes);
    }
  });
});

describe.skipIf(withoutMonitoring !== '')(`Prometheus${withoutMonitoring}`, () => {
  it('finds every pod through the PodMonitor, and all are up', async () => {
    await until('every target is up', async () => {
      const targets = await targetsOf(namespace);
      const down = targets.filter(({ health }) => health !== 'up').map(({ labels, lastError }) => `${labels['pod']} ${lastError}`);
      return targets.length === nodes + 1 && down.length === 0 ? null : `${targets.length} targets of ${nodes + 1}; not up: ${down.join(', ') || 'none'}`;
    });
  });

  it('loads the rules, and every expression is sound', async () => {
    await until('the rules are evaluated', async () => {
      const rules = await rulesOf(`${namespace}.${release}`);
      const unsound = rules.filter(({ health }) => health !== 'ok').map(({ name, health, lastError }) => `${name} ${health} ${lastError ?? ''}`);
      return rules.length > 5 && unsound.length === 0 ? null : `${rules.length} rules; ${unsound.join(', ')}`;
    });
    expect((await alertsOf(namespace)).filter(({ state }) => state === 'firing')).toEqual([]);
  });

  it('fires when one identity is used twice', async () => {
    const thief = kubectl(['--namespace', namespace, 'exec', `${release}-4`, '--', 'sh', '-c', useIdentityTwice]);
    try {
      await until(
        'the alert fires',
        async () => {
          const alerts = (await alertsOf(namespace)).map(({ state, labels }) => `${labels['alertname']} ${state} ${labels['pod'] ?? ''}`);
          return alerts.includes(`StarlingIdentityMisused firing ${release}-4`) ? null : alerts.join(', ') || 'no alert';
        },
        120_000,
      );
    } finally {
      await thief.catch(() => undefined);
    }
  });
});
