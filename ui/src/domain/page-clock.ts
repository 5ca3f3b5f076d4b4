/** Milliseconds since 1970 by a clock that never jumps: what the page measures its own waits and ages with. */
export function pageTimeMs(): number {
  return performance.timeOrigin + performance.now();
}
