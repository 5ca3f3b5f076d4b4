/**
 * How a second terminal acts on a running cluster: one line of JSON each way over a socket in the state folder, which
 * only its owner may open.
 */
import { chmodSync, closeSync, openSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { basename, dirname } from 'node:path';
import { CommandError } from '../usage.js';

export interface ControlRequest {
  readonly command: string;
  readonly node: string | null;
}

export type ControlAnswer = { readonly ok: true; readonly text: string; readonly url: string } | { readonly ok: false; readonly text: string };

const maxLineBytes = 4_096;
const answerDeadlineMs = 15_000;

/** Serves until it is closed by what is returned. `act` may reject; the text of the error is the answer. @throws CommandError when another cluster serves here, or none can */
export async function serveControl(path: string, act: (request: ControlRequest) => Promise<ControlAnswer>): Promise<() => Promise<void>> {
  if (await isServed(path)) throw new CommandError('A cluster already runs from this folder. Stop it with Ctrl+C in its terminal first.');
  const near = nearPath(path);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.once('close', () => sockets.delete(socket)));
    answerOn(socket, act);
  });
  try {
    rmSync(path, { force: true });
    await listen(server, near.path);
    chmodSync(near.path, 0o600);
  } catch (fault) {
    server.close();
    near.close();
    throw new CommandError(`The control socket ${path} cannot be made: ${reasonOf(fault)}.`);
  }
  return async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
    near.close();
    rmSync(path, { force: true });
  };
}

/** Whether somebody holds the socket, also one who is stopped or is not ours to ask; only a dead socket is nobody's. */
export async function isServed(path: string): Promise<boolean> {
  try {
    (await connect(path)).destroy();
    return true;
  } catch (fault) {
    return !isNobody(fault);
  }
}

/** @throws CommandError when no cluster runs here, or it does not answer. */
export async function askControl(path: string, request: ControlRequest, deadlineMs = answerDeadlineMs): Promise<ControlAnswer> {
  const socket = await connect(path).catch((fault: unknown) => {
    if (isNobody(fault)) throw new CommandError('No cluster runs from this folder. Start one with `npm start`.');
    throw new CommandError(`Whether a cluster runs from this folder cannot be told: ${path}: ${reasonOf(fault)}.`);
  });
  return new Promise((resolve, reject) => {
    let text = '';
    const refuse = (why: string) => {
      socket.destroy();
      reject(new CommandError(`The cluster that runs from this folder ${why}`));
    };
    socket.setEncoding('utf8');
    socket.setTimeout(deadlineMs, () => refuse(`does not answer within ${deadlineMs / 1_000} s. Is it suspended (Ctrl+Z)? Continue it with fg in its terminal.`));
    socket.on('data', (part: string) => (text += part));
    socket.on('error', (fault) => refuse(`broke off: ${fault.message}.`));
    socket.on('end', () => {
      try {
        resolve(JSON.parse(text) as ControlAnswer);
      } catch {
        refuse('ended without an answer.');
      }
    });
    socket.write(`${JSON.stringify(request)}\n`);
  });
}

function answerOn(socket: Socket, act: (request: ControlRequest) => Promise<ControlAnswer>): void {
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
}

async function answer(line: string, act: (request: ControlRequest) => Promise<ControlAnswer>): Promise<ControlAnswer> {
  try {
    const { command, node } = JSON.parse(line) as { command?: unknown; node?: unknown };
    return await act({ command: String(command), node: typeof node === 'string' ? node : null });
  } catch (error) {
    return { ok: false, text: (error as Error).message };
  }
}

interface NearPath {
  readonly path: string;
  readonly close: () => void;
}

/** A socket address has room for 107 bytes; by the open directory any path fits. */
function nearPath(path: string): NearPath {
  const directory = openSync(dirname(path), 'r');
  return { path: `/proc/self/fd/${directory}/${basename(path)}`, close: () => closeSync(directory) };
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(path, () => resolve());
  });
}

async function connect(path: string): Promise<Socket> {
  const near = nearPath(path);
  try {
    return await new Promise<Socket>((resolve, reject) => {
      const socket = createConnection(near.path, () => resolve(socket)).once('error', reject);
    });
  } finally {
    near.close();
  }
}

/** The message names the path by which we came near. */
function reasonOf(fault: unknown): string {
  return (fault as NodeJS.ErrnoException).code ?? (fault as Error).message;
}

/** There is no such socket, or whoever held it is gone. */
function isNobody(fault: unknown): boolean {
  const { code } = fault as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ECONNREFUSED';
}
