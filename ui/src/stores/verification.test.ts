import { paths, type Node } from '@starling/contract';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { makeAuthority, makeQuestion, nowMs } from '../../../services/verification/src/authority.fixture.js';
import type { RecordQuestion } from '../../../services/verification/src/record-check.js';
import { changesOf, snapshotOf } from '../domain/sample-network.fixture.js';
import { NetworkRig } from './network-rig.fixture.js';
import { usePage } from './page.js';
import { useVerification } from './verification.js';

let question: RecordQuestion;
let node: Node;
let rig: NetworkRig;
let verification: ReturnType<typeof useVerification>;
let sequence: number;

beforeEach(async () => {
  question = await makeQuestion(await makeAuthority('CN=root'));
  node = question.shown[0] as Node;
  sequence = 5;
  rig = new NetworkRig('', undefined, () => (verification = useVerification(() => question.nodeId)));
  vi.setSystemTime(nowMs);
  rig.answers.set(paths.record(question.nodeId), question.record).set(paths.trust, question.trust);
  rig.say(JSON.stringify(snapshotOf([node], { sequence })));
  await eventually(() => expect(verification.checked.value.verdict).toBe('verified'));
  rig.asked.length = 0;
});

afterEach(() => {
  rig.leave();
  expect(rig.warnings).toEqual([]);
});

/** Signatures are checked outside of the virtual time, which advances meanwhile by a little. */
const eventually = (holds: () => void) => vi.waitFor(holds, { interval: 1, timeout: 10_000 });
/** How often the record was asked for after the first check. */
const asked = () => rig.asked.filter((address) => address === paths.record(question.nodeId)).length;
const say = (...nodes: Node[]) => rig.say(JSON.stringify(changesOf({ sequence: ++sequence, nodes })));

/** News comes each second, in which the node has the fields. */
async function goOn(seconds: number, fields: Partial<Node> = {}): Promise<void> {
  for (let i = 0; i < seconds; i++) {
    say({ ...node, ...fields });
    await vi.advanceTimersByTimeAsync(1_000);
  }
}

it('names what it checked, and checks nothing twice', async () => {
  expect(verification.checked.value.newest).toEqual({ incarnation: 1, sequence: 9 });
  await goOn(30);
  expect(asked()).toBe(0);
});

it('checks again what is newer, some seconds apart, and stays verified meanwhile', async () => {
  const verdicts = new Set<string>();
  await goOn(8, { sequence: 10 });
  expect(asked()).toBe(0);
  for (const times of [1, 2]) {
    const { checkedMs } = verification.checked.value;
    while (asked() < times) {
      await goOn(1, { sequence: 10 });
      verdicts.add(verification.checked.value.verdict);
      expect(rig.network.nowMs.value - (checkedMs ?? 0)).toBeLessThan(12_000);
    }
    expect(rig.network.nowMs.value - (checkedMs ?? 0)).toBeGreaterThanOrEqual(10_000);
    await eventually(() => expect(verification.checked.value.checkedMs).toBeGreaterThan(checkedMs ?? Infinity));
  }
  expect([...verdicts]).toEqual(['verified']);
});

it('asks for nothing while an answer is due', async () => {
  rig.answers.set(paths.record(question.nodeId), new Promise(() => undefined));
  await goOn(60, { sequence: 10 });
  expect(asked()).toBe(1);
});

it('follows only what is live and seen, and says so of a past record', async () => {
  say({ ...node, sequence: 10 });
  await vi.advanceTimersByTimeAsync(30_000);
  expect([rig.network.liveness.value.state, asked()]).toEqual(['reconnecting', 0]);

  usePage().pastMs = rig.network.nowMs.value - 20_000;
  await goOn(15, { sequence: 10 });
  expect(asked()).toBe(0);
  expect(verification.checked.value).toMatchObject({ verdict: 'unavailable', newest: null, checks: [{ text: 'A past record: only the newest is checked.' }] });

  Object.assign(document, { hidden: true });
  document.dispatchEvent(new Event('visibilitychange'));
  await vi.advanceTimersByTimeAsync(0);
  usePage().pastMs = null;
  await goOn(15, { sequence: 10 });
  expect([asked(), verification.checked.value.verdict]).toEqual([0, 'verified']);
});

it('keeps a refusal until somebody asks again', async () => {
  rig.answers.set(paths.trust, { roots: [] });
  verification.again();
  await eventually(() => expect(verification.checked.value.verdict).toBe('refused'));
  rig.answers.set(paths.trust, question.trust);
  await goOn(30, { sequence: 10 });
  expect([asked(), verification.checked.value.verdict]).toEqual([1, 'refused']);
  verification.again();
  await eventually(() => expect(verification.checked.value.verdict).toBe('verified'));
});
