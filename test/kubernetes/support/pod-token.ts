/** What somebody could do who broke into a pod of a node: talk to the API server with the pod's own token. */
import { kubectl } from './kubectl.js';

/** Runs in the pod: reads calls from standard input, makes them one after the other, writes the answers. */
const program = `
const account = '/var/run/secrets/kubernetes.io/serviceaccount/';
const token = fs.readFileSync(account + 'token', 'utf8');
const server = 'https://' + process.env.KUBERNETES_SERVICE_HOST + ':' + process.env.KUBERNETES_SERVICE_PORT;
(async () => {
  const answers = [];
  for (const { method, path, body } of JSON.parse(fs.readFileSync(0, 'utf8'))) {
    const answer = await fetch(server + path, { method, headers: { authorization: 'Bearer ' + token, 'content-type': 'application/json' }, ...(body && { body: JSON.stringify(body) }) });
    const { message = '', status } = await answer.json();
    answers.push({ code: answer.status, message, certificate: status?.certificate ?? null });
  }
  process.stdout.write(JSON.stringify(answers));
})();`;

export interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: object;
}

export interface Answer {
  readonly code: number;
  /** What the API server says about a refusal. */
  readonly message: string;
  /** Of a CertificateRequest that was issued, PEM in base64. */
  readonly certificate: string | null;
}

/** Every call as the pod's service account, with the token that is bound to this pod. */
export async function asPod(namespace: string, pod: string, calls: readonly Call[]): Promise<readonly Answer[]> {
  const trust = 'NODE_EXTRA_CA_CERTS=/var/run/secrets/kubernetes.io/serviceaccount/ca.crt';
  return JSON.parse(await kubectl(['--namespace', namespace, 'exec', '--stdin', pod, '--', 'env', trust, 'node', '--eval', program], JSON.stringify(calls))) as Answer[];
}
