/** Every command of the scenarios: how it is written, what it means, and what it does. README.md lists the same. */
import { pushOf } from '../simulator/src/parcels.js';
import { type Arguments, fits } from './arguments.js';
import { written } from './letters.js';
import type { Narration } from './narration.js';
import { questions } from './questions.js';
import type { Stage } from './stage.js';

export interface CommandForm {
  /** Words as they are, and placeholders for the arguments. */
  readonly usage: string;
  readonly meaning: string;
  /** Returns what it adds to the transcript. */
  run(stage: Stage, given: Arguments, narration: Narration): readonly string[] | void;
}

const scenery: readonly CommandForm[] = [
  { usage: 'seed <number>', meaning: 'all randomness of the scenario; comes first', run: (stage, given) => void (stage.seed = given.number(0)) },
  { usage: 'connections logarithmic', meaning: 'a node seeks log2 N + 1 connections; otherwise one to each other node. Before `nodes`', run: (stage) => void (stage.connections = { type: 'logarithmic' }) },
  { usage: 'nodes <number>', meaning: 'starts nodes a, b, c, ... that know no address and say nothing by themselves', run: (stage, given) => stage.build(given.number(0)) },
  { usage: 'add', meaning: 'starts one more node', run: (stage) => start(stage) },
  { usage: 'add of another cluster', meaning: 'starts one more node, of a cluster of another name', run: (stage) => stage.startForeign(stage.enrol()) },
  { usage: 'add with the certificate of <node>', meaning: 'starts one more node, with a key of its own and the leaf of this one', run: (stage, given) => start(stage, given.node(0).key.leaf) },
  { usage: 'latency <duration>', meaning: 'what messages take from now on, one way; 10ms at first', run: (stage, given) => stage.setLatency(given.milliseconds(0)) },
  { usage: 'connect <node> <node>', meaning: 'the discovery of the first names the address of the second', run: (stage, given) => stage.introduce(given.node(0), given.node(1)) },
  { usage: 'connect all', meaning: 'the discovery of each names those before it', run: (stage) => connectAll(stage) },
  { usage: 'line <nodes>', meaning: 'connects them one after the other, and only neighbours reach each other', run: (stage, given) => stage.line(given.nodes(0)) },
  { usage: 'run <duration>', meaning: 'lets time pass', run: (stage, given) => stage.run(given.milliseconds(0)) },
];

const speech: readonly CommandForm[] = [
  { usage: 'say <node> <number>', meaning: 'the node measures this value and says so', run: (stage, given) => stage.say(given.node(0), given.number(1)) },
  { usage: 'say <node> 1 to <number> every <duration>', meaning: 'the same with 1, 2, 3 and so on, while time passes', run: (stage, given) => count(stage, given) },
  { usage: 'talk <nodes>', meaning: 'from now on they say every second how many seconds have passed', run: (stage, given) => given.nodes(0).forEach((node) => stage.talk(node)) },
  { usage: 'hush <nodes>', meaning: 'they say nothing any more', run: (stage, given) => given.nodes(0).forEach((node) => stage.hush(node)) },
];

const faults: readonly CommandForm[] = [
  { usage: 'cut <node> <node>', meaning: 'neither reaches the other', run: (stage, given) => cut(stage, given, 'both-ways') },
  { usage: 'cut from <node> to <node>', meaning: 'what the first sends does not reach the second', run: (stage, given) => cut(stage, given, 'one-way') },
  { usage: 'heal', meaning: 'what was cut is whole', run: (stage) => stage.heal() },
  { usage: 'crash <node>', meaning: 'the process is gone without a word', run: (stage, given) => stage.act(() => stage.world.crash(stage.running(given.node(0)))) },
  { usage: 'leave <node>', meaning: 'the process says farewell and ends', run: (stage, given) => stage.leave(given.node(0)) },
  { usage: 'restart <node>', meaning: 'a process with the disk as the last one left it', run: (stage, given) => restart(stage, given, 'kept') },
  { usage: 'restart <node> with old disk', meaning: 'with the disk as it was before the last start', run: (stage, given) => restart(stage, given, 'old') },
  { usage: 'restart <node> with empty disk', meaning: "with a new key; it is called a' then", run: (stage, given) => restart(stage, given, 'lost') },
  { usage: 'copy <node>', meaning: 'starts one more machine with a copy of the disk of this one', run: (stage, given) => copy(stage, given) },
  { usage: 'pause <node> <duration>', meaning: 'the process stands still; what comes meanwhile waits', run: (stage, given) => pause(stage, given) },
  { usage: 'choke <node> <duration>', meaning: 'its transport tells of nothing that it would have left, for so long', run: (stage, given) => stage.choke(given.node(0), given.milliseconds(1)) },
];

