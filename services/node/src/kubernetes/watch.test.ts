import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestAuthority } from '../../../../test/support/authority.js';
import { eventually } from '../../../../test/support/eventually.js';
import { type ApiObject, KubernetesApi } from '../../../../test/support/kubernetes-api.js';
import { textAt } from './json.js';
import { backoffMs, Watch, type WatchBounds } from './watch.js';

const path = '/api/v1/namespaces/demo/things';
let api: KubernetesApi;
let watch: Watch<string> | null = null;
let told: string[] = [];
let faults: (string | null)[] = [];
let nowMs = 0;

beforeEach(async () => {
  api = await KubernetesApi.start();
  told = [];
  faults = [];
  nowMs = 0;
});
afterEach(() => {
  watch?.stop();
  api.close();
});

const thing = (name: string, text = name): ApiObject => ({ metadata: { uid: `uid-${name}`, name }, text });

function follow(bounds: Partial<WatchBounds> = {}): Watch<string> {
  watch = new Watch<string>({
    server: api.place,
    path,
    selector: { labelSelector: 'a=b' },
    read: (object) => textAt(object, 'text'),
    onChanged: (uid, text) => told.push(`${uid} ${text}`),
    onGone: (uid, text) => told.push(`${uid} gone, was ${text}`),
    onFault: (fault) => faults.push(fault),
    nowMs: () => nowMs,
    random: () => 0.5,
    bounds: { firstBackoffMs: 2, maxBackoffMs: 20, ...bounds },
  });
  return watch;
}

const held = (...texts: string[]) => eventually(`${texts.join()} is held, of ${[...(watch?.objects.values() ?? [])].join()}`, () => [...(watch?.objects.values() ?? [])].sort().join() === texts.join());
const watched = () => eventually('a watch is open', () => api.watching === 1);
const lists = () => api.questions.filter(({ query }) => query.get('watch') === null);
const watches = () => api.questions.filter(({ query }) => query.get('watch') === 'true');

describe('a watch', () => {
  it('begins with everything that is there, page by page, and goes on with what changes', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) api.put(path, thing(name));
    follow({ pageObjects: 2 });
    await watched();
    expect(lists()).toHaveLength(3);
    expect(watches()[0]?.query.toString()).toBe(`labelSelector=a%3Db&watch=true&allowWatchBookmarks=true&resourceVersion=${api.version}&timeoutSeconds=240`);
    api.put(path, thing('f'));
    api.put(path, thing('a', 'z'));
    api.remove(path, 'uid-b');
    await held('c', 'd', 'e', 'f', 'z');
    expect(told.slice(5)).toEqual(['uid-f f', 'uid-a z', 'uid-b gone, was b']);
    expect(faults).toEqual([]);
  });

  it('lets go of what is of no use any more, and takes it back', async () => {
    api.put(path, thing('a'));
    api.put(path, thing('b'));
    follow();
    await watched();
    api.put(path, { metadata: { uid: 'uid-a', name: 'a' } });
    await held('b');
    api.put(path, { metadata: { uid: 'uid-c', name: 'c' } });
    api.put(path, thing('a', 'z'));
    await held('b', 'z');
    expect(told.slice(2)).toEqual(['uid-a gone, was a', 'uid-a z']);
  });

  it('goes on after a break where it was, also within a line, and does not call that a fault', async () => {
    follow();
    await watched();
    api.put(path, thing('a'));
    await held('a');
    const { version } = api;
    await api.write('{"type":"ADDED","object":{"metadata":{"uid":"uid-half","na');
    api.cut();
    api.put(path, thing('b'));
    await held('a', 'b');
    expect(watches()[1]?.query.get('resourceVersion')).toBe(version);
    expect(lists()).toHaveLength(1);
    expect(faults).toEqual([]);
  });

  it('takes the version of a bookmark, so that a quiet collection does not grow too old', async () => {
    follow();
    await watched();
    api.bookmark();
    const { version } = api;
    api.end();
    await eventually('it watches again', () => watches().length === 2);
    expect(watches()[1]?.query.get('resourceVersion')).toBe(version);
  });

  it.each(['event', 'status'])('lists again when its version is too old, told by the %s, and hears who went meanwhile', async (how) => {
    api.put(path, thing('a'));
    api.put(path, thing('b'));
    follow();
    await watched();
    if (how === 'status') api.refusal = { to: 'watch', status: 410, message: 'too old resource version' };
    api.cut();
    api.remove(path, 'uid-a');
    api.compact();
    await eventually('it lists again', () => lists().length > 1);
    api.refusal = null;
    await watched();
    await held('b');
    expect(told).toContain('uid-a gone, was a');
  });

  it('reads token and root anew for each request', async () => {
    follow();
    await watched();
    api.rotate('second');
    api.cut();
    await watched();
    expect(watches().map(({ token }) => token)).toEqual(['first', 'second']);
  });

  it('gives up a connection over which nothing comes', async () => {
    let silent = 0;
    api.onWatch = () => (silent += 1) <= 2;
    follow({ idleMs: 30 });
    await watched();
    expect(silent).toBe(3);
    expect(faults).toEqual(['no answer from the API server: ECONNRESET']);
  });
});

