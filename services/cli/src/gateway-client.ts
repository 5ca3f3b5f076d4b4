/** Questions to a gateway, and what to say when it does not answer. */
import type { Problem } from '@starling/contract';
import { printable } from '@starling/program';
import { askControl } from './cluster/control.js';
import { placesIn } from './cluster/places.js';
import { CommandError } from './usage.js';

const deadlineMs = 10_000;

/** The gateway that was named, or that of the cluster that runs from this folder. */
export async function gatewayUrl(given: string | undefined): Promise<string> {
  if (given !== undefined) return given.replace(/\/$/, '');
  const answer = await askControl(placesIn().control, { command: 'where', node: null });
  if (!answer.ok) throw new CommandError(answer.text);
  return answer.url;
}

/** @throws CommandError with what the gateway said, or that it does not answer. */
export async function fetchFrom<T>(url: string, path: string): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(`${url}${path}`, { signal: AbortSignal.timeout(deadlineMs) });
  } catch (error) {
    throw new CommandError(`${url} does not answer (${(error as Error).message}). Is the gateway running?`);
  }
  if (answer.ok) return (await answer.json()) as T;
  const problem = (await answer.json().catch(() => null)) as Partial<Problem> | null;
  throw new CommandError(`${url}${path}: ${printable(String(problem?.detail ?? `status ${answer.status}`))}`);
}
