import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { paths, problem, schemas } from '@starling/contract';
import { afterEach, describe, expect, it } from 'vitest';
import { freeTcpPorts } from './cluster/free-ports.js';
import { fetchFrom, gatewayUrl } from './gateway-client.js';

let server: Server | null = null;

afterEach(async () => {
  await new Promise<void>((resolve) => (server === null ? resolve() : server.close(() => resolve())));
  server = null;
});

async function serve(answer: RequestListener): Promise<string> {
  const opened = createServer(answer);
  server = opened;
  await new Promise<void>((resolve) => opened.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(opened.address() as AddressInfo).port}`;
}

describe('--url', () => {
  it.each(['127.0.0.1:8080', 'localhost:8080', 'localhost', 'ftp://h', 'http://', 'http://u:p@h', 'http://h/?from=x', ''])('is not %j, and it is said what it takes', async (url) => {
    await expect(gatewayUrl(url)).rejects.toMatchObject({ name: 'UsageError', message: expect.stringContaining('such as http://127.0.0.1:8080') as string });
  });

  it('may end with a slash, and have a path', async () => {
    expect(await gatewayUrl('http://127.0.0.1:80/')).toBe('http://127.0.0.1');
    expect(await gatewayUrl('https://[::1]:8080/starling/')).toBe('https://[::1]:8080/starling');
  });
});

describe('a question', () => {
  const ask = (url: string) => fetchFrom(url, paths.trust, schemas.trustAnswer);

  it('that nobody answers says why', async () => {
    const [port = 0] = await freeTcpPorts(1);
    await expect(ask(`http://127.0.0.1:${port}`)).rejects.toMatchObject({ name: 'CommandError', message: expect.stringMatching(/does not answer: .*ECONNREFUSED/) as string });
    await expect(ask(await serve((_, reply) => reply.destroy()))).rejects.toMatchObject({ name: 'CommandError', message: expect.stringContaining('other side closed') as string });
  });

  it.each<readonly [string, number, string]>([
    ['a page', 200, '<html>hi</html>'],
    ['nothing', 200, ''],
    ['JSON of something else', 200, '{"roots":[{"pem":1}]}'],
    ['a problem that is none of ours', 500, '{"detail":{}}'],
  ])('that another server answers with %s says so', async (_what, status, body) => {
    const url = await serve((_, reply) => reply.writeHead(status).end(body));
    await expect(ask(url)).rejects.toMatchObject({ name: 'CommandError', message: expect.stringContaining(`status ${status} and not as a gateway of Starling`) as string });
  });

  it('that is refused says what the gateway said, as text', async () => {
    const url = await serve((_, reply) => reply.writeHead(404).end(JSON.stringify(problem('unknown-target', 'No such\u001b[2J'))));
    await expect(ask(url)).rejects.toMatchObject({ name: 'CommandError', message: `${url}/v1/trust: No such\ufffd[2J` });
  });

  it('gives the answer', async () => {
    expect(await ask(await serve((_, reply) => reply.end('{"roots":[]}')))).toEqual({ roots: [] });
  });
});
