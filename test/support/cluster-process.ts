/** A local cluster as a person starts it: the command in a process of its own, its things in a temporary folder. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Nodes } from '@starling/contract';
import { freeTcpPorts } from '../../services/cli/src/cluster/free-ports.js';
import { placesIn } from '../../services/cli/src/cluster/places.js';
import { endWithTests } from './end-with-tests.js';
import { eventually } from './eventually.js';

const program = join(import.meta.dirname, '..', '..', 'services', 'cli', 'bin', 'starling.mjs');
const startDeadlineMs = 90_000;

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ClusterProcess {
  /** Of the visualizer. */
  readonly url: string;
  readonly folder: string;
  /** What it has said so far. */
  readonly said: () => string;
  /** `starling <args>`, as in a second terminal. */
  readonly command: (...args: string[]) => Promise<CommandResult>;
  /** As the gateway's designated node sees it; null while it does not answer. */
  readonly nodes: () => Promise<Nodes | null>;
  /** Ctrl+C; returns the exit code, and removes the folder. */
  readonly stop: () => Promise<number | null>;
}

/** Resolves when every node is alive in the eyes of the first, and their views agree. */
export async function startCluster(options: { readonly nodes: number; readonly ratio: number }): Promise<ClusterProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'starling-cluster-'));
  const environment = { ...process.env, STARLING_TEST_FOLDER: folder };
  const [port = 0] = await freeTcpPorts(1);
  const child = spawn(process.execPath, [program, 'cluster', '--nodes', String(options.nodes), '--ratio', String(options.ratio), '--port', String(port)], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  const callOff = endWithTests(() => child.kill('SIGTERM'));
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const url = `http://127.0.0.1:${port}`;
  const cluster: ClusterProcess = {
    url,
    folder,
    said: () => said,
    command: (...args) => finished(spawn(process.execPath, [program, ...args], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })),
    nodes: async () => {
      const answer = await fetch(`${url}/v1/nodes`).catch(() => null);
      return answer?.ok === true ? ((await answer.json()) as Nodes) : null;
    },
    stop: async () => {
      callOff();
      const { code } = await finished(child, () => child.kill('SIGINT'));
      rmSync(folder, { recursive: true, force: true });
      return code;
    },
  };
  try {
    await eventually(
      `${options.nodes} nodes are alive and agree`,
      async () => {
        if (child.exitCode !== null) throw new Error(`The cluster ended: ${said}`);
        const seen = await cluster.nodes();
        return seen !== null && seen.counts.alive === options.nodes && seen.agreement.agreeing === options.nodes;
      },
      startDeadlineMs,
    );
  } catch (fault) {
    let logs = '';
    try {
      logs = lastWords(folder);
    } finally {
      await cluster.stop();
    }
    throw new Error(`${(fault as Error).message}\n${said}\n${logs}`, { cause: fault });
  }
  return cluster;
}

/** The end of every log; nothing of a cluster that ended before it had any. */
function lastWords(folder: string): string {
  const logs = dirname(placesIn(folder).logOf('any'));
  if (!existsSync(logs)) return '';
  return readdirSync(logs).map((name) => `${name}: ${readFileSync(join(logs, name), 'utf8').split('\n').slice(-4).join('\n')}`).join('\n');
}

function finished(child: ChildProcess, begin: () => void = () => undefined): Promise<CommandResult> {
  return new Promise((resolve) => {
    let [stdout, stderr] = ['', ''];
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    if (child.exitCode !== null || child.signalCode !== null) return resolve({ code: child.exitCode, stdout, stderr });
    child.once('close', (code) => resolve({ code, stdout, stderr }));
    begin();
  });
}
