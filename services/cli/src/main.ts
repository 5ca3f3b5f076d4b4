/** `starling`: one command, one exit code. */
import { runCluster } from './cluster/run-cluster.js';
import { controlCommands, runControl } from './cluster/run-control.js';
import { runStatus } from './status.js';
import { CommandError, exitCodes, UsageError, usage } from './usage.js';
import { runVerify } from './verify.js';

export async function main(args: readonly string[]): Promise<number> {
  const [command = 'help', ...rest] = args;
  try {
    return await run(command, rest);
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`${error.message}\n\n${usage}\n`);
      return exitCodes.usage;
    }
    if (error instanceof CommandError) {
      process.stderr.write(`${error.message}\n`);
      return exitCodes.impossible;
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
    return exitCodes.done;
  }
  throw new UsageError(`"${command}" is no command.`);
}
