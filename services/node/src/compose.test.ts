import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { createTestAuthority } from '../../../test/support/authority.js';
import { eventually } from '../../../test/support/eventually.js';
import { composeNode } from './compose.js';
import { Driver } from './driver/driver.js';
import { createLog } from '@starling/program';
import { readSettings } from './settings.js';

const api = vi.hoisted(() => {
  const ending: { end: () => void } = { end: () => undefined };
  /** Closes when the test says so. */
  const close = vi.fn(() => new Promise<void>((resolve) => (ending.end = resolve)));
  return { close, ending };
});
vi.mock('./api/api.js', () => ({ openApi: () => Promise.resolve({ address: { host: '127.0.0.1', port: 1 }, streams: 0, reload: () => undefined, close: api.close }) }));

it('a node says farewell before it closes its API, whose clients could hold it up', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'starling-compose-'));
  const [certificates, trust] = [join(folder, 'certificate'), join(folder, 'trust')];
  const authority = await createTestAuthority();
  const leaf = await authority.issue(['spiffe://starling/leaf/a']);
  for (const directory of [certificates, trust]) mkdirSync(directory);
  writeFileSync(join(trust, 'ca.crt'), authority.root);
  writeFileSync(join(certificates, 'tls.crt'), leaf.cert);
  writeFileSync(join(certificates, 'tls.key'), leaf.key, { mode: 0o600 });
  const settings = readSettings(
    { STARLING_NAME: 'a', STARLING_DATA_DIR: join(folder, 'data'), STARLING_CERTIFICATE_DIR: certificates, STARLING_TRUST_DIR: trust, STARLING_LISTEN: '127.0.0.1:0', STARLING_METRICS_LISTEN: '127.0.0.1:0', STARLING_LOG_LEVEL: 'fatal' },
    [],
  );
  const farewell = vi.spyOn(Driver.prototype, 'stop');
  const node = await composeNode(settings, { log: createLog(settings.log, { write: () => undefined }), logLinesDropped: () => 0, onFault: (fault) => expect.fail(fault.message), stopping: new AbortController().signal });
  const stopped = node.stop();
  await eventually('the API to be closed', () => api.close.mock.calls.length === 1);
  expect(farewell.mock.settledResults).toMatchObject([{ type: 'fulfilled' }]);
  api.ending.end();
  await stopped;
  rmSync(folder, { recursive: true });
});
