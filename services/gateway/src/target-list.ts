/** The nodes that can be shown, as texts name them: a setting, and a file that is read again while the gateway runs. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { gatewayLimits } from './gateway-limits.js';

/** A node that can be shown. */
export interface TargetSettings {
  readonly name: string;
  /** Without a path. */
  readonly url: URL;
}

/** The message says which file is wrong, with what, and what to do. */
export class TargetsFileError extends Error {
  override readonly name = 'TargetsFileError';
}

const maxShownFaults = 5;
const maxShownCharacters = 100;

/** Each entry `name=https://host:port`. What is wrong goes to `faults`; `taken` are names that stand elsewhere already. */
export function targetsOf(entries: readonly string[], taken: readonly string[], faults: string[]): TargetSettings[] {
  const targets: TargetSettings[] = [];
  const names = new Set(taken);
  for (const entry of entries.map((part) => part.trim()).filter((part) => part !== '')) {
    const at = entry.indexOf('=');
    const name = entry.slice(0, at);
    const url = URL.canParse(entry.slice(at + 1)) ? new URL(entry.slice(at + 1)) : null;
    if (at < 1 || !/^[A-Za-z0-9._-]{1,63}$/.test(name)) faults.push(`"${entry.slice(0, maxShownCharacters)}" is not of the form name=https://host:port, with a name of A-Z, a-z, 0-9, dots, hyphens and underscores`);
    else if (url === null || url.protocol !== 'https:' || url.href !== `${url.origin}/`) faults.push(`the address of "${name}" is not of the form https://host:port`);
    else if (names.has(name)) faults.push(`"${name}" is given twice`);
    else targets.push({ name, url });
    names.add(name);
  }
  const most = gatewayLimits.maxTargets - taken.length;
  if (targets.length > most) faults.push(`at most ${most}${taken.length === 0 ? '' : ` beside the ${taken.length} of STARLING_GATEWAY_TARGETS`}, not ${targets.length}`);
  return targets;
}

/**
 * The nodes that the file adds to those of the settings: one in a line, lines that begin with # are passed over; the file
 * may be empty. All of it or nothing.
 * @throws TargetsFileError
 */
export async function readTargetsFile(path: string, ofSettings: readonly TargetSettings[]): Promise<TargetSettings[]> {
  const lines = (await readText(path)).split('\n').filter((line) => !line.trimStart().startsWith('#'));
  const faults: string[] = [];
  const targets = targetsOf(lines, ofSettings.map(({ name }) => name), faults);
  if (faults.length === 0) return targets;
  const more = faults.length - maxShownFaults;
  throw new TargetsFileError(`${faults.slice(0, maxShownFaults).map((fault) => `${path}: ${fault}`).join('\n')}${more > 0 ? `\nand ${more} more` : ''}\nCorrect the file; none of it is used.`);
}

async function readText(path: string): Promise<string> {
  const { maxTargetsFileBytes } = gatewayLimits;
  try {
    // Without O_NONBLOCK a FIFO in this place would hold the gateway for ever.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      if (!(await file.stat()).isFile()) throw new TargetsFileError(`${path} is no ordinary file. Correct STARLING_GATEWAY_TARGETS_FILE.`);
      const { bytesRead, buffer } = await file.read(Buffer.alloc(maxTargetsFileBytes + 1));
      if (bytesRead > maxTargetsFileBytes) throw new TargetsFileError(`${path} is larger than ${maxTargetsFileBytes} bytes. Correct the file, or STARLING_GATEWAY_TARGETS_FILE.`);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof TargetsFileError) throw cause;
    throw new TargetsFileError(`The file of targets cannot be read: ${(cause as Error).message}. Make it (it may be empty), or correct STARLING_GATEWAY_TARGETS_FILE.`, { cause });
  }
}
