/** One process of a local cluster: started, killed, frozen; its output goes to a log of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { CommandError } from '../usage.js';

/** The young generation stays small: it makes a node about a quarter smaller, and costs no processor that could be measured (`npm run bench -- --only idle`). */
const processFlags = ['--max-semi-space-size=4'];

export type MemberState = 'running' | 'paused' | 'stopped' | 'killed' | 'ended';

export interface MemberProgram {
  readonly name: string;
  readonly script: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly log: string;
}

/** A process from its start until the system has let go of it. */
interface Run {
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
}

export class Member {
  readonly program: MemberProgram;
  #run: Run | null = null;
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

  /** One that was stopped or killed is waited for first: its ports and its directory are its own until it has ended. @throws CommandError when the system starts no process */
  async start(): Promise<void> {
    if (this.#state === 'stopped' || this.#state === 'killed') await this.#run?.ended;
    if (this.#run !== null) return;
    const child = this.#spawn();
    const started = new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.on('error', (fault) => reject(new CommandError(`${this.name} cannot be started: ${fault.message}`)));
    });
    // `error` comes in place of `exit` only where there never was a process.
    const ended = new Promise<void>((resolve) => {
      child.once('exit', resolve);
      started.catch(() => resolve());
    });
    this.#run = { child, ended };
    this.#state = 'running';
    child.once('exit', (code, signal) => this.#onExit(signal ?? `exit code ${code ?? 'unknown'}`));
    try {
      await started;
    } catch (fault) {
      this.#run = null;
      this.#state = 'ended';
      throw fault;
    }
  }

  kill(): void {
    this.#state = 'killed';
    this.#run?.child.kill('SIGKILL');
  }

  pause(): void {
    this.#run?.child.kill('SIGSTOP');
    this.#state = 'paused';
  }

  resume(): void {
    this.#run?.child.kill('SIGCONT');
    this.#state = 'running';
  }

  /** Lets it say farewell; kills it when it takes longer than that. */
  async stop(deadlineMs: number): Promise<void> {
    const run = this.#run;
    this.#state = 'stopped';
    if (run === null) return;
    run.child.kill('SIGCONT');
    run.child.kill('SIGTERM');
    const timer = setTimeout(() => run.child.kill('SIGKILL'), deadlineMs);
    await run.ended;
    clearTimeout(timer);
  }

  #spawn(): ChildProcess {
    mkdirSync(dirname(this.program.log), { recursive: true });
    const log = openSync(this.program.log, 'a');
    try {
      // Only what is ours and what a process needs: a variable of the caller must not change one node.
      const environment = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', NODE_ENV: 'production', ...this.program.environment };
      // In a group of its own: Ctrl+C in a terminal reaches a whole group, and a node that hears it twice says no farewell.
      return spawn(process.execPath, [...processFlags, this.program.script], { env: environment, stdio: ['ignore', log, log], detached: true });
    } finally {
      closeSync(log);
    }
  }

  #onExit(exit: string): void {
    this.#run = null;
    this.#exit = exit;
    if (this.#state !== 'running' && this.#state !== 'paused') return;
    this.#state = 'ended';
    this.#onEnd(this);
  }
}
