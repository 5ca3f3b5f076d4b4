/** What a broken-into pod may ask cert-manager for: the admission policy refuses the rest, and what no policy can see does no harm. */
import { X509Certificate } from 'node:crypto';
import type { NodeDetail } from '@starling/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TrustedRoots } from '../../services/certificates/src/trusted-roots.js';
import { clusterTagOf, makeCredential, verifyCredential } from '../../services/node/src/certificates/certificates.js';
import { manifestOf } from '../../services/node/src/certificates/request/submission.js';
import { makeSigningRequest } from '../../services/node/src/certificates/request/signing-request.js';
import { kubectl, nodePods, run } from './support/kubectl.js';
import { asPod, type Answer, type Call } from './support/pod-token.js';
import { portForward } from './support/port-forward.js';
import { createNamespace, install, metricOf, release, removeNamespace, rolledOut, seenBy, wholeNetwork } from './support/release.js';
import { until } from './support/until.js';
import { aliveNodes } from './support/visualizer.js';

const namespace = 'starling-admission';
const collection = `/apis/cert-manager.io/v1/namespaces/${namespace}/certificaterequests`;
const intruder = `${release}-1`;
const victim = `${release}-0`;
const issuer = { group: 'cert-manager.io', kind: 'Issuer', name: `${release}-ca-a` };

let uids = new Map<string, string>();

beforeAll(async () => {
  await createNamespace(namespace);
  await install(namespace, ['node.replicas=2']);
  await wholeNetwork(namespace, 2);
  await rolledOut(namespace, `deployment/${release}-ui`);
  uids = new Map((await nodePods(namespace)).map(({ metadata }) => [metadata.name, metadata.uid]));
});
afterAll(() => removeNamespace(namespace));

interface Manifest {
  metadata: { name: string; ownerReferences?: { uid: string }[] | undefined };
  spec: Record<string, unknown>;
}

let named = 0;

/** What the intruder's node itself would ask for, with `change` made to it. */
async function manifest(change: (manifest: Manifest) => void = () => undefined, uri = `spiffe://starling/leaf/${namespace}.${intruder}`): Promise<Manifest> {
  const { signingRequestPem } = await makeSigningRequest(uri);
  const made = structuredClone(
    manifestOf({ pod: intruder, podUid: uids.get(intruder) ?? '', namespace, name: `${intruder}-try${named++}`, issuer, durationS: 3_600, signingRequestPem, timeoutMs: 0 }),
  ) as Manifest;
  change(made);
  return made;
}

async function askAs(pod: string, call: Call): Promise<Answer> {
  const [answer] = await asPod(namespace, pod, [call]);
  if (answer === undefined) throw new Error('no answer');
  return answer;
}

async function ask(change?: (manifest: Manifest) => void): Promise<Answer> {
  return askAs(intruder, { method: 'POST', path: collection, body: await manifest(change) });
}

