/** The same work as in quic.mjs by the classes of @matrixai/quic, which Starling does not use. */
import { createHmac, randomFillSync, timingSafeEqual } from 'node:crypto';
import Logger, { LogLevel } from '@matrixai/logger';
import { events, QUICClient, QUICServer } from '@matrixai/quic';

const theirBulkBytes = 2 * 1_048_576;

process.once('message', measure);

async function measure({ a, b, roundTrips, messageBytes, chunkBytes }) {
  const logger = new Logger('bench', LogLevel.SILENT, []);
  const key = Buffer.alloc(32, 1);
  const mac = (data) => createHmac('sha256', key).update(Buffer.from(data)).digest();
  const toArrayBuffer = (bytes) => bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const server = new QUICServer({
    crypto: { key: toArrayBuffer(key), ops: { sign: async (_key, data) => toArrayBuffer(mac(data)), verify: async (_key, data, signature) => timingSafeEqual(mac(data), Buffer.from(signature)) } },
    config: { key: b.tls.keyPem, cert: b.tls.chainPem, ca: b.tls.rootsPem, verifyPeer: true, maxIdleTimeout: 60_000 },
    logger,
  });
  let mode = 'echo';
  let arrived = 0;
  let onArrived = () => {};
  server.addEventListener(events.EventQUICServerConnection.name, ({ detail: connection }) => {
    connection.addEventListener(events.EventQUICConnectionStream.name, async ({ detail: stream }) => {
      const writer = stream.writable.getWriter();
      for await (const bytes of stream.readable) {
        if (mode === 'echo') {
          await writer.write(bytes);
          continue;
        }
        arrived += bytes.length;
        if (arrived >= theirBulkBytes) onArrived();
      }
    });
  });
  await server.start({ host: '127.0.0.1', port: 0 });
  const client = await QUICClient.createQUICClient({
    host: '127.0.0.1',
    port: server.port,
    localHost: '127.0.0.1',
    crypto: { ops: { randomBytes: async (data) => void randomFillSync(new Uint8Array(data)) } },
    config: { key: a.tls.keyPem, cert: a.tls.chainPem, ca: a.tls.rootsPem, verifyPeer: false, maxIdleTimeout: 60_000 },
    logger,
  });
  const stream = client.connection.newStream();
  const writer = stream.writable.getWriter();
  const reader = stream.readable.getReader();
  const times = [];
  for (let i = 0; i < roundTrips; i++) {
    const startedMs = performance.now();
    await writer.write(new Uint8Array(messageBytes));
    for (let read = 0; read < messageBytes; ) read += (await reader.read()).value.length;
    times.push(performance.now() - startedMs);
  }
  mode = 'bulk';
  const bulk = client.connection.newStream();
  const bulkWriter = bulk.writable.getWriter();
  const done = new Promise((resolve) => (onArrived = resolve));
  const startedMs = performance.now();
  for (let sent = 0; sent < theirBulkBytes; sent += chunkBytes) await bulkWriter.write(new Uint8Array(chunkBytes));
  await done;
  const bytesPerMs = theirBulkBytes / (performance.now() - startedMs);
  process.send({ timesMs: times, bytesPerMs });
}
