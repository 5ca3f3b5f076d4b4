/** A small client of the cluster that KUBECONFIG names: kubectl and helm as people use them. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '..', '..', '..');
export const chart = join(root, 'charts', 'starling');

/** A command that takes longer is stuck, milliseconds. */
const commandTimeoutMs = 240_000;
const maxOutputBytes = 32 * 1024 * 1024;

export interface Ran {
  /** Null when it was killed or could not be started. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Never rejects. */
export function run(program: string, args: readonly string[], input = ''): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(program, args, { cwd: root, timeout: commandTimeoutMs, maxBuffer: maxOutputBytes }, (fault, stdout, stderr) => {
      const status = fault === null ? 0 : typeof fault.code === 'number' ? fault.code : null;
      resolve({ status, stdout, stderr: status === null ? `${stderr}${String(fault)}` : stderr });
    });
    // A program that ends early closes its input; its status tells why.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}

/** @throws with the program's complaint when it fails. */
async function output(program: string, args: readonly string[], input?: string): Promise<string> {
  const { status, stdout, stderr } = await run(program, args, input);
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr.trim() || stdout.trim()}`);
  return stdout;
}

export function kubectl(args: readonly string[], input?: string): Promise<string> {
  return output('kubectl', args, input);
}

export function helm(args: readonly string[]): Promise<string> {
  return output('helm', args);
}

export interface Thing {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
    readonly ownerReferences?: readonly { readonly kind: string; readonly uid: string }[];
  };
}

/** Everything of one kind in a namespace, of the shape that the caller knows. */
export async function list<T extends Thing>(kind: string, namespace: string, ...args: readonly string[]): Promise<readonly T[]> {
  const answer = JSON.parse(await kubectl(['--namespace', namespace, 'get', kind, '--output', 'json', ...args])) as { items: T[] };
  return answer.items;
}

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
}

export interface Pod extends Thing {
  readonly status: {
    readonly phase: string;
    readonly conditions?: readonly Condition[];
    readonly containerStatuses?: readonly {
      readonly ready: boolean;
      readonly restartCount: number;
      readonly state: { readonly terminated?: { readonly exitCode: number; readonly message?: string } };
      readonly lastState: { readonly terminated?: { readonly exitCode: number; readonly message?: string } };
    }[];
  };
}

export interface CertificateRequest extends Thing {
  readonly spec: { readonly issuerRef: { readonly name: string }; readonly request: string };
  readonly status?: { readonly conditions?: readonly Condition[]; readonly certificate?: string };
}

export interface Secret extends Thing {
  readonly type: string;
  readonly data?: Readonly<Record<string, string>>;
}

const nodeSelector = 'app.kubernetes.io/component=node';

/** The pods of nodes that are not on their way out, by name. */
export async function nodePods(namespace: string): Promise<readonly Pod[]> {
  const pods = await list<Pod>('pods', namespace, '--selector', nodeSelector);
  return pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined).sort((a, b) => a.metadata.name.localeCompare(b.metadata.name));
}

export function isReady(pod: Pod): boolean {
  return pod.status.containerStatuses?.every(({ ready }) => ready) ?? false;
}

/** The last words of the first container of a pod, of this run or of the one before. */
export function lastWords(pod: Pod | undefined): string {
  const container = pod?.status.containerStatuses?.[0];
  return container?.state.terminated?.message ?? container?.lastState.terminated?.message ?? '';
}

/** What a pod answers over plain HTTP, asked through the API server. */
export function httpGet(namespace: string, pod: string, path: string): Promise<string> {
  return kubectl(['get', '--raw', `/api/v1/namespaces/${namespace}/pods/${pod}:9742/proxy${path}`]);
}