describe('with the token of a pod', () => {
  it('what its node asks for is taken', async () => {
    expect(await ask()).toMatchObject({ code: 201 });
  });

  const refusals: readonly (readonly [string, (manifest: Manifest) => void, string])[] = [
    ["another pod's name", (asked) => void (asked.metadata.name = `${victim}-try`), "the name must be the pod's own name"],
    ['a name that another pod could have', (asked) => void (asked.metadata.name = `${intruder}-0-try`), "the name must be the pod's own name"],
    ['another owner', (asked) => void (asked.metadata.ownerReferences = asked.metadata.ownerReferences?.map((owner) => ({ ...owner, uid: uids.get(victim) ?? '' }))), 'the request must be owned by the pod that makes it'],
    ['no owner', (asked) => void delete asked.metadata.ownerReferences, 'the request must be owned by the pod that makes it'],
    ['an authority', (asked) => void (asked.spec['isCA'] = true), 'a node may not be an authority'],
    ['other usages', (asked) => void (asked.spec['usages'] = ['digital signature', 'server auth', 'client auth', 'cert sign']), 'the usages must be'],
    ['a longer life', (asked) => void (asked.spec['duration'] = '25h'), 'the duration must be given and be at most 24h'],
    ['no end', (asked) => void delete asked.spec['duration'], 'the duration must be given'],
    ['a foreign issuer', (asked) => void (asked.spec['issuerRef'] = { ...issuer, name: `${release}-self-signed` }), `the issuer must be Issuer ${release}-ca-a`],
    ['an issuer of the whole cluster', (asked) => void (asked.spec['issuerRef'] = { ...issuer, kind: 'ClusterIssuer' }), `the issuer must be Issuer ${release}-ca-a`],
  ];
  it.each(refusals)('%s is refused', async (_, change, message) => {
    expect(await ask(change)).toMatchObject({ code: 403, message: expect.stringContaining(message) });
  });

  it("another pod's request cannot be removed", async () => {
    const names = (await kubectl(['--namespace', namespace, 'get', 'certificaterequests', '--output', 'name'])).split('\n').map((name) => name.split('/')[1] ?? '');
    const foreign = names.find((name) => name.startsWith(`${victim}-`));
    expect(await askAs(intruder, { method: 'DELETE', path: `${collection}/${foreign}` })).toMatchObject({ code: 403, message: expect.stringContaining("the name must be the pod's own name") });
  });

  it('no Secret can be read, and nothing else be asked for', async () => {
    expect(await askAs(intruder, { method: 'GET', path: `/api/v1/namespaces/${namespace}/secrets/${release}-ca-a` })).toMatchObject({ code: 403 });
    expect(await askAs(intruder, { method: 'GET', path: `/apis/cert-manager.io/v1/namespaces/${namespace}/issuers` })).toMatchObject({ code: 403 });
  });
});

it('nobody else may ask the private authority, not even an administrator by mistake', async () => {
  const { status, stderr } = await run('kubectl', ['create', '--filename', '-'], JSON.stringify({ ...(await manifest()) }));
  expect(status).not.toBe(0);
  expect(stderr).toContain('only the nodes and cert-manager itself may ask this authority');
});

