/** Where the bytes of a core lie: those of messages that it puts together, and those of bundles that it holds. */
import type { ReadBundle } from './record/bundle.js';

export interface Memory {
  /** So many bytes that nobody else has, for a message. */
  take(count: number): Uint8Array;
  /** A bundle of the same bytes to be held for long. Nothing of the message in which it came is kept for it. */
  keep(bundle: ReadBundle): ReadBundle;
  /** A credential to be held for long, under the same condition. */
  copy(credential: Uint8Array): Uint8Array;
}

const slabBytes = 8_192;

/**
 * Messages are cut one after the other from large buffers: a view costs a tenth of what a buffer of its own costs. Nothing
 * is ever used again; a large one is freed when none of its parts is held any more.
 */
export class OwnMemory implements Memory {
  #slab = new Uint8Array(0);
  #used = 0;

  take(count: number): Uint8Array {
    if (count > slabBytes / 4) return new Uint8Array(count);
    if (this.#used + count > this.#slab.length) {
      this.#slab = new Uint8Array(slabBytes);
      this.#used = 0;
    }
    this.#used += count;
    return this.#slab.subarray(this.#used - count, this.#used);
  }

  keep(bundle: ReadBundle): ReadBundle {
    return bundle.detached();
  }

  copy(credential: Uint8Array): Uint8Array {
    return credential.slice();
  }
}
