/** A peer in a process of its own, for tests that kill and stop it: dials what it is told to, tells the test what becomes of it, and sends back every message. */
import { openQuicTransport } from '../../services/node/dist/transport/quic-transport.js';

process.once('message', async ({ dial, credentials }) => {
  const transport = await openQuicTransport({
    host: '127.0.0.1',
    port: 0,
    cluster: 'test',
    credentials: () => credentials,
    endOfTrust: () => Number.POSITIVE_INFINITY,
    listener: {
      onOpened: () => process.send({ opened: true }),
      onDialFailed: (_connection, _address, reason) => process.send({ failed: reason }),
      onClosed: (_connection, reason) => process.send({ closed: reason }),
      onMessage: (connection, channel, bytes) => transport.send(connection, channel, bytes),
      onSent() {},
    },
  });
  transport.dial(dial);
});
