/** A client on the bare library, which does what the transport never would: for showing that it is refused. */
import { createSocket } from 'node:dgram';
import type { Quiche } from '@matrixai/quic/native/quiche.js';
import quicheModule from '@matrixai/quic/native/quiche.js';
import { eventually } from '../support/eventually.js';

export const quiche: Quiche = quicheModule;
const text = (value: string) => new TextEncoder().encode(value);

export interface RawClient {
  readonly native: ReturnType<Quiche['Connection']['connect']>;
  /** Packets that this client may still send; what is beyond is lost. */
  allowance: number;
  /** Sends what the library has ready. */
  flush(): void;
  /** Sends bytes from this client's port as they are. */
  send(bytes: Buffer): void;
  /** The last packet that was sent. */
  readonly last: () => Buffer;
  close(): Promise<void>;
}

export interface RawOptions {
  readonly roots: string;
  /** Without it the client has no certificate. */
  readonly leaf?: { readonly cert: string; readonly key: string };
  readonly session?: Uint8Array;
  readonly allowance?: number;
  /** Source address, one of 127.0.0.0/8. */
  readonly host?: string;
}

export async function openRawClient(target: string, options: RawOptions): Promise<RawClient> {
  const { leaf } = options;
  const config = quiche.Config.withBoringSslCtx(true, false, text(options.roots), leaf === undefined ? null : [text(leaf.key)], leaf === undefined ? null : [text(leaf.cert)], null);
  config.setApplicationProtos(['starling/1']);
  config.setInitialMaxStreamsUni(10);
  config.setInitialMaxData(100_000);
  config.setInitialMaxStreamDataUni(100_000);
  const host = options.host ?? '127.0.0.1';
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, host, resolve));
  const local = { host, port: socket.address().port };
  const [remoteHost = '', port] = target.split(':');
  const remote = { host: remoteHost, port: Number(port) };
  const id = Buffer.alloc(20);
  id.writeUInt16BE(local.port);
  const native = quiche.Connection.connect(null, id, local, remote, config);
  if (options.session !== undefined) native.setSession(options.session);
  let last = Buffer.alloc(0);
  const client: RawClient = {
    native,
    allowance: options.allowance ?? Number.POSITIVE_INFINITY,
    flush() {
      const out = Buffer.alloc(1_400);
      for (let sent = native.send(out); sent !== null; sent = native.send(out)) {
        if (client.allowance <= 0) continue;
        client.allowance -= 1;
        last = Buffer.from(out.subarray(0, sent[0]));
        client.send(last);
      }
    },
    send: (bytes) => socket.send(bytes, remote.port, remote.host),
    last: () => last,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
  socket.on('message', (bytes) => {
    try {
      native.recv(bytes, { from: remote, to: local });
    } catch {
      // A refusal may come as an error of the library.
    }
    client.flush();
  });
  client.flush();
  return client;
}

export async function established(client: RawClient): Promise<void> {
  await eventually('the raw client is through its handshake', () => client.native.isEstablished());
}
