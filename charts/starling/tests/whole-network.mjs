/** Run by the pod of `helm test`: waits until the page is served and the designated node sees EXPECTED nodes alive. Exits with 1 after two minutes. */
const deadlineMs = Date.now() + 120_000;
const { URL: origin, EXPECTED: expected } = process.env;

async function look() {
  const page = await fetch(`${origin}/`, { signal: AbortSignal.timeout(5_000) });
  if (!page.ok) return `the page answers ${page.status}`;
  const answer = await fetch(`${origin}/v1/nodes`, { signal: AbortSignal.timeout(5_000) });
  if (!answer.ok) return `the designated node answers ${answer.status}: ${await answer.text()}`;
  const { counts } = await answer.json();
  return counts.alive >= Number(expected) ? null : `${counts.alive} of ${expected} nodes are alive`;
}

for (let problem = 'not asked yet'; problem !== null; ) {
  problem = await look().catch((error) => `${origin} cannot be reached: ${error.cause?.message ?? error.message}`);
  if (problem === null) break;
  if (Date.now() > deadlineMs) {
    process.stderr.write(`${problem}\n`);
    process.exit(1);
  }
  await new Promise((wake) => setTimeout(wake, 1_000));
}
process.stdout.write(`the visualizer shows ${expected} nodes or more\n`);
