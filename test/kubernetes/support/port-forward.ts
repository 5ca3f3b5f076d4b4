/** `kubectl port-forward`, as a person has it in a second terminal. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface Forward {
  /** Without a slash at the end. */
  readonly origin: string;
  close(): void;
}

/** How long until it listens, milliseconds. */
const deadlineMs = 20_000;

/** To a free local port. Rejects when kubectl ends before it listens. */
export function portForward(namespace: string, target: string, port: number): Promise<Forward> {
  const child = spawn('kubectl', ['--namespace', namespace, 'port-forward', target, `:${port}`], { stdio: ['ignore', 'pipe', 'pipe'] });
  return new Promise((resolve, reject) => {
    let complaint = '';
    const timer = setTimeout(() => child.kill(), deadlineMs);
    child.stderr.on('data', (bytes: Buffer) => (complaint += bytes.toString()));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const local = /^Forwarding from 127\.0\.0\.1:(\d+) /.exec(line)?.[1];
      if (local === undefined) return;
      clearTimeout(timer);
      resolve({ origin: `http://127.0.0.1:${local}`, close: () => void child.kill() });
    });
    child.on('close', () => reject(new Error(`port-forward to ${target} ended: ${complaint.trim()}`)));
  });
}
