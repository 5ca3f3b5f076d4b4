import { expect, it } from 'vitest';
import { Passage } from './passage.js';

it('is what a ping was answered that was sent behind it, and nothing that a client makes up', () => {
  const passage = new Passage();
  passage.sent(3_000);
  const { mark } = passage;
  passage.sent(1_000);
  expect(passage.remainingMs(1_000)).toBe(4_000);
  for (const made of ['', '4001', '-1', '1e3', 'x'.repeat(125)]) passage.answered(Buffer.from(made));
  expect(passage.remainingMs(1_000)).toBe(4_000);
  passage.answered(Buffer.from(mark));
  passage.answered(Buffer.from('5'));
  expect(passage.remainingMs(1_000)).toBe(1_000);
});
