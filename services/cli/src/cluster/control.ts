/**
 * How a second terminal acts on a running cluster: one line of JSON each way over a socket in the state folder, which
 * only its owner may open.
 */
import { chmodSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Server } from 'node:net';
import { CommandError } from '../usage.js';

export interface ControlRequest {
  readonly command: string;
  readonly node: string | null;
}

export type ControlAnswer = { readonly ok: true; readonly text: string; readonly url: string } | { readonly ok: false; readonly text: string };

const maxLineBytes = 4_096;
const answerDeadlineMs = 15_000;

/** Serves until it is closed. `act` may reject; the text of the error is the answer. */
export async function serveControl(path: string, act: (request: ControlRequest) => Promise<ControlAnswer>): Promise<Server> {
  rmSync(path, { force: true });
  const server = createServer((socket) => {
    let line = '';
    socket.setEncoding('utf8');
    socket.setTimeout(answerDeadlineMs, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('data', (text: string) => {
      line += text;
      if (line.length > maxLineBytes) socket.destroy();
      if (!line.includes('\n')) return;
      void answer(line, act).then((reply) => socket.end(`${JSON.stringify(reply)}\n`));
      line = '';
    });
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve));
  chmodSync(path, 0o600);
  return server;
}

async function answer(line: string, act: (request: ControlRequest) => Promise<ControlAnswer>): Promise<ControlAnswer> {
  try {
    const { command, node } = JSON.parse(line) as { command?: unknown; node?: unknown };
    return await act({ command: String(command), node: typeof node === 'string' ? node : null });
  } catch (error) {
    return { ok: false, text: (error as Error).message };
  }
}

/** @throws CommandError when no cluster runs here, or it does not answer. */
export async function askControl(path: string, request: ControlRequest): Promise<ControlAnswer> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    let text = '';
    socket.setEncoding('utf8');
    socket.setTimeout(answerDeadlineMs, () => socket.destroy(new Error('no answer')));
    socket.on('connect', () => socket.write(`${JSON.stringify(request)}\n`));
    socket.on('data', (part: string) => (text += part));
    socket.on('error', () => reject(new CommandError('No cluster runs from this folder. Start one with `npm start`.')));
    socket.on('end', () => {
      try {
        resolve(JSON.parse(text) as ControlAnswer);
      } catch {
        reject(new CommandError('The cluster did not answer.'));
      }
    });
  });
}
