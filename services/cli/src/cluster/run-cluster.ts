/** `starling cluster`: holds a local cluster until Ctrl+C, says how it is meanwhile, and leaves nothing behind. */
import { parseArgs } from 'node:util';
import type { Nodes } from '@starling/contract';
import { printable, readSampleInterval } from '@starling/program';
import { CommandError, exitCodes, UsageError } from '../usage.js';
import { isServed, serveControl } from './control.js';
import { type ClusterOptions, LocalCluster } from './local-cluster.js';
import type { Member } from './member.js';
import { placesIn } from './places.js';
import { carryOut } from './run-control.js';

/** At the start. */
export const maxNodes = 100;
const lookAgainMs = 1_000;
/** A view with everybody in it should be there by then, milliseconds. */
const slowStartMs = 60_000;
/** Signals within this time are one, milliseconds. */
const repeatMs = 1_000;

/** Signals that end it, as a shell counts them. */
const endings = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

export async function runCluster(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  const places = placesIn();
  if (await isServed(places.control)) throw new CommandError('A cluster already runs from this folder. Stop it with Ctrl+C in its terminal first.');
  const cluster = await LocalCluster.open(options, places, (member) => say(`${member.name} ended by itself (${member.exit}); see ${places.logOf(member.name)}`));
  const stopping = new AbortController();
  endWith(cluster, stopping);
  let closeControl = async () => {};
  try {
    await cluster.start();
    closeControl = await serveControl(places.control, (request) => carryOut(cluster, request));
    say(`Starting ${options.nodes} nodes, each connected to ${Math.round(options.ratio * 100)} % of the others. Logs: ${places.state}/logs`);
    await watch(cluster, stopping.signal, say);
    say('Stopping ...');
  } finally {
    await closeControl();
    await cluster.stop();
  }
  say('Stopped.');
  return exitCodes.done;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** However this process ends, short of SIGKILL, no other stays: in order at the first signal and when nobody reads what it says, at once at the second. */
function endWith(cluster: LocalCluster, stopping: AbortController): void {
  process.on('exit', () => cluster.kill());
  let firstAtMs = Number.POSITIVE_INFINITY;
  for (const [signal, code] of Object.entries(endings)) {
    process.on(signal, () => {
      const nowMs = performance.now();
      // npm passes on what the terminal has sent already: that is no second one.
      if (nowMs - firstAtMs > repeatMs) process.exit(code);
      firstAtMs = Math.min(firstAtMs, nowMs);
      stopping.abort();
    });
  }
  for (const output of [process.stdout, process.stderr]) output.on('error', () => stopping.abort());
}

function readOptions(args: readonly string[]): ClusterOptions {
  const { values } = parseOrExplain(args);
  const whole = (name: 'nodes' | 'port' | 'seed', fallback: number, least: number, most: number) => {
    const value = values[name] === undefined ? fallback : Number(values[name]);
    if (!Number.isInteger(value) || value < least || value > most) throw new UsageError(`--${name} takes a whole number from ${least} to ${most}, not "${values[name] ?? ''}".`);
    return value;
  };
  const ratio = values.ratio === undefined ? 0.3 : Number(values.ratio);
  if (!(ratio > 0 && ratio <= 1)) throw new UsageError(`--ratio takes a number above 0 and at most 1, not "${values.ratio ?? ''}".`);
  const sampleInterval = values['sample-interval'] ?? '1s';
  const reading = readSampleInterval(sampleInterval);
  if (!reading.ok) throw new UsageError(`--sample-interval: ${reading.fault}.`);
  return { nodes: whole('nodes', 10, 1, maxNodes), ratio, port: whole('port', 8080, 1, 65_535), seed: whole('seed', 1, 0, 2 ** 31), sampleInterval };
}

function parseOrExplain(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: { nodes: { type: 'string' }, ratio: { type: 'string' }, port: { type: 'string' }, seed: { type: 'string' }, 'sample-interval': { type: 'string' } },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** Says how the cluster is whenever that changes, until the signal. */
async function watch(cluster: LocalCluster, signal: AbortSignal, say: (text: string) => void): Promise<void> {
  const startedAtMs = performance.now();
  let last = '';
  let complete = false;
  let warned = false;
  while (!signal.aborted) {
    const line = await statusLine(cluster);
    if (line !== null && line !== last) say(line);
    last = line ?? last;
    if (!complete && line?.startsWith(`${cluster.options.nodes} of ${cluster.options.nodes} `) === true) {
      complete = true;
      say(`\nOpen ${cluster.url}\nIn a second terminal: npx starling kill node-7 | pause node-4 | resume node-4 | add | status\nCtrl+C stops everything.\n`);
    }
    if (!complete && !warned && performance.now() - startedAtMs > slowStartMs) {
      warned = true;
      say(`Not everybody is there after a minute. Running: ${running(cluster).length} of ${cluster.options.nodes}. See the logs of the others.`);
    }
    await pause(lookAgainMs, signal);
  }
}

function running(cluster: LocalCluster): Member[] {
  return cluster.nodes().filter(({ state }) => state === 'running');
}

/** Null while the gateway or its node does not answer. */
async function statusLine(cluster: LocalCluster): Promise<string | null> {
  try {
    const answer = await fetch(`${cluster.url}/v1/nodes`, { signal: AbortSignal.timeout(2_000) });
    if (!answer.ok) return null;
    const { counts, agreement, asOf } = (await answer.json()) as Nodes;
    const others = (['suspect', 'failed', 'left'] as const).filter((state) => counts[state] > 0).map((state) => `, ${counts[state]} ${state}`);
    return `${counts.alive} of ${cluster.nodes().length} nodes alive as seen by ${printable(asOf.name)}${others.join('')}; ${agreement.agreeing} of ${agreement.total} views agree`;
  } catch {
    return null;
  }
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener('abort', done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
