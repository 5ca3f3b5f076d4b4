/** The stream of changes over a WebSocket: comes back after every drop, and goes on where it ended. */
import { paths, type StreamMessage } from '@starling/contract';
import type { Connection } from '../domain/liveness.js';
import { addressOf } from './rest.js';
import { readMessage } from './stream-message.js';

export interface StreamListener {
  /** Answers with where the next connection should go on: what `?resume=` takes; null for a view that is of no use, and for words of the gateway. */
  readonly message: (message: StreamMessage) => string | null;
  readonly connection: (state: Connection) => void;
}

export interface Stream {
  close(): void;
}

/** Waits between attempts, milliseconds: the first, and the longest. */
const firstWaitMs = 500;
const longestWaitMs = 10_000;
/** A connection that is silent for this long is taken for dead: several sample intervals of a very large network. */
const silenceMs = 30_000;
/** After failures the first message may take this many times as long: on a slow line the snapshot of a large network, one message, needs minutes. */
const mostPatience = 16;

/** @param origin such as `http://127.0.0.1:8080`: where the page came from */
export function openStream(origin: string, from: string | null, listener: StreamListener): Stream {
  let socket: WebSocket | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let resume: string | null = null;
  let failures = 0;
  let closed = false;

  const connect = () => {
    const address = new URL(addressOf(paths.stream, from, resume === null ? {} : { resume }), origin);
    address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
    const opened = new WebSocket(address);
    socket = opened;
    opened.onopen = () => watch(opened, silenceMs * Math.min(2 ** failures, mostPatience));
    opened.onmessage = (event) => {
      if (socket !== opened) return;
      watch(opened);
      const reading = readMessage(event.data);
      if (reading.verdict === 'unknown') return;
      if (reading.verdict === 'malformed') return beginAnew(opened, 'misunderstood');
      const { message } = reading;
      listener.connection('open');
      const next = listener.message(message);
      if (message.type !== 'snapshot' && message.type !== 'changes') return;
      if (next === null) return beginAnew(opened, 'reconnecting');
      // A snapshot alone is no success: what follows on it may be what cannot be read, again and again.
      if (message.type === 'changes') failures = 0;
      resume = next;
    };
    opened.onclose = () => {
      if (socket === opened) retry();
    };
    watch(opened);
  };

  /** After what fits nothing only a new connection brings a snapshot; what is still under way on this one is not listened to. */
  const beginAnew = (opened: WebSocket, state: Connection) => {
    resume = null;
    retry(state);
    opened.close();
  };

  /** Gives up on a connection that opens or speaks too late. */
  const watch = (watched: WebSocket, patienceMs = silenceMs) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      watched.close();
      // close() waits for the other end, which is what is missing.
      if (socket === watched) retry();
    }, patienceMs);
  };

  const retry = (state: Connection = 'reconnecting') => {
    clearTimeout(timer);
    socket = null;
    if (closed) return;
    listener.connection(state);
    const wait = Math.min(longestWaitMs, firstWaitMs * 2 ** failures);
    failures = Math.min(failures + 1, 10);
    // Half of it at random, so that many pages do not come back at once.
    timer = setTimeout(connect, wait / 2 + (Math.random() * wait) / 2);
  };

  listener.connection('connecting');
  connect();
  return {
    close: () => {
      closed = true;
      clearTimeout(timer);
      const last = socket;
      socket = null;
      last?.close();
    },
  };
}
