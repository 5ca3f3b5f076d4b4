/**
 * Where the lines of the log go. A reader that stalls (a pipe that nobody reads, a paused terminal) must not cost memory for
 * ever: what waits for it is bounded, the oldest lines give way, and they are counted.
 */
import type { Writable } from 'node:stream';

/** What may wait for a reader besides what the stream itself holds, characters. */
const maxWaiting = 1_048_576;
/** How long the end of the process waits for a reader, milliseconds. */
const flushMs = 1_000;

export class LogOutput {
  readonly #stream: Writable;
  /** Oldest first; those before `#first` are written or dropped. */
  #waiting: string[] = [];
  #first = 0;
  #characters = 0;
  #dropped = 0;
  /** Its reader has gone. */
  #isBroken = false;

  constructor(stream: Writable) {
    this.#stream = stream;
    stream.on('drain', () => this.#goOn());
    // Without a reader the process has other things to do than to end.
    stream.on('error', () => (this.#isBroken = true));
  }

  /** Lines that gave way since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  write(line: string): void {
    if (this.#isBroken) {
      this.#dropped += 1;
      return;
    }
    if (this.#characters === 0 && !this.#stream.writableNeedDrain) {
      this.#stream.write(line);
      return;
    }
    this.#waiting.push(line);
    this.#characters += line.length;
    while (this.#characters > maxWaiting) {
      this.#take();
      this.#dropped += 1;
    }
  }

  /** Resolves when everything is written, or when the reader has had time enough for it. Before the process ends: what waits ends with it. */
  flush(): Promise<void> {
    if (this.#isBroken) return Promise.resolve();
    while (this.#characters > 0) this.#stream.write(this.#take());
    return new Promise((resolve) => {
      const deadline = setTimeout(resolve, flushMs);
      this.#stream.write('', () => {
        clearTimeout(deadline);
        resolve();
      });
    });
  }

  #goOn(): void {
    while (this.#characters > 0 && !this.#stream.writableNeedDrain) this.#stream.write(this.#take());
  }

  /** The oldest line. */
  #take(): string {
    const line = this.#waiting[this.#first] as string;
    this.#first += 1;
    this.#characters -= line.length;
    // Now and then, so that a line costs no move of all others.
    if (this.#first * 2 >= this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#first);
      this.#first = 0;
    }
    return line;
  }
}
