/** From the chart of the commit before to this one, with identities in volumes; then away, to what the notes say stays. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chart, helm, kubectl, root, run } from './support/kubectl.js';
import { createNamespace, failuresDeclared, install, release, removeNamespace, rolledOut, seenBy, upgrade, wholeNetwork } from './support/release.js';
import { until } from './support/until.js';

const namespace = 'starling-upgrade';
const nodes = 3;
const previous = mkdtempSync(join(tmpdir(), 'starling-previous-'));
const unpacked = await run('sh', ['-c', `git -C '${root}' archive HEAD~1 charts/starling | tar -x -C '${previous}'`]);
const previousChart = join(previous, 'charts', 'starling');
const hasPrevious = unpacked.status === 0 && (await run('helm', ['show', 'chart', previousChart])).status === 0;
const withoutPrevious = hasPrevious ? '' : ' (the commit before has no chart, or is not there: from this chart to itself)';

beforeAll(async () => {
  await createNamespace(namespace);
  const values = [`node.replicas=${nodes}`, 'node.persistence.enabled=true', 'node.podDisruptionBudget.enabled=true', 'networkPolicy.enabled=true'];
  await install(namespace, values, hasPrevious ? previousChart : chart);
  await wholeNetwork(namespace, nodes, 180_000);
});
afterAll(async () => {
  await removeNamespace(namespace);
  rmSync(previous, { recursive: true, force: true });
});

/** Kind and name of everything in the namespace that somebody made for the release; what every namespace has is left out. */
async function everything(): Promise<readonly string[]> {
  const kinds = (await kubectl(['api-resources', '--verbs=list', '--namespaced', '--output=name'])).split('\n').filter((kind) => kind !== '' && !/^(events|leases|endpoints|pods\.metrics)/.test(kind));
  const objects = await kubectl(['--namespace', namespace, 'get', kinds.join(), '--ignore-not-found', '--output=name']);
  return objects.split('\n').filter((object) => object !== '' && !/^(configmap\/kube-root-ca\.crt|serviceaccount\/default)$/.test(object)).sort();
}

/** Objects of the whole cluster that the release made. */
async function policies(): Promise<string> {
  return kubectl(['get', 'validatingadmissionpolicies,validatingadmissionpolicybindings', '--selector', `app.kubernetes.io/instance=${release}`, '--output=name']);
}

describe(`upgrade and removal${withoutPrevious}`, () => {
  let notes = '';

  it('keeps every node what it was, with its identity, and declares nobody failed', async () => {
    const identities = async () => (await seenBy(namespace, `${release}-0`)).filter(({ state }) => state === 'alive').map(({ id, name }) => `${name} ${id}`).sort();
    const before = await identities();
    // A label makes every pod anew, also where the two charts give the same.
    notes = await upgrade(namespace, ['node.podLabels.upgraded=yes']);
    await rolledOut(namespace);
    await wholeNetwork(namespace, nodes);
    expect(await identities()).toEqual(before);
    expect(before).toHaveLength(nodes);
    expect(await failuresDeclared(namespace)).toBe(0);
  });

  it('uninstall leaves what the notes say, and their commands remove it', async () => {
    expect(await policies()).toContain(namespace);
    await helm(['uninstall', release, '--namespace', namespace, '--wait']);
    const secrets = ['ca-a', 'anchor-a', 'ui-tls'].map((name) => `secret/${release}-${name}`);
    const volumes = [0, 1, 2].map((number) => `persistentvolumeclaim/identity-${release}-${number}`);
    await until('nothing else is left', async () => {
      const left = await everything();
      return left.join() === [...secrets, ...volumes].sort().join() ? null : left.join();
    });
    expect(await policies()).not.toContain(namespace);
    const commands = [...notes.slice(notes.indexOf('`helm uninstall` leaves behind')).matchAll(/kubectl (.+)$/gm)].map(([, command = '']) => command.split(' '));
    expect(commands).toHaveLength(2);
    for (const command of commands) await kubectl(command);
    await until('nothing is left', async () => ((await everything()).length === 0 ? null : (await everything()).join()));
  });
});