describe('who may make Certificates and Issuers, but not read Secrets', () => {
  const api = 'cert-manager.io/v1';
  const certificate = (name: string, spec: object) => ({ apiVersion: api, kind: 'Certificate', metadata: { name, namespace }, spec: { secretName: `${name}-tls`, issuerRef: issuer, ...spec } });
  const victimUri = [`spiffe://starling/leaf/${namespace}.${victim}`];
  const authoritys = 'the Secrets of this authority belong to the objects of its release';
  const refused: readonly (readonly [string, object, string])[] = [
    ['a leaf of a node', certificate('leaf', { uris: victimUri }), 'this authority signs what its release asks for and nothing else'],
    ['a leaf by an issuer that is named without its kind', certificate('leaf', { uris: victimUri, issuerRef: { name: issuer.name } }), 'this authority signs what its release asks for'],
    ['an authority below it', certificate('below', { isCA: true, commonName: 'below' }), 'this authority signs what its release asks for'],
    ['the visualizer under another name', certificate('page', { uris: [`spiffe://starling/gateway/${namespace}.${release}`] }), 'this authority signs what its release asks for'],
    ['the root in a Certificate of another name', certificate('mine', { isCA: true, commonName: 'mine', secretName: `${release}-ca-a`, issuerRef: { name: `${release}-self-signed` } }), authoritys],
    ['a foreign root among the trusted ones', certificate('mine', { dnsNames: ['anchor.invalid'], secretName: `${release}-anchor-a`, issuerRef: { name: 'mine' } }), authoritys],
    ['an Issuer with the key of the root', { apiVersion: api, kind: 'Issuer', metadata: { name: 'mine', namespace }, spec: { ca: { secretName: `${release}-ca-a` } } }, authoritys],
  ];
  it.each(refused)('%s is refused', async (_, object, message) => {
    const { status, stderr } = await run('kubectl', ['create', '--filename', '-'], JSON.stringify(object));
    expect(stderr).toContain(message);
    expect(status).not.toBe(0);
  });

  it('the Certificates of the release cannot be changed to other names', async () => {
    for (const [name, spec] of [[`${release}-ui-tls`, { uris: victimUri }], [`${release}-anchor-a`, { uris: victimUri }], [`${release}-anchor-a`, { isCA: true }]] as const) {
      const { status, stderr } = await run('kubectl', ['--namespace', namespace, 'patch', 'certificate', name, '--type', 'merge', '--patch', JSON.stringify({ spec })]);
      expect([status === 0, stderr], name).toEqual([false, expect.stringContaining('this authority signs what its release asks for')]);
    }
  });

  it('the Issuers of the release cannot be made to sign by another key', async () => {
    const changes = [
      [`${release}-ca-a`, { ca: { secretName: 'mine' } }, 'an Issuer of this authority signs with the Secret of its own name'],
      [`${release}-ca-a`, { ca: null, selfSigned: {} }, 'an Issuer of this authority signs with the Secret of its own name'],
      [`${release}-self-signed`, { selfSigned: null, ca: { secretName: 'mine' } }, 'a root of this authority is signed by itself'],
    ] as const;
    for (const [name, spec, message] of changes) {
      const { status, stderr } = await run('kubectl', ['--namespace', namespace, 'patch', 'issuer', name, '--type', 'merge', '--patch', JSON.stringify({ spec })]);
      expect([status === 0, stderr], name).toEqual([false, expect.stringContaining(message)]);
    }
  });

  it('what has nothing to do with the authority is let through, and so are the objects of the release and a further root', async () => {
    await kubectl(['create', '--dry-run=server', '--filename', '-'], JSON.stringify(certificate('other', { dnsNames: ['other.example'], issuerRef: { name: 'others', kind: 'ClusterIssuer' } })));
    await kubectl(['create', '--dry-run=server', '--filename', '-'], JSON.stringify({ apiVersion: api, kind: 'Issuer', metadata: { name: 'others', namespace }, spec: { selfSigned: {} } }));
    await kubectl(['--namespace', namespace, 'annotate', '--overwrite', 'certificates,issuers', '--all', 'looked=at']);
    // What an upgrade with a second root makes, before it comes to the policies.
    const rootB = certificate(`${release}-ca-b`, { isCA: true, commonName: 'b', secretName: `${release}-ca-b`, issuerRef: { name: `${release}-self-signed` } });
    const anchorB = certificate(`${release}-anchor-b`, { dnsNames: ['anchor.invalid'], secretName: `${release}-anchor-b`, issuerRef: { ...issuer, name: `${release}-ca-b` } });
    const issuerB = { apiVersion: api, kind: 'Issuer', metadata: { name: `${release}-ca-b`, namespace }, spec: { ca: { secretName: `${release}-ca-b` } } };
    for (const object of [rootB, anchorB, issuerB]) await kubectl(['create', '--dry-run=server', '--filename', '-'], JSON.stringify(object));
  });
});

/** In the intruder's pod, beside its node: another one under the victim's name, with the certificate in a directory; it ends by itself. */
const startRogue = (directory: string, port: number) => `STARLING_NAME=${victim} STARLING_CERTIFICATES=files STARLING_CERTIFICATE_DIR=${directory} STARLING_DATA_DIR=${directory}/data \\
  STARLING_LISTEN=0.0.0.0:${port} STARLING_API_LISTEN=127.0.0.1:${port + 1} STARLING_METRICS_LISTEN=127.0.0.1:${port + 2} \\
  timeout 15 node services/node/dist/main.js`;

interface Obtained {
  readonly chainPem: string;
  readonly keyPem: string;
}

/** Has a leaf of this URI issued to the intruder's pod and puts it, with its key, into a directory there. */
async function obtain(uri: string, directory: string): Promise<Obtained> {
  const { keyPem, signingRequestPem } = await makeSigningRequest(uri);
  const body = await manifest((asked) => void (asked.spec['request'] = Buffer.from(signingRequestPem).toString('base64')), uri);
  expect(await askAs(intruder, { method: 'POST', path: collection, body })).toMatchObject({ code: 201 });
  let certificate = '';
  await until('no policy can see the name, so cert-manager issues it', async () => {
    certificate = (await askAs(intruder, { method: 'GET', path: `${collection}/${body.metadata.name}` })).certificate ?? '';
    return certificate === '' ? 'not issued' : null;
  });
  const chainPem = Buffer.from(certificate, 'base64').toString();
  const files = { 'tls.crt': chainPem, 'tls.key': keyPem };
  const write = `fs.mkdirSync('${directory}'); for (const [name, text] of Object.entries(JSON.parse(fs.readFileSync(0, 'utf8')))) fs.writeFileSync('${directory}/' + name, text, { mode: 0o600 })`;
  await kubectl(['--namespace', namespace, 'exec', '--stdin', intruder, '--', 'node', '--eval', write], JSON.stringify(files));
  return { chainPem, keyPem };
}

