/** Where a local cluster keeps its things: all of it inside the clone, none of it ever committed. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', '..');

export interface Places {
  readonly certs: string;
  /** Identities, logs and the control socket. */
  readonly state: string;
  readonly control: string;
  /** Nodes that were added; the gateway reads it again and again. */
  readonly targets: string;
  /** Programs. */
  readonly node: string;
  readonly gateway: string;
  readonly logOf: (name: string) => string;
  readonly identityOf: (name: string) => string;
}

/** `folder` holds `certs` and `.starling`; the clone itself unless a test says otherwise. */
export function placesIn(folder: string = process.env['STARLING_TEST_FOLDER'] ?? root): Places {
  const state = join(folder, '.starling');
  return {
    certs: join(folder, 'certs'),
    state,
    control: join(state, 'control.sock'),
    targets: join(state, 'targets'),
    node: join(root, 'services', 'node', 'dist', 'main.js'),
    gateway: join(root, 'services', 'gateway', 'dist', 'main.js'),
    logOf: (name) => join(state, 'logs', `${name}.log`),
    identityOf: (name) => join(state, 'nodes', name),
  };
}
