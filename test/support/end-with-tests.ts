/** Processes that must not outlive the tests, however those end. */
const endings = new Set<() => void>();
process.once('exit', () => endings.forEach((end) => end()));

/** `end` is called when this process ends, unless that is called off by what is returned. */
export function endWithTests(end: () => void): () => void {
  endings.add(end);
  return () => void endings.delete(end);
}
