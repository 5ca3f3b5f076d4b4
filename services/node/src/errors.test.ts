import { createServer } from 'node:net';
import { createSecureContext } from 'node:tls';
import { expect, it } from 'vitest';
import { exitCodes, portError } from './errors.js';

it('blames the setting of a port for what the system says of it, and for nothing else', async () => {
  const server = createServer().listen(0, '192.0.2.1');
  const ofTheSystem = await new Promise<Error>((resolve) => server.once('error', resolve));
  expect(portError('STARLING_API_LISTEN', '192.0.2.1:0', ofTheSystem)).toMatchObject({ exitCode: exitCodes.unavailable, message: expect.stringContaining('STARLING_API_LISTEN') });
  const ofALibrary = expect.objectContaining({ exitCode: exitCodes.configuration, message: expect.not.stringContaining('STARLING_API_LISTEN') });
  try {
    createSecureContext({ ecdhCurve: 'no curve' });
    expect.unreachable();
  } catch (fault) {
    expect(fault).toHaveProperty('code');
    expect(portError('STARLING_API_LISTEN', '127.0.0.1:1', fault)).toEqual(ofALibrary);
  }
});
