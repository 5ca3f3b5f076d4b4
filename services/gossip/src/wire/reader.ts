/**
 * Bytes in (docs/PROTOCOL.md 1.1). A read that cannot be done sets `failed` and returns an empty value; nothing is ever
 * thrown, and whoever reads asks `ended` once at the end.
 */
import { decodeUtf8 } from './utf8.js';

const empty = new Uint8Array(0);

export class Reader {
  readonly #bytes: Uint8Array;
  #offset: number;
  #failed = false;

  constructor(bytes: Uint8Array, offset = 0) {
    this.#bytes = bytes;
    this.#offset = offset;
  }

  get offset(): number {
    return this.#offset;
  }

  get failed(): boolean {
    return this.#failed;
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  /** Everything was read, and nothing failed. */
  get ended(): boolean {
    return !this.#failed && this.#offset === this.#bytes.length;
  }

  /** For readers that find a value out of bounds. */
  fail(): void {
    this.#failed = true;
  }

  u8(): number {
    if (this.#failed || this.#offset >= this.#bytes.length) {
      this.#failed = true;
      return 0;
    }
    return this.#bytes[this.#offset++] as number;
  }

  varint(): number {
    const only = this.#bytes[this.#offset];
    if (only !== undefined && only < 0x80 && !this.#failed) {
      this.#offset += 1;
      return only;
    }
    return this.#longVarint();
  }

  #longVarint(): number {
    let value = 0;
    let scale = 1;
    for (let index = 0; index < 8; index++) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if ((byte === 0 && index > 0) || value > Number.MAX_SAFE_INTEGER) this.#failed = true;
        return this.#failed ? 0 : value;
      }
      scale *= 0x80;
    }
    this.#failed = true;
    return 0;
  }

  /** A varint of at most `most`. */
  varintUpTo(most: number): number {
    const value = this.varint();
    if (value <= most) return value;
    this.#failed = true;
    return 0;
  }

  svarint(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** Passes over `count` bytes that nobody needs. */
  skip(count: number): void {
    if (this.#failed || count > this.#bytes.length - this.#offset) this.#failed = true;
    else this.#offset += count;
  }

  /** A view of `count` bytes, not a copy. */
  bytes(count: number): Uint8Array {
    if (this.#failed || count > this.#bytes.length - this.#offset) {
      this.#failed = true;
      return empty;
    }
    this.#offset += count;
    return this.#bytes.subarray(this.#offset - count, this.#offset);
  }

  /** A view of a length-prefixed run of at most `most` bytes. */
  blob(most: number): Uint8Array {
    return this.bytes(this.varintUpTo(most));
  }

  /** Well-formed UTF-8 of at most `most` bytes. */
  text(most: number): string {
    const text = decodeUtf8(this.blob(most));
    if (text === null) this.#failed = true;
    return text ?? '';
  }
}
