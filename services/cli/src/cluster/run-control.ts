/** The commands that act on the cluster that runs from this folder. */
import { CommandError, UsageError } from '../usage.js';
import { askControl, type ControlAnswer, type ControlRequest } from './control.js';
import type { LocalCluster } from './local-cluster.js';
import type { Member } from './member.js';
import { placesIn } from './places.js';

export const controlCommands = ['add', 'kill', 'stop', 'start', 'pause', 'resume'] as const;
type ControlCommand = (typeof controlCommands)[number];

const stopDeadlineMs = 5_000;

/** Not read from the node: another command may already have changed it. */
const outcomes: Readonly<Record<ControlCommand, Member['state']>> = { add: 'running', kill: 'killed', stop: 'stopped', start: 'running', pause: 'paused', resume: 'running' };

export async function runControl(command: string, args: readonly string[]): Promise<number> {
  const [node = null, ...rest] = args;
  if (rest.length > 0) throw new UsageError(`${command} takes ${command === 'add' ? 'no' : 'one'} argument.`);
  if (command !== 'add' && node === null) throw new UsageError(`${command} needs the name of a node, such as node-3.`);
  if (command === 'add' && node !== null) throw new UsageError('add takes no argument.');
  const answer = await askControl(placesIn().control, { command, node });
  if (!answer.ok) throw new CommandError(answer.text);
  process.stdout.write(`${answer.text}\n`);
  return 0;
}

/** Carries out a request inside the process that holds the cluster. */
export async function carryOut(cluster: LocalCluster, request: ControlRequest): Promise<ControlAnswer> {
  const { url } = cluster;
  if (request.command === 'where') return { ok: true, text: url, url };
  if (request.command === 'add') return { ok: true, text: `${await cluster.add()} starts. The page can look from it in a moment.`, url };
  const command = controlCommands.find((known) => known === request.command);
  if (command === undefined) return { ok: false, text: `"${request.command}" is no command of a running cluster.` };
  const member = cluster.nodes().find(({ name }) => name === request.node);
  if (member === undefined) return { ok: false, text: `There is no node "${request.node ?? ''}" here. There are: ${cluster.nodes().map(({ name }) => name).join(', ')}.` };
  return act(command, member, url);
}

async function act(command: ControlCommand, member: Member, url: string): Promise<ControlAnswer> {
  const allowed: Readonly<Record<ControlCommand, readonly Member['state'][]>> = {
    add: [],
    kill: ['running', 'paused'],
    stop: ['running', 'paused'],
    start: ['killed', 'stopped', 'ended'],
    pause: ['running'],
    resume: ['paused'],
  };
  if (!allowed[command].includes(member.state)) return { ok: false, text: `${member.name} is ${member.state}: nothing to ${command}.` };
  switch (command) {
    case 'add':
      break;
    case 'kill':
      member.kill();
      break;
    case 'stop':
      await member.stop(stopDeadlineMs);
      break;
    case 'start':
      await member.start();
      break;
    case 'pause':
      member.pause();
      break;
    case 'resume':
      member.resume();
      break;
  }
  return { ok: true, text: `${member.name} is ${outcomes[command]}.`, url };
}
