/**
 * Asks the Kubernetes API from inside a pod, with the token of its service account and nothing but Node's own https: the
 * client library takes 70 MiB for as long as it is loaded, and a watch is long.
 */
import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { join } from 'node:path';
import { fieldOf } from './json.js';

export interface ApiServer {
  readonly host: string;
  readonly port: number;
  /** Of `token` and `ca.crt`, which the kubelet exchanges while the pod runs: read for each request. */
  readonly accountFolder: string;
}

export interface ApiQuestion {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** How long nothing may come before the answer begins, and while it goes on, milliseconds. */
  readonly answerMs: number;
  readonly idleMs: number;
  readonly signal: AbortSignal;
}

/** The API server said no, nothing (`status` 0), or what cannot be used. The message is for a person. */
export class ApiFault extends Error {
  readonly status: number;
  /** Whether the same may be asked again, or only a new list helps: what was sent once is sent again from the same version. */
  readonly remedy: 'again' | 'list';

  constructor(status: number, message: string, remedy: 'again' | 'list' = 'again') {
    super(message);
    this.name = 'ApiFault';
    this.status = status;
    this.remedy = remedy;
  }
}

const accountFolder = '/var/run/secrets/kubernetes.io/serviceaccount';
/** The version that is asked for is too old. */
const goneStatus = 410;
/** Of an answer that is a refusal; the message of a Status object stands in it. */
const maxRefusalBytes = 65_536;
const maxMessageCharacters = 300;

/** Null outside of a pod. */
export function apiServerOfPod(environment: Readonly<Record<string, string | undefined>>): ApiServer | null {
  const host = environment['KUBERNETES_SERVICE_HOST'] ?? '';
  const port = Number(environment['KUBERNETES_SERVICE_PORT']);
  return host !== '' && Number.isInteger(port) && port > 0 && port <= 65_535 ? { host, port, accountFolder } : null;
}

/** The body of an answer of 200, still to be read; whoever does not read it to its end must destroy it. @throws ApiFault */
export async function askApiServer(server: ApiServer, question: ApiQuestion): Promise<IncomingMessage> {
  const { path, query, answerMs, idleMs, signal } = question;
  const [token, ca] = await Promise.all([readAccount(server, 'token'), readAccount(server, 'ca.crt')]);
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const asked = request(
      // A connection of its own: the next question may need another token, and a stalled connection must not be used again.
      { host: server.host, port: server.port, ca, agent: false, timeout: answerMs, signal, path: `${path}?${new URLSearchParams(query).toString()}`, headers: { authorization: `Bearer ${token.trim()}`, accept: 'application/json' } },
      (response) => {
        response.socket.setTimeout(idleMs);
        resolve(response);
      },
    );
    // Rings while it connects, while the answer is waited for, and while it goes on.
    asked.on('timeout', () => asked.destroy(new ApiFault(0, 'the API server has fallen silent')));
    asked.on('error', (fault) => reject(asApiFault(fault)));
    asked.end();
  });
  if (answer.statusCode === 200) return answer;
  const status = answer.statusCode ?? 0;
  const message = messageOf(await textOf(answer, maxRefusalBytes).catch(() => '')) ?? `the API server answered ${status}`;
  throw new ApiFault(status, message, status === goneStatus ? 'list' : 'again');
}

/** @throws ApiFault when it is longer than `maxBytes`, or ends before its end. */
export async function textOf(answer: IncomingMessage, maxBytes: number): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const piece of answer as AsyncIterable<Buffer>) {
      bytes += piece.length;
      if (bytes > maxBytes) throw new ApiFault(0, `an answer has more than ${maxBytes} bytes`);
      pieces.push(piece);
    }
  } catch (fault) {
    throw asApiFault(fault);
  } finally {
    answer.destroy();
  }
  return Buffer.concat(pieces).toString();
}

export function asApiFault(fault: unknown): ApiFault {
  if (fault instanceof ApiFault) return fault;
  const { code, message } = fault as NodeJS.ErrnoException;
  return new ApiFault(0, `no answer from the API server: ${code ?? message}`);
}

async function readAccount(server: ApiServer, file: string): Promise<string> {
  const path = join(server.accountFolder, file);
  try {
    return await readFile(path, 'utf8');
  } catch {
    throw new ApiFault(0, `${path} cannot be read: the pod has no token of a service account`);
  }
}

/** The message of a Status object. */
function messageOf(text: string): string | null {
  try {
    const message = fieldOf(JSON.parse(text), 'message');
    return typeof message === 'string' ? message.slice(0, maxMessageCharacters) : null;
  } catch {
    return null;
  }
}
