/** Questions to a gateway, and what to say when it does not answer. */
import { type Problem, shapeOf, schemas } from '@starling/contract';
import { printable } from '@starling/program';
import { askControl } from './cluster/control.js';
import { placesIn } from './cluster/places.js';
import { CommandError, UsageError } from './usage.js';

const deadlineMs = 10_000;

/** The gateway that was named, or that of the cluster that runs from this folder. */
export async function gatewayUrl(given: string | undefined): Promise<string> {
  if (given !== undefined) return checkedUrl(given);
  const answer = await askControl(placesIn().control, { command: 'where', node: null });
  if (!answer.ok) throw new CommandError(answer.text);
  return answer.url;
}

function checkedUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isWhole = url !== null && /^https?:$/.test(url.protocol) && url.host !== '' && url.username + url.password + url.search + url.hash === '';
  if (!isWhole) throw new UsageError(`--url takes the address of a gateway, such as http://127.0.0.1:8080, not "${text}".`);
  return `${url.origin}${url.pathname.replace(/\/$/, '')}`;
}

/**
 * `schema` is what the contract says of this path; fields that it does not name may be there too.
 * @throws CommandError with what the gateway said, why it does not answer, or that it is no gateway
 */
export async function fetchFrom<T>(url: string, path: string, schema: Parameters<typeof shapeOf>[0]): Promise<T> {
  const { ok, status, text } = await ask(url, path);
  const answer = parsed(text);
  if (ok && shapeOf(schema)(answer)) return answer as T;
  if (!ok && shapeOf(schemas.problem)(answer)) throw new CommandError(`${url}${path}: ${printable((answer as Problem).detail)}`);
  throw new CommandError(`${url}${path} answers with status ${status} and not as a gateway of Starling does. Is --url that of another server?`);
}

async function ask(url: string, path: string): Promise<{ readonly ok: boolean; readonly status: number; readonly text: string }> {
  try {
    const answer = await fetch(`${url}${path}`, { signal: AbortSignal.timeout(deadlineMs) });
    return { ok: answer.ok, status: answer.status, text: await answer.text() };
  } catch (error) {
    throw new CommandError(`${url} does not answer: ${printable(reasonOf(error as Error))}. Is the gateway running?`);
  }
}

/** `fetch` itself only says that it failed; why stands in the cause. */
function reasonOf(error: Error): string {
  if (error.name === 'TimeoutError') return `nothing came within ${deadlineMs / 1_000} s`;
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  const words = cause instanceof AggregateError ? cause.errors.map((one: Error) => one.message).join(', ') : cause.message;
  const code = 'code' in cause ? String(cause.code) : '';
  return words.includes(code) ? words : `${words} (${code})`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
