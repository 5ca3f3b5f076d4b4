/** What a delivery costs the core itself: many simulated nodes in one thread, beside a fetch from the memory of this machine. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const simulator = fileURLToPath(new URL('../simulator/run.mjs', import.meta.url));

export async function measure() {
  const fetchNs = nanosecondsOfFetch(256 * 2 ** 20);
  const few = simulate(16, 1_500);
  const many = simulate(300, 15);
  const us = ({ took }) => took.microsecondsPerDelivery;
  const cost = (report) => `${us(report).toFixed(1)} us with ${report.nodes} nodes`;
  return [
    { name: 'delivery in a simulated network of 16 nodes', value: us(few), unit: 'us', atMost: 5, from: `signatures are checksums there; a fetch from memory takes ${fetchNs.toFixed(0)} ns here` },
    { name: 'delivery with 300 nodes against one with 16', value: us(many) / us(few), unit: 'x', atMost: 2, from: `${cost(many)}, ${cost(few)}; ${(us(many) * 1_000 / fetchNs).toFixed(0)} fetches from memory` },
  ];
}

function simulate(nodes, seconds) {
  const folder = mkdtempSync(join(tmpdir(), 'starling-bench-'));
  try {
    const file = join(folder, 'report.json');
    const run = spawnSync(process.execPath, [simulator, '--plan', 'steady', '--seed', '1', '--nodes', `${nodes}`, '--seconds', `${seconds}`, '--json', file], { stdio: ['ignore', 'ignore', 'inherit'] });
    if (run.status !== 0) throw new Error(`the simulated network of ${nodes} nodes failed: npm run sim -- --plan steady --seed 1 --nodes ${nodes} --seconds ${seconds}`);
    return JSON.parse(readFileSync(file, 'utf8'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Each fetch names the next one, all over so many bytes: none can begin before the last has ended. */
function nanosecondsOfFetch(bytes) {
  const line = 16;
  const lines = bytes / 4 / line;
  const next = new Int32Array(lines * line);
  // A full cycle through a power of two (Hull and Dobell 1962).
  for (let i = 0, at = 0; i < lines; i++, at = (at * 5 + 12_345) % lines) next[at * line] = ((at * 5 + 12_345) % lines) * line;
  const fetches = 2_000_000;
  const startedAt = process.hrtime.bigint();
  let at = 0;
  for (let i = 0; i < fetches; i++) at = next[at];
  return Number(process.hrtime.bigint() - startedAt) / fetches + Math.min(0, at);
}
