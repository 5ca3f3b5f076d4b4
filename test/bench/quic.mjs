/** The transport against the classes of the package that it replaces, both ends in one thread. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { openQuicTransport } from '../../services/node/dist/transport/quic-transport.js';
import { cluster, issueIdentities } from './bench-node.mjs';
import { quantile } from './fleet.mjs';

const roundTrips = 2_000;
const messageBytes = 100;
const bulkBytes = 16 * 1_048_576;
const chunkBytes = 32_768;

export async function measure() {
  const [a, b] = await issueIdentities(2);
  const ours = await measureOurs(a, b);
  const theirs = await measureTheirs(a, b);
  return [
    { name: 'round trip of 100 bytes against that of the package', value: ours.roundTripMs / theirs.roundTripMs, unit: 'x', atMost: 1 / 8, from: `${micros(ours.roundTripMs)} us against ${micros(theirs.roundTripMs)} us, p50 of ${roundTrips}` },
    { name: 'time of bulk on streams against that of the package', value: theirs.bytesPerMs / ours.bytesPerMs, unit: 'x', atMost: 1 / 15, from: `${megabytes(ours.bytesPerMs)} MB/s against ${megabytes(theirs.bytesPerMs)} MB/s` },
  ];
}

async function measureOurs(a, b) {
  const opened = [];
  let onMessage = () => {};
  let onSent = () => {};
  const open = (tls) =>
    openQuicTransport({
      host: '127.0.0.1',
      port: 0,
      cluster,
      credentials: () => tls,
      endOfTrust: () => Number.POSITIVE_INFINITY,
      listener: {
        onOpened: (one) => opened.push(one),
        onDialFailed: (_connection, _address, reason) => {
          throw new Error(reason);
        },
        onClosed() {},
        onMessage: (connection, channel, bytes) => onMessage(connection, channel, bytes),
        onSent: (_connection, count) => onSent(count),
      },
    });
  const [client, server] = [await open(a.tls), await open(b.tls)];
  client.dial(server.address);
  while (opened.length < 2) await new Promise((resolve) => setImmediate(resolve));
  const out = opened.find(({ direction }) => direction === 'dialled').connection;
  const incoming = opened.find(({ direction }) => direction === 'accepted').connection;

  const times = await new Promise((resolve) => {
    const found = [];
    let startedMs = 0;
    // The same numbers may name a connection at both ends: they take turns.
    let turn = 'there';
    const next = () => {
      startedMs = performance.now();
      turn = 'there';
      client.send(out, 'datagram', new Uint8Array(messageBytes));
    };
    onMessage = (_connection, _channel, bytes) => {
      if (turn === 'there') {
        turn = 'back';
        return server.send(incoming, 'datagram', bytes);
      }
      found.push(performance.now() - startedMs);
      if (found.length === roundTrips) return resolve(found);
      setImmediate(next);
    };
    next();
  });

  const startedMs = performance.now();
  await new Promise((resolve) => {
    let [sent, arrived] = [0, 0];
    const chunk = new Uint8Array(chunkBytes);
    const more = (count) => {
      for (let i = 0; i < count && sent < bulkBytes; i++, sent += chunkBytes) client.send(out, 'stream', chunk);
    };
    onSent = more;
    onMessage = (_connection, _channel, bytes) => {
      arrived += bytes.length;
      if (arrived === bulkBytes) resolve();
    };
    more(32);
  });
  const bytesPerMs = bulkBytes / (performance.now() - startedMs);
  await Promise.all([client.shutdown(), server.shutdown()]);
  return { roundTripMs: median(times), bytesPerMs };
}

/** In a process of its own, which ends with it: closing the package's connections ends in errors that nobody can catch. */
async function measureTheirs(a, b) {
  const child = fork(new URL('quic-package.mjs', import.meta.url));
  child.send({ a, b, roundTrips, messageBytes, chunkBytes });
  const [{ timesMs, bytesPerMs }] = await once(child, 'message');
  child.kill('SIGKILL');
  return { roundTripMs: median(timesMs), bytesPerMs };
}

function median(times) {
  return quantile([...times].sort((x, y) => x - y), 0.5);
}

function micros(ms) {
  return (ms * 1_000).toFixed(0);
}

function megabytes(bytesPerMs) {
  return (bytesPerMs / 1_000).toFixed(1);
}
