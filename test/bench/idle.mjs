/** What a node of a small cluster takes while nothing happens: the processes that `npm start` starts. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../services/cli/setup.mjs';

const nodes = 10;
const settleMs = 20_000;
const lookMs = 20_000;
/** Of `utime` and `stime` in /proc/[pid]/stat (proc(5)): USER_HZ, which is 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

export async function measure() {
  const folder = mkdtempSync(join(tmpdir(), 'starling-bench-'));
  const cluster = spawn(process.execPath, [join(root, 'services/cli/bin/starling.mjs'), 'cluster', '--nodes', String(nodes), '--ratio', '0.3', '--port', '18998'], {
    env: { ...process.env, STARLING_TEST_FOLDER: folder },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  try {
    await new Promise((resolve) => setTimeout(resolve, settleMs));
    const before = nodeProcesses(cluster.pid);
    if (before.length !== nodes) throw new Error(`${before.length} of ${nodes} nodes run`);
    await new Promise((resolve) => setTimeout(resolve, lookMs));
    const after = nodeProcesses(cluster.pid);
    const cpuS = after.reduce((sum, { cpuTicks }, i) => sum + (cpuTicks - before[i].cpuTicks), 0) / ticksPerSecond / nodes;
    const resident = after.map(({ residentBytes }) => residentBytes / 1e6).sort((a, b) => a - b);
    return [
      { name: 'memory of a node of ten', value: resident.at(-1), unit: 'MB', atMost: 110, from: `resident, the largest; the smallest has ${resident[0].toFixed(0)} MB` },
      { name: 'processor of a node of ten', value: (100 * cpuS * 1_000) / lookMs, unit: '% of a core', atMost: 3, from: `mean over ${lookMs / 1_000} s` },
    ];
  } finally {
    cluster.kill('SIGTERM');
    await new Promise((resolve) => cluster.once('exit', resolve));
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The children of this process that are nodes, in the order of their process ids. */
function nodeProcesses(parent) {
  const found = [];
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const fields = readFileSync(`/proc/${entry}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
      if (Number(fields[1]) !== parent || !readFileSync(`/proc/${entry}/cmdline`, 'utf8').includes('services/node/')) continue;
      const residentKib = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${entry}/status`, 'utf8'))?.[1]);
      found.push({ pid: Number(entry), cpuTicks: Number(fields[11]) + Number(fields[12]), residentBytes: residentKib * 1_024 });
    } catch {
      // It ended while we looked.
    }
  }
  return found.sort((a, b) => a.pid - b.pid);
}
