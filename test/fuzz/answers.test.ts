/** What a gateway or a node hands to the page may be anything: the check of a record throws never, and takes nothing damaged for sound. */
import { schemas } from '@starling/contract';
import { checkRecord } from '@starling/verification';
import { expect, it } from 'vitest';
import { randomBytes } from '../../services/gossip/src/random.js';
import { type Authority, makeAuthority, makeQuestion } from '../../services/verification/src/authority.fixture.js';
import { contractFault } from '../support/contract-check.js';
import { fuzzRandom, mutated, runsOf } from './mutation.js';

type Question = Awaited<ReturnType<typeof makeQuestion>>;

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, 'base64'));

async function sound(): Promise<{ question: Question; root: Authority }> {
  const root = await makeAuthority('CN=root');
  return { question: await makeQuestion(root), root };
}

it('the answer that it begins with is sound, and of the contract', async () => {
  const { question } = await sound();
  expect(contractFault(schemas.recordAnswer, question.record)).toBeNull();
  expect((await checkRecord(question)).verdict).toBe('verified');
});

it('refuses every bundle and credential that was changed', async () => {
  const { question } = await sound();
  const random = fuzzRandom(21);
  const whole = question.record.bundles.map(({ bytes }) => bytesOf(bytes));
  for (let i = 0; i < runsOf(250); i++) {
    const at = i % (whole.length + 1);
    const bundles = question.record.bundles.map((bundle, j) => (j === at ? { ...bundle, bytes: base64(mutated(random, whole[j] as Uint8Array, whole)) } : bundle));
    const credential = at === whole.length ? base64(mutated(random, bytesOf(question.record.credential), whole)) : question.record.credential;
    // Another whole bundle of the same node is no damage.
    const isSame = credential === question.record.credential && bundles.every(({ bytes }) => question.record.bundles.some((one) => one.bytes === bytes));
    const { verdict } = await checkRecord({ ...question, record: { ...question.record, bundles, credential } });
    if (!isSame) expect(verdict, JSON.stringify({ bundles, credential })).toBe('refused');
  }
});

const strange = [null, '', 'x', '====', '\u0000', 'AA==', -1, 1e308, [], {}, true];

it('throws for no text in an answer, and for no time', async () => {
  const { question } = await sound();
  const random = fuzzRandom(22);
  const text = () => (random() < 0.5 ? Buffer.from(randomBytes(random, 30)).toString('latin1') : String(strange[Math.floor(random() * strange.length)]));
  for (let i = 0; i < runsOf(300); i++) {
    const changes: readonly (() => Partial<Question>)[] = [
      () => ({ nodeId: text() }),
      () => ({ cluster: text() }),
      () => ({ nowMs: [0, -1, 8.64e15, 1e300, -1e300][i % 5] as number }),
      () => ({ trust: { roots: [{ fingerprint: text(), pem: text() }] } }),
      () => ({ trust: { roots: [] } }),
      () => ({ record: { ...question.record, credential: text() } }),
      () => ({ record: { ...question.record, bundles: [{ bytes: text(), incarnation: 1, sequence: 1, kinds: [] }] } }),
      () => ({ record: { ...question.record, bundles: [] } }),
    ];
    const change = changes[i % changes.length]?.() ?? {};
    const { verdict } = await checkRecord({ ...question, ...change });
    expect(verdict, JSON.stringify(change)).toBe('refused');
  }
});
