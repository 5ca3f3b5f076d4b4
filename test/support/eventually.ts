/** Waiting for a condition, with a deadline and a message. */
const lookAgainMs = 10;

/** Resolves with the first value of `look` that is neither null, undefined nor false; rejects with `what` after the deadline. */
export async function eventually<T>(what: string, look: () => T | null | undefined | false, deadlineMs = 10_000): Promise<T> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const value = look();
    if (value !== null && value !== undefined && value !== false) return value;
    if (performance.now() > end) throw new Error(`Not within ${deadlineMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, lookAgainMs));
  }
}
