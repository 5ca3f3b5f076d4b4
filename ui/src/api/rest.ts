/** Questions to the gateway: one at a time, each with an answer or a reason in words. */
import { paths, type GatewayStatus, type Problem, type RecordAnswer, type TrustAnswer } from '@starling/contract';

/** How long an answer is waited for, milliseconds. */
const deadlineMs = 8_000;

/** Carries a sentence for a person: what is wrong and, where the gateway said so, what to do. */
export class ApiFault extends Error {
  override readonly name = 'ApiFault';
}

/** `path` with the target to look from, if another than the designated one, and further fields. */
export function addressOf(path: string, from: string | null, fields: Readonly<Record<string, string>> = {}): string {
  const query = new URLSearchParams(from === null ? fields : { from, ...fields }).toString();
  return query === '' ? path : `${path}?${query}`;
}

/** @throws ApiFault */
async function get<T>(address: string): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(address, { headers: { accept: 'application/json' }, signal: AbortSignal.timeout(deadlineMs) });
  } catch (cause) {
    throw new ApiFault('The gateway of this page does not answer.', { cause });
  }
  if (!answer.ok) throw new ApiFault(await reasonOf(answer));
  try {
    return (await answer.json()) as T;
  } catch (cause) {
    throw new ApiFault('The gateway answered with something that is not JSON.', { cause });
  }
}

async function reasonOf(answer: Response): Promise<string> {
  const problem = (await answer.json().catch(() => null)) as Partial<Problem> | null;
  return problem?.detail ?? problem?.title ?? `The gateway answered with status ${answer.status}.`;
}

export const fetchGateway = () => get<GatewayStatus>(paths.gateway);
export const fetchTrust = () => get<TrustAnswer>(paths.trust);
export const fetchRecord = (id: string, from: string | null) => get<RecordAnswer>(addressOf(paths.record(id), from));
