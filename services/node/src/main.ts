/** `starling-node`: one node, until it is told to stop. */
import closeWithGrace from 'close-with-grace';
import { composeNode } from './compose.js';
import { exitCodes, StartError } from './errors.js';
import { createLog } from './observability/log.js';
import { readSettings, type Settings } from './settings.js';

/** The farewell takes less than 2 s; what is not done by then is not worth waiting for, milliseconds. */
const stopDeadlineMs = 5_000;

async function main(): Promise<void> {
  const settings = readSettings(process.env, process.argv.slice(2));
  const log = createLog(settings.log);
  log.info(printable(settings), 'Settings');
  let stopping: ReturnType<typeof closeWithGrace> | null = null;
  const node = await composeNode(settings, log, (fault) => {
    log.error({ err: fault }, 'This node cannot go on');
    process.exitCode = exitCodes.software;
    stopping?.close();
  });
  stopping = closeWithGrace({ delay: stopDeadlineMs, logger: false }, async ({ err, signal }) => {
    if (err) {
      log.error({ err }, 'An unexpected fault');
      process.exitCode = exitCodes.software;
    } else log.info({ signal }, 'Stopping');
    await node.stop();
    log.info('Stopped');
  });
}

/** Everything but what others could use: there are no secrets among the settings, only where they are. */
function printable(settings: Settings): object {
  return { ...settings };
}

main().catch((fault: unknown) => {
  if (fault instanceof StartError) {
    process.stderr.write(`${fault.message}\n`);
    process.exit(fault.exitCode);
  }
  process.stderr.write(`${(fault as Error).stack ?? String(fault)}\n`);
  process.exit(exitCodes.software);
});
