/** Waiting for a condition, with a deadline and a message. */
const lookAgainMs = 10;

type Awaitable<T> = T | Promise<T>;

/** Resolves with the first value of `look` that is neither null, undefined nor false; rejects with `what` after the deadline. */
export async function eventually<T>(what: string, look: () => Awaitable<T | null | undefined | false>, deadlineMs = 10_000): Promise<T> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const value = await look();
    if (value !== null && value !== undefined && value !== false) return value;
    if (performance.now() > end) throw new Error(`Not within ${deadlineMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, lookAgainMs));
  }
}
