/** Reads the small files of /proc and of control groups: whole, at once, into one buffer that is used again. */
import { closeSync, openSync, readSync } from 'node:fs';

const maxBytes = 65_536;

export class ProcText {
  readonly #root: string;
  readonly #buffer = Buffer.alloc(maxBytes);

  /** `root` is put before every path; empty on a real system. */
  constructor(root: string) {
    this.#root = root;
  }

  /** Null when it cannot be read: not there, not ours, or a kernel that says no. */
  read(path: string): string | null {
    let file: number;
    try {
      file = openSync(this.#root + path, 'r');
    } catch {
      return null;
    }
    try {
      let length = 0;
      for (let read = -1; read !== 0 && length < maxBytes; length += read) read = readSync(file, this.#buffer, length, maxBytes - length, null);
      return this.#buffer.toString('latin1', 0, length);
    } catch {
      return null;
    } finally {
      closeSync(file);
    }
  }
}
