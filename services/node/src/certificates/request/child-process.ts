/**
 * The Kubernetes client takes 70 MiB that a process never gives back, so it runs in a child that ends with its answer. Only the signing request
 * goes to the child: the key stays here.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Ask, Outcome } from './submission.js';

const maxAnswerBytes = 131_072;
const maxComplaintCharacters = 2_000;
/** What the child may take beyond the time that it gives itself. */
const graceMs = 15_000;

export interface ChildOptions {
  /** The program; in tests another one. */
  readonly entry?: URL;
  readonly signal?: AbortSignal;
}

/** Never rejects. The child is gone when it resolves. */
export async function submitInChild(ask: Ask, options: ChildOptions = {}): Promise<Outcome> {
  const entry = fileURLToPath(options.entry ?? new URL('./request-child.js', import.meta.url));
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--max-old-space-size=192', entry], { stdio: ['pipe', 'pipe', 'pipe'] });
    const answer: Buffer[] = [];
    let answerBytes = 0;
    let complaint = '';
    const stop = () => child.kill('SIGKILL');
    const timer = setTimeout(stop, ask.timeoutMs + graceMs);
    options.signal?.addEventListener('abort', stop, { once: true });
    child.stdout.on('data', (bytes: Buffer) => {
      answerBytes += bytes.length;
      if (answerBytes > maxAnswerBytes) stop();
      else answer.push(bytes);
    });
    child.stderr.on('data', (bytes: Buffer) => {
      complaint = (complaint + bytes.toString()).slice(-maxComplaintCharacters);
    });
    const end = (how: string) => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', stop);
      const outcome = answerBytes > maxAnswerBytes ? null : parseOutcome(Buffer.concat(answer).toString());
      resolve(outcome ?? { outcome: 'refused', reason: 'broken-child', detail: [how, complaint.trim()].filter((text) => text !== '').join(': ') });
    };
    child.on('error', (error) => end(`the child process could not be started: ${error.message}`));
    child.on('close', (code, signal) => end(`the child process ended with ${signal ?? `code ${code}`} and no answer`));
    // A child that ends early closes its input; why it did so is told by its end.
    child.stdin.on('error', () => undefined);
    child.stdin.end(JSON.stringify(ask));
    if (options.signal?.aborted === true) stop();
  });
}

/** Null for what is no outcome. */
function parseOutcome(text: string): Outcome | null {
  try {
    const outcome = JSON.parse(text) as Partial<Record<string, unknown>>;
    if (outcome['outcome'] === 'issued' && typeof outcome['chainPem'] === 'string') return outcome as Outcome;
    if (outcome['outcome'] === 'refused' && typeof outcome['reason'] === 'string' && typeof outcome['detail'] === 'string') return outcome as Outcome;
    return null;
  } catch {
    return null;
  }
}
