/** Seeded damage to bytes. `STARLING_TEST_FUZZ_RUNS` and `STARLING_TEST_FUZZ_SEED` make a run longer or another one. */
import { type Random, seededRandom } from '@starling/gossip';
import { randomBytes } from '../../services/gossip/src/random.js';

const fuzzSeed = Number(process.env['STARLING_TEST_FUZZ_SEED'] ?? 1);

/** How often, when nobody asks for more: for seconds. */
export function runsOf(usual: number): number {
  const asked = process.env['STARLING_TEST_FUZZ_RUNS'];
  return asked === undefined ? usual : Number(asked);
}

export const fuzzRandom = (salt: number): Random => seededRandom((fuzzSeed * 65_537 + salt) >>> 0);

const below = (random: Random, most: number) => Math.floor(random() * most);
/** Bytes that parsers trip over. */
const odd = [0x00, 0x01, 0x7f, 0x80, 0x81, 0xc0, 0xff];

/** One to four changes; others of the corpus lend their parts. */
export function mutated(random: Random, bytes: Uint8Array, others: readonly Uint8Array[]): Uint8Array {
  let result = bytes;
  for (let i = below(random, 4); i >= 0; i--) result = mutatedOnce(random, result, others);
  return result;
}

function mutatedOnce(random: Random, bytes: Uint8Array, others: readonly Uint8Array[]): Uint8Array {
  const at = below(random, bytes.length + 1);
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  const join = (...parts: readonly Uint8Array[]) => Uint8Array.from(Buffer.concat(parts));
  const other = others[below(random, others.length)] ?? bytes;
  switch (below(random, 8)) {
    case 0:
      return bytes.map((byte, i) => (i === at ? byte ^ (1 << below(random, 8)) : byte));
    case 1:
      return bytes.map((byte, i) => (i === at ? (odd[below(random, odd.length)] as number) : byte));
    case 2:
      return before.slice();
    case 3:
      return join(bytes, randomBytes(random, 1 + below(random, 20)));
    case 4:
      return join(before, after.subarray(1 + below(random, 8)));
    case 5:
      return join(before, randomBytes(random, 1 + below(random, 8)), after);
    case 6:
      return join(before, other.subarray(below(random, other.length + 1)));
    default:
      return join(before, other.subarray(0, below(random, other.length + 1)), after);
  }
}
