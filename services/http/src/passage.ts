/**
 * How much of what was given to a slow client has passed. What waits in a socket moves only by whole messages, and the answer
 * to a ping waits behind them: so each ping carries how many bytes stood before it, and its answer tells that they are through.
 */
export class Passage {
  #sentBytes = 0;
  #passedBytes = 0;

  /** These bytes were given to the client. */
  sent(bytes: number): void {
    this.#sentBytes += bytes;
  }

  /** What the next ping carries. */
  get mark(): string {
    return String(this.#sentBytes);
  }

  /** A pong came; one that was not asked for (RFC 6455, 5.5.3) carries no mark. */
  answered(payload: Buffer): void {
    const passed = /^\d{1,15}$/.test(String(payload)) ? Number(payload) : 0;
    if (passed <= this.#sentBytes) this.#passedBytes = Math.max(this.#passedBytes, passed);
  }

  /** How long what has not passed may take at this rate, milliseconds. */
  remainingMs(minBytesPerSecond: number): number {
    return ((this.#sentBytes - this.#passedBytes) / minBytesPerSecond) * 1_000;
  }
}