describe('a watch that is refused or misled', () => {
  it('tells it once and with the words of the API server, keeps what it has, asks ever more rarely, and tells when it goes on', async () => {
    api.put(path, thing('a'));
    follow();
    await watched();
    api.refusal = { to: 'all', status: 403, message: 'things is forbidden: no role' };
    api.cut();
    await eventually('it is refused a few times', () => api.questions.length > 6);
    expect(faults).toEqual(['things is forbidden: no role']);
    expect([...(watch?.objects.values() ?? [])]).toEqual(['a']);
    nowMs += 600_000;
    await eventually('it is told again', () => faults.length === 2);
    expect(faults[1]).toBe(faults[0]);
    api.refusal = null;
    await watched();
    api.put(path, thing('b'));
    await held('a', 'b');
    expect(faults.at(-1)).toBeNull();
  });

  it('ends a line that has no end, and lists again', async () => {
    follow({ maxLineBytes: 1_000 });
    await watched();
    await api.write('x'.repeat(2_000));
    await eventually('it lists again', () => lists().length === 2);
    await watched();
    await api.write(`${'y'.repeat(2_000)}\n`);
    await eventually('it lists again', () => lists().length === 3);
    await watched();
    expect(faults).toEqual(['a line of the watch has more than 1000 bytes']);
  });

  it.each(['no json\n', '{"type":"NEWS","object":{}}\n', '[]\n', 'null\n'])('lists again after the line %j', async (text) => {
    follow();
    await watched();
    await api.write(text);
    await eventually('it lists again', () => lists().length === 2);
  });

  it('takes nothing when there is too much', async () => {
    for (const name of ['a', 'b', 'c']) api.put(path, thing(name));
    follow({ maxObjects: 2 });
    await eventually('it says so', () => faults.includes('there are more than 2 objects'));
    expect(watch?.objects.size).toBe(0);
  });

  it('does not ask a server that never keeps a watch open without a pause', async () => {
    api.onWatch = (response) => void response.end() === undefined;
    follow();
    await eventually('it says so', () => faults.includes('the API server ends each watch at once'));
  });

  it('gives its token to no server that the cluster did not certify', async () => {
    api.trust((await createTestAuthority('Another cluster')).root);
    follow();
    await eventually('it says so', () => faults.length > 0);
    expect(faults[0]).toMatch(/^no answer from the API server: /);
    expect(api.questions).toEqual([]);
  });

  it('says when the pod has no token', async () => {
    rmSync(join(api.accountFolder, 'token'));
    follow();
    await eventually('it says so', () => faults.length > 0);
    expect(faults[0]).toContain('the pod has no token of a service account');
  });

  it('ends its connection when it is stopped, and asks no more', async () => {
    follow();
    await watched();
    watch?.stop();
    await eventually('the connection is closed', () => api.watching === 0);
    expect(api.questions).toHaveLength(2);
  });
});

it('waits twice as long after each failure, up to a bound, and never less than half of it', () => {
  const bounds = { firstBackoffMs: 1_000, maxBackoffMs: 60_000 };
  expect([1, 2, 3, 6, 7, 50].map((failures) => backoffMs(failures, () => 1, bounds))).toEqual([1_000, 2_000, 4_000, 32_000, 60_000, 60_000]);
  expect(backoffMs(3, () => 0, bounds)).toBe(2_000);
});
