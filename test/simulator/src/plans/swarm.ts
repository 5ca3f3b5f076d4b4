import { clone, cut, diskFates, healNetwork, restart } from '../faults.js';
import { maliceNames } from '../malice.js';
import type { Plan } from '../plan.js';
import type { Run } from '../run.js';
import { isHonest } from '../views.js';

/** After the faults have ended, everybody agrees within so many rounds. */
const healingRounds = 60;

/** One fault, begun at a random moment of the hurting; what it returns undoes what healing the network does not. */
const faults: Readonly<Record<string, (run: Run) => (() => void) | undefined>> = {
  latency: (run) => void Object.assign(run.world.wiring.faults, { leastLatencyMs: 20, tailLatencyMs: 40 }),
  loss: (run) => void Object.assign(run.world.wiring.faults, { loss: 0.1 }),
  duplication: (run) => void Object.assign(run.world.wiring.faults, { duplication: 0.1 }),
  reordering: (run) => void Object.assign(run.world.wiring.faults, { reordering: 0.2 }),
  bandwidth: (run) => void run.some(run.honest(), few(run)).forEach((node) => (node.bytesPerSecond = 60_000)),
  crashes: (run) => void restart(run, run.some(run.honest(), few(run)), 3 + 20 * run.random(), diskFates[Math.floor(run.random() * diskFates.length)] ?? 'kept'),
  deaths: (run) => void run.some(run.honest(), few(run)).forEach((node) => run.world.crash(node)),
  farewells: (run) => void run.some(run.honest(), few(run)).forEach((node) => run.world.leave(node)),
  copies: (run) => {
    const [node] = run.some(run.honest(), 1);
    if (node === undefined) return undefined;
    const copy = clone(run, node);
    return () => run.world.crash(copy);
  },
  jumps: (run) => void run.some(run.honest(), few(run)).forEach((node) => (node.wallOffsetMs = (run.random() - 0.5) * 600_000)),
  drift: (run) => void run.some(run.honest(), few(run)).forEach((node) => node.drift(run.world.nowMs, 0.95 + 0.1 * run.random())),
  pauses: (run) => void run.some(run.honest(), few(run)).forEach((node) => run.world.pause(node, 500 + 7_000 * run.random())),
  slowness: (run) => void run.some(run.honest(), few(run)).forEach((node) => (node.messageCostMs = 2)),
  verification: (run) => void run.some(run.honest(), few(run)).forEach((node) => (node.verificationMs = 200)),
  partition: (run) => void cut(run, (node) => node.index % 2, 'both-ways'),
  oneWay: (run) => void cut(run, (node) => Number(node.index % 4 !== 0), 'one-way'),
};

function few(run: Run): number {
  return 1 + Math.floor((run.random() * run.options.nodes) / 5);
}

export const swarm: Plan = {
  name: 'swarm',
  about: 'a mixture of faults that the seed chooses; then all heal and must agree',
  nodes: 40,
  seconds: 60,
  nightly: { nodes: 60, seeds: 40 },
  course(run) {
    const { nodes, seconds } = run.options;
    const chosen = Object.values(faults).filter(() => run.random() < 0.4);
    const all = run.populate(nodes, 5);
    if (run.random() < 0.3) run.corrupt(run.some(all, Math.max(1, Math.floor(nodes / 10))), run.some(maliceNames, 4));
    run.checks.longestFalseDeathMs = Number.POSITIVE_INFINITY;
    run.advance(10);
    run.measure();
    const undoings: (() => void)[] = [];
    for (const begin of chosen) {
      const undone = () => {
        const undo = begin(run);
        if (undo !== undefined) undoings.push(undo);
      };
      run.world.at(run.world.nowMs + run.random() * (seconds - 20) * 1_000, undone);
    }
    run.advance(seconds - 10);
    healNetwork(run);
    for (const undo of undoings) undo();
    run.checks.longestFalseDeathMs = 30_000;
    // Those that are to come back do so within the first rounds.
    run.advance(25);
    run.figures['faults'] = chosen.length;
    run.figures['agreement after healing, s'] = run.converge(healingRounds);
    run.figures['nodes left'] = run.world.nodes.filter(isHonest).length;
  },
};
