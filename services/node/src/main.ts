/** `starling-node`: one node, until it is told to stop. */
import { createLog, LogOutput } from '@starling/program';
import closeWithGrace from 'close-with-grace';
import { composeNode } from './compose.js';
import { exitCodes, StartError } from './errors.js';
import { readSettings, type Settings } from './settings.js';

/** The farewell takes less than 2 s; what is not done by then is not worth waiting for, milliseconds. */
const stopDeadlineMs = 5_000;

/** Aborted by the first signal, which may come while the node still waits for its certificate. */
const stopping = new AbortController();
const output = new LogOutput(process.stdout);

async function main(): Promise<void> {
  const settings = readSettings(process.env, process.argv.slice(2));
  const log = createLog(settings.log, output);
  log.info(printable(settings), 'Settings');
  const starting = composeNode(settings, {
    log,
    logLinesDropped: () => output.dropped,
    onFault: (fault) => {
      log.error({ err: fault }, 'This node cannot go on');
      process.exitCode = exitCodes.software;
      grace.close();
    },
    stopping: stopping.signal,
  });
  const grace = closeWithGrace({ delay: stopDeadlineMs, logger: false }, async ({ err, signal }) => {
    if (err) {
      log.error({ err }, 'An unexpected fault');
      process.exitCode = exitCodes.software;
    } else log.info({ signal }, 'Stopping');
    stopping.abort();
    const node = await starting.catch(() => null);
    await node?.stop();
    log.info('Stopped');
    await output.flush();
    // Otherwise it would be 0 after every end that was asked for, also by a fault.
    process.exit();
  });
  await starting;
}

/** Everything but what others could use: there are no secrets among the settings, only where they are. */
function printable(settings: Settings): object {
  return { ...settings };
}

main().catch(async (fault: unknown) => {
  // A start that was called off has nothing to complain about.
  if (stopping.signal.aborted) return;
  const known = fault instanceof StartError ? fault : null;
  process.stderr.write(`${known?.message ?? (fault as Error).stack ?? String(fault)}\n`);
  await output.flush();
  process.exit(known?.exitCode ?? exitCodes.software);
});