const letters: readonly CommandForm[] = [
  { usage: 'write <letter> of <node> <version> = <number>', meaning: 'a record by hand, incarnation/sequence and value, signed by its origin and dated now', run: (stage, given) => write(stage, given, {}) },
  { usage: 'write <letter> of <node> <version> = <number> signed by <node>', meaning: 'the same with the key of another', run: (stage, given) => write(stage, given, { signer: 4 }) },
  { usage: 'write <letter> of <node> <version> = <number> dated <duration> ahead', meaning: 'the same with another date', run: (stage, given) => write(stage, given, { aheadMs: given.milliseconds(4) }) },
  { usage: 'write <letter> of <node> <version> = <number> dated <duration> ago', meaning: 'the same with another date', run: (stage, given) => write(stage, given, { aheadMs: -given.milliseconds(4) }) },
  { usage: 'keep <letter> of <node> from <node>', meaning: 'copies the newest record of the first that the second holds', run: (stage, given) => keep(stage, given) },
  { usage: 'hand <letter> from <node> to <node>', meaning: 'sends it over the connection between them, past the rules of the sender', run: (stage, given) => hand(stage, given) },
];

export const commandForms: readonly CommandForm[] = [...scenery, ...speech, ...faults, ...letters, ...questions];

/** The form of these words. */
export function formOf(words: readonly string[]): CommandForm {
  const form = commandForms.find(({ usage }) => fits(usage, words));
  if (form !== undefined) return form;
  const known = commandForms.filter(({ usage }) => usage.split(' ')[0] === words[0]);
  if (known.length === 0) throw new Error(`there is no command ${words[0]}`);
  throw new Error(`${words.join(' ')} is not of the form ${known.map(({ usage }) => `\`${usage}\``).join(' or ')}`);
}

function start(stage: Stage, leaf?: Uint8Array): void {
  const node = stage.enrol();
  if (leaf !== undefined) node.disk = { ...node.disk, key: { ...node.key, leaf } };
  stage.act(() => stage.world.start(node));
}

function connectAll(stage: Stage): void {
  const { nodes } = stage.world;
  for (const node of nodes) for (const other of nodes) if (other.index < node.index) stage.introduce(node, other);
}

function count(stage: Stage, given: Arguments): void {
  for (let value = 1; value <= given.number(1); value++) {
    stage.say(given.node(0), value);
    stage.run(given.milliseconds(2));
  }
}

function cut(stage: Stage, given: Arguments, ways: 'both-ways' | 'one-way'): void {
  stage.cut(given.node(0), given.node(1));
  if (ways === 'both-ways') stage.cut(given.node(1), given.node(0));
}

function restart(stage: Stage, given: Arguments, disk: 'kept' | 'old' | 'lost'): void {
  const node = given.node(0);
  if (node.isRunning) throw new Error(`${stage.nameOf(node)} runs: crash it first`);
  if (disk === 'old') node.disk.incarnation -= 1;
  if (disk === 'lost') {
    node.disk = { key: stage.world.newKey(), incarnation: 0 };
    stage.noteKey(node);
  }
  stage.act(() => stage.world.start(node));
}

function copy(stage: Stage, given: Arguments): void {
  const machine = stage.world.add('silent');
  machine.disk = { ...given.node(0).disk };
  stage.act(() => stage.world.start(machine));
}

function pause(stage: Stage, given: Arguments): void {
  const node = stage.running(given.node(0));
  stage.act(() => stage.world.pause(node, given.milliseconds(1)));
}

function write(stage: Stage, given: Arguments, { signer, aheadMs = 0 }: { readonly signer?: number; readonly aheadMs?: number }): void {
  const origin = given.node(1);
  const timeMs = origin.wallMs(stage.world.nowMs) + aheadMs;
  stage.letters.set(given.word(0), written({ origin, signer: signer === undefined ? origin : given.node(signer), ...given.version(2), value: given.number(3), timeMs }));
}

function keep(stage: Stage, given: Arguments): void {
  const [origin, holder] = [given.node(1), given.node(2)];
  const record = stage.chronicle.of(holder).records.get(origin.key.id);
  if (record === undefined) throw new Error(`${stage.nameOf(holder)} holds nothing of ${stage.nameOf(origin)}`);
  stage.letters.set(given.word(0), record.bundle.bytes);
}

function hand(stage: Stage, given: Arguments): void {
  const bytes = stage.letters.get(given.word(0));
  if (bytes === undefined) throw new Error(`nothing was written or kept under the name ${given.word(0)}`);
  const [from, to] = [given.node(1), given.node(2)];
  const link = [...from.links.values()].find(({ ends }) => ends.includes(to));
  if (link === undefined) throw new Error(`${stage.nameOf(from)} has no connection with ${stage.nameOf(to)}`);
  stage.act(() => stage.world.emit(from, link, 'stream', pushOf([{ hops: 1, ageMs: 0, bytes }])));
}
