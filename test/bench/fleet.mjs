/** A network in two processes, each beside the other on one machine. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { issueIdentities } from './bench-node.mjs';

const settleMs = 30_000;
const processes = 2;

/**
 * Runs `nodes` nodes, half of them in each of two processes, until they all know each other and have settled, then for `seconds` more.
 * Each says a sample and `reports` reports of `reportBytes` bytes every `intervalMs`, in one bundle.
 * Returns what the processes counted in that time of the bundles of others that they merged, added up; `samplesMs` are latencies, sorted.
 */
export async function runFleet({ nodes = 16, seconds, intervalMs, reports, reportBytes, verifies = true }) {
  const identities = await issueIdentities(nodes);
  const share = nodes / processes;
  const workers = [];
  const seeds = [];
  for (let i = 0; i < processes; i++) {
    const worker = fork(new URL('fleet-worker.mjs', import.meta.url), { execArgv: ['--expose-gc'] });
    workers.push(worker);
    worker.send({ identities: identities.slice(i * share, (i + 1) * share), nodes, seeds: [...seeds], intervalMs, reports, reportBytes, verifies });
    const [{ addresses }] = await once(worker, 'message');
    seeds.push(...addresses);
  }
  try {
    await Promise.all(workers.map((worker) => ask(worker, 'complete')));
    // Connections that are one too many go in the first seconds, and trees find their shape.
    await new Promise((resolve) => setTimeout(resolve, settleMs));
    await Promise.all(workers.map((worker) => ask(worker, 'begin')));
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
    const counts = await Promise.all(workers.map((worker) => ask(worker, 'count')));
    const sum = (field) => counts.reduce((total, count) => total + count[field], 0);
    return {
      bundles: sum('bundles'),
      records: sum('records'),
      cpuMs: sum('cpuMs'),
      wireBytes: sum('wireBytes'),
      signedBytes: sum('signedBytes'),
      samplesMs: counts.flatMap(({ samplesMs }) => samplesMs).sort((a, b) => a - b),
      residentBytes: counts.map(({ residentBytes }) => residentBytes),
    };
  } finally {
    for (const worker of workers) worker.kill('SIGKILL');
  }
}

async function ask(worker, question) {
  worker.send({ question });
  const [answer] = await once(worker, 'message');
  return answer;
}

export function quantile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}
