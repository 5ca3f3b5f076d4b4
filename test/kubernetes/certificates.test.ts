/** Certificates while nodes run: leaves are renewed, and the root is rotated as the chart's README says. */
import type { NodeDetail } from '@starling/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CertificateRequest, kubectl, list, nodePods } from './support/kubectl.js';
import { type Forward, portForward } from './support/port-forward.js';
import { createNamespace, failuresDeclared, install, metricOf, podNames, release, removeNamespace, rolledOut, upgrade, wholeNetwork } from './support/release.js';
import { until } from './support/until.js';
import { aliveNodes } from './support/visualizer.js';

const namespace = 'starling-certificates';
const nodes = 3;

beforeAll(async () => {
  await createNamespace(namespace);
  await install(namespace, [`node.replicas=${nodes}`, 'certificates.duration=1m']);
  await wholeNetwork(namespace, nodes);
  await rolledOut(namespace, `deployment/${release}-ui`);
});
afterAll(() => removeNamespace(namespace));

/** Through the visualizer, once it reaches its node: the name of a new pod may take a while to be known. */
async function look<T>(ask: (forward: Forward) => Promise<T>): Promise<T> {
  const forward = await portForward(namespace, `svc/${release}-ui`, 8080);
  try {
    await until('the visualizer shows all nodes', async () => {
      const { length } = await aliveNodes(forward);
      return length === nodes ? null : `${length} nodes`;
    });
    return await ask(forward);
  } finally {
    forward.close();
  }
}

function fingerprints(details: readonly NodeDetail[]): Map<string, string | undefined> {
  return new Map(details.map(({ id, certificate }) => [id, certificate?.fingerprint]));
}

/** The roots that the leaves lead to, and how many roots each node trusts. */
function trustOf(details: readonly NodeDetail[]): { readonly signers: readonly string[]; readonly trusted: readonly (readonly string[])[] } {
  return { signers: [...new Set(details.map(({ certificate }) => certificate?.rootFingerprint ?? 'none'))], trusted: details.map(({ roots }) => roots) };
}

describe('leaves that live a minute', () => {
  it('are renewed by every node, which stays the same node and keeps its peers', async () => {
    const before = fingerprints(await look(aliveNodes));
    expect(before.size).toBe(nodes);
    const peersLost = () => Promise.all(podNames(nodes).map((pod) => metricOf(namespace, pod, 'starling_peer_changes_total', 'change="down"')));
    const lostBefore = await peersLost();
    await look((forward) =>
      until(
        'everyone shows another certificate',
        async () => {
          const now = fingerprints(await aliveNodes(forward));
          if ([...now.keys()].sort().join() !== [...before.keys()].sort().join()) return `alive are ${[...now.keys()].join()}`;
          const same = [...now].filter(([id, fingerprint]) => fingerprint === before.get(id)).length;
          return same === 0 ? null : `${same} still show the old one`;
        },
        90_000,
      ),
    );
    expect(await peersLost()).toEqual(lostBefore);
    expect(await failuresDeclared(namespace)).toBe(0);
    for (const pod of podNames(nodes)) expect(await metricOf(namespace, pod, 'starling_certificate_not_after_timestamp_seconds'), pod).toBeGreaterThan(Date.now() / 1_000);
  });

  it('leave no requests behind: one for each pod', async () => {
    const pods = await nodePods(namespace);
    await until('the requests before are removed', async () => {
      const requests = await list<CertificateRequest>('certificaterequests', namespace);
      const counts = pods.map((pod) => requests.filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === pod.metadata.uid)).length);
      return counts.every((count) => count === 1) ? null : `requests: ${counts.join()}`;
    });
  });
});

describe('the root, rotated in three upgrades', () => {
  const rotate = async (set: readonly string[], signerAndTrust: (details: readonly NodeDetail[]) => string | null) => {
    await upgrade(namespace, set);
    await rolledOut(namespace);
    await rolledOut(namespace, `deployment/${release}-ui`);
    await wholeNetwork(namespace, nodes);
    await look((forward) => until(`after ${set.join()}`, async () => signerAndTrust(await aliveNodes(forward))));
    expect(await failuresDeclared(namespace)).toBe(0);
  };
  let first = '';

  it('everyone trusts both, and says so', async () => {
    first = trustOf(await look(aliveNodes)).signers.join();
    await rotate(['certificates.ca.roots={a,b}'], (details) => {
      const { signers, trusted } = trustOf(details);
      return signers.join() === first && trusted.length === nodes && trusted.every((roots) => roots.length === 2) ? null : JSON.stringify({ signers, trusted });
    });
  });

  it('the new one signs, without loss', async () => {
    await rotate(['certificates.ca.signer=b'], (details) => {
      const { signers } = trustOf(details);
      return signers.length === 1 && signers[0] !== first ? null : `signed by ${signers.join()}`;
    });
  });

  it('nobody trusts the old one any more, and its Secrets can go', async () => {
    await rotate(['certificates.ca.roots={b}'], (details) => {
      const { signers, trusted } = trustOf(details);
      return trusted.length === nodes && trusted.every((roots) => roots.join() === signers.join()) ? null : JSON.stringify({ signers, trusted });
    });
    await kubectl(['--namespace', namespace, 'delete', 'secret', `${release}-ca-a`, `${release}-anchor-a`]);
  });
});
