/** Waiting for a cluster: conditions that hold sooner or later, with a deadline and what was still missing at its end. */

/** Each look starts programs, so there is a pause between them. */
const pauseMs = 400;

/**
 * Resolves with how long it took, in milliseconds, once `missing` gives null; it gives what is missing as long as something is. A look that
 * rejects counts as missing: pods come and go while they are asked.
 */
export async function until(what: string, missing: () => Promise<string | null>, deadlineMs = 60_000): Promise<number> {
  const start = performance.now();
  for (;;) {
    const lack = await missing().catch((fault: unknown) => (fault as Error).message);
    const tookMs = performance.now() - start;
    if (lack === null) return tookMs;
    if (tookMs > deadlineMs) throw new Error(`Not within ${deadlineMs / 1_000} s: ${what}. Last seen: ${lack}`);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