describe('a foreign name inside the signing request, which no policy can see', () => {
  it("the leaf of another pod's name: its holder joins as somebody else, and the other stays who it is", async () => {
    const uri = `spiffe://starling/leaf/${namespace}.${victim}`;
    await obtain(uri, '/tmp/named');
    const forward = await portForward(namespace, `svc/${release}-ui`, 8080);
    const victimId = (await seenBy(namespace, victim)).find(({ name }) => name === victim)?.id;
    let before: readonly NodeDetail[] = [];
    await until('the visualizer shows both', async () => ((before = await aliveNodes(forward)).length === 2 ? null : `${before.length} nodes`));
    const rogue = run('kubectl', ['--namespace', namespace, 'exec', intruder, '--', 'sh', '-c', startRogue('/tmp/named', 9750)]);
    try {
      let now: readonly NodeDetail[] = [];
      await until('the rogue joins', async () => ((now = await aliveNodes(forward)).length === 3 ? null : now.map(({ name }) => name).join()), 20_000);
      const known = new Set(before.map(({ id }) => id));
      const joined = now.find(({ id }) => !known.has(id));
      const own = now.find(({ id }) => id === victimId);
      expect(joined?.certificate?.uri).toBe(uri);
      expect(own?.certificate?.fingerprint).toBe(before.find(({ id }) => id === victimId)?.certificate?.fingerprint);
      expect(own?.certificate?.fingerprint).not.toBe(joined?.certificate?.fingerprint);
      expect([own?.equivocated, own?.incarnation]).toEqual([false, before.find(({ id }) => id === victimId)?.incarnation]);
      expect(await metricOf(namespace, victim, 'starling_identity_conflicts_total')).toBe(0);
    } finally {
      await rogue;
      forward.close();
    }
  });

  it('a leaf that would serve all nodes: its holder starts, and no node lets it in', async () => {
    const known = new Set((await seenBy(namespace, victim)).map(({ id }) => id));
    await obtain('spiffe://starling/shared', '/tmp/shared');
    const { status } = await run('kubectl', ['--namespace', namespace, 'exec', intruder, '--', 'sh', '-c', startRogue('/tmp/shared', 9770)]);
    expect(status, 'it ran until its time was over').toBe(124);
    expect((await seenBy(namespace, victim)).filter(({ id }) => !known.has(id))).toEqual([]);
  });

  it("the leaf of another node's id: nobody can start with it, and nobody would believe who did", async () => {
    const victimId = (await seenBy(namespace, victim)).find(({ name, state }) => name === victim && state === 'alive')?.id ?? '';
    const obtained = await obtain(`spiffe://starling/node/${victimId}`, '/tmp/identified');
    const { status, stderr } = await run('kubectl', ['--namespace', namespace, 'exec', intruder, '--', 'sh', '-c', startRogue('/tmp/identified', 9760)]);
    expect(status).toBe(78);
    expect(stderr).toContain(victimId);
    const clusterTag = clusterTagOf('starling');
    const rootPem = Buffer.from(await kubectl(['--namespace', namespace, 'get', 'secret', `${release}-anchor-a`, '--output', 'jsonpath={.data.ca\\.crt}']), 'base64').toString();
    const judged = (nodeId: string) => verifyCredential(makeCredential({ ...obtained, clusterTag, nodeId }), { roots: new TrustedRoots([new X509Certificate(rootPem)]), cluster: 'starling', clusterTag, acceptsShared: false, wallMs: Date.now() });
    expect(judged('0'.repeat(64))).toEqual({ admitted: false, reason: 'wrong-node' });
  });
});
