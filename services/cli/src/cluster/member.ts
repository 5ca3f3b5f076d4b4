/** One process of a local cluster: started, killed, frozen; its output goes to a log of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';

/** The young generation stays small: it makes a node about a quarter smaller, and costs no processor that could be measured (`npm run bench -- --only idle`). */
const processFlags = ['--max-semi-space-size=4'];

export type MemberState = 'running' | 'paused' | 'stopped' | 'killed' | 'ended';

export interface MemberProgram {
  readonly name: string;
  readonly script: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly log: string;
}

export class Member {
  readonly program: MemberProgram;
  #child: ChildProcess | null = null;
  #state: MemberState = 'ended';
  #exit = '';
  readonly #onEnd: (member: Member) => void;

  /** `onEnd` is called when the process ends that nobody here ended. */
  constructor(program: MemberProgram, onEnd: (member: Member) => void) {
    this.program = program;
    this.#onEnd = onEnd;
  }

  get name(): string {
    return this.program.name;
  }

  get state(): MemberState {
    return this.#state;
  }

  /** How it ended, when it did by itself. */
  get exit(): string {
    return this.#exit;
  }

  start(): void {
    if (this.#child !== null) return;
    mkdirSync(dirname(this.program.log), { recursive: true });
    const log = openSync(this.program.log, 'a');
    // Only what is ours and what a process needs: a variable of the caller must not change one node.
    const environment = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', NODE_ENV: 'production', ...this.program.environment };
    const child = spawn(process.execPath, [...processFlags, this.program.script], { env: environment, stdio: ['ignore', log, log] });
    closeSync(log);
    this.#child = child;
    this.#state = 'running';
    child.once('exit', (code, signal) => {
      this.#child = null;
      this.#exit = signal ?? `exit code ${code ?? 'unknown'}`;
      if (this.#state !== 'running' && this.#state !== 'paused') return;
      this.#state = 'ended';
      this.#onEnd(this);
    });
  }

  kill(): void {
    this.#state = 'killed';
    this.#child?.kill('SIGKILL');
  }

  pause(): void {
    this.#child?.kill('SIGSTOP');
    this.#state = 'paused';
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
    this.#state = 'running';
  }

  /** Lets it say farewell; kills it when it takes longer than that. */
  async stop(deadlineMs: number): Promise<void> {
    const child = this.#child;
    this.#state = 'stopped';
    if (child === null) return;
    child.kill('SIGCONT');
    child.kill('SIGTERM');
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => child.kill('SIGKILL'), deadlineMs);
      child.once('exit', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
