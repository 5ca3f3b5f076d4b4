/** Entry of the child process: reads an Ask from standard input, writes the Outcome to standard output, ends. */
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { kubernetesRequests } from './kubernetes-requests.js';
import { submit, type Ask } from './submission.js';

const ask = JSON.parse(await text(process.stdin)) as Ask;
const clock = { nowMs: () => performance.now(), sleep: (ms: number) => sleep(ms) };
const outcome = await submit(ask, kubernetesRequests(ask.namespace), clock);
// Idle connections of the client would keep the process for some seconds more.
process.stdout.write(JSON.stringify(outcome), () => process.exit(0));
