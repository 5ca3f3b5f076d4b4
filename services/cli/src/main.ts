/** `starling`: one command, one exit code. 0 done, 1 it could not be done, 2 the command line is wrong. */
import { runCluster } from './cluster/run-cluster.js';
import { controlCommands, runControl } from './cluster/run-control.js';
import { runStatus } from './status.js';
import { CommandError, UsageError, usage } from './usage.js';
import { runVerify } from './verify.js';

export async function main(args: readonly string[]): Promise<number> {
  const [command = 'help', ...rest] = args;
  try {
    return await run(command, rest);
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`${error.message}\n\n${usage}\n`);
      return 2;
    }
    if (error instanceof CommandError) {
      process.stderr.write(`${error.message}\n`);
      return 1;
    }
    throw error;
  }
}

async function run(command: string, args: readonly string[]): Promise<number> {
  if (command === 'cluster') return runCluster(args);
  if (command === 'status') return runStatus(args);
  if (command === 'verify') return runVerify(args);
  if (controlCommands.some((known) => known === command)) return runControl(command, args);
  if (command === 'help' || command === '--help' || command === '-h') {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  throw new UsageError(`"${command}" is no command.`);
}
