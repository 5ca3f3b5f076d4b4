import { expect, it } from 'vitest';
import { seededRandom } from '../random.js';
import { Fifo } from './fifo.js';

it('is what an array is, whether it grows, drains or is cleared', () => {
  const random = seededRandom(6);
  const fifo = new Fifo<number>();
  let twin: number[] = [];
  for (let i = 0; i < 20_000; i++) {
    // It grows for a while to some hundreds, and then drains.
    const grows = Math.floor(i / 1_000) % 2 === 0;
    if (random() < (grows ? 0.8 : 0.3)) {
      fifo.push(i);
      twin.push(i);
    } else expect(fifo.shift()).toBe(twin.shift());
    expect(fifo.size).toBe(twin.length);
    expect(fifo.first).toBe(twin[0]);
    if (i % 7_001 === 7_000) {
      fifo.clear();
      twin = [];
    }
  }
});
