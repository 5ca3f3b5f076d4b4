/** The commands that only look: what happened, what went over the wire, and what a node knows. */
import type { SimulatedNode } from '../simulator/src/simulated-node.js';
import type { Arguments } from './arguments.js';
import type { Knowledge } from './chronicle.js';
import type { CommandForm } from './commands.js';
import { eventKinds, messageKinds, type Narration, tellingEvents } from './narration.js';
import type { Stage } from './stage.js';
import { decodeMessage } from '../../services/gossip/src/wire/codec.js';

export const questions: readonly CommandForm[] = [
  { usage: 'events <nodes>', meaning: 'what happened at these nodes since they were last asked; what is counted only is left out', run: (stage, given, narration) => events(stage, given, narration, tellingEvents) },
  { usage: 'events <nodes> of <kinds>', meaning: 'the same, of these types of events (services/gossip/src/output.ts) only', run: (stage, given, narration) => events(stage, given, narration, given.oneOf(1, eventKinds)) },
  { usage: 'messages <kinds>', meaning: 'what was sent since last asked for, of these types (docs/PROTOCOL.md 7.1)', run: (stage, given, narration) => messages(stage, given, narration) },
  { usage: 'forget', meaning: 'what happened and was sent so far is asked for no more', run: (stage) => forget(stage) },
  { usage: 'show members <nodes>', meaning: 'whom each knows, and in which state', run: (stage, given) => each(stage, given, (node) => membersOf(stage, node)) },
  { usage: 'show records <nodes>', meaning: 'the newest record of each origin, and how it came', run: (stage, given, narration) => each(stage, given, (node) => recordsOf(stage, narration, node)) },
  { usage: 'show peers <nodes>', meaning: 'with whom each is connected, and who dialled', run: (stage, given) => each(stage, given, (node) => peersOf(stage, node)) },
  { usage: 'show peer count <nodes>', meaning: 'with how many, and how many it seeks', run: (stage, given) => each(stage, given, (node) => countsOf(node)) },
  { usage: 'show views <nodes>', meaning: 'how many of the members that each knows share its view, when it last spoke', run: (stage, given) => each(stage, given, (node) => viewsOf(stage, node)) },
  { usage: 'show incarnation <nodes>', meaning: 'the number of its life that each keeps on its disk', run: (stage, given) => each(stage, given, (node) => [`${node.disk.incarnation}`]) },
  { usage: 'show order', meaning: 'the nodes in the order of their ids', run: (stage) => [[...stage.world.nodes].sort((x, y) => (x.key.id < y.key.id ? -1 : 1)).map((node) => stage.nameOf(node)).join(' < ')] },
];

function events(stage: Stage, given: Arguments, narration: Narration, wanted: readonly string[]): string[] {
  return stage.chronicle.takeEvents(given.nodes(0)).filter(({ event }) => wanted.includes(event.type)).map((happened) => narration.event(happened));
}

function messages(stage: Stage, given: Arguments, narration: Narration): string[] {
  const wanted: readonly string[] = given.oneOf(0, messageKinds);
  return stage.chronicle.takeMessages().filter(({ bytes }) => wanted.includes(decodeMessage(bytes)?.type ?? '')).map((spoken) => narration.message(spoken));
}

function forget(stage: Stage): void {
  stage.chronicle.takeEvents(stage.world.nodes);
  stage.chronicle.takeMessages();
}

/** Each line under the name of its node. */
function each(stage: Stage, given: Arguments, linesOf: (node: SimulatedNode) => readonly string[]): string[] {
  return given.nodes(0).flatMap((node) => {
    const lines = linesOf(node);
    return (lines.length === 0 ? ['nothing'] : lines).map((line) => `${stage.nameOf(node)}: ${line}`);
  });
}

function known(stage: Stage, node: SimulatedNode): Knowledge {
  return stage.chronicle.of(stage.running(node));
}

function membersOf(stage: Stage, node: SimulatedNode): string[] {
  const { members, records } = known(stage, node);
  return [...members].map(([id, state]) => `${stage.nameOfId(id)} ${state}, incarnation ${records.get(id)?.bundle.incarnation}`).sort();
}

function recordsOf(stage: Stage, narration: Narration, node: SimulatedNode): string[] {
  return [...known(stage, node).records.values()].map((record) => narration.merged(record)).sort();
}

function peersOf(stage: Stage, node: SimulatedNode): string[] {
  const peers = [...known(stage, node).peers.values()].map(({ peer, direction }) => `${stage.nameOfId(peer)} (${direction})`).sort();
  return peers.length === 0 ? [] : [peers.join(', ')];
}

function countsOf(node: SimulatedNode): string[] {
  const statistics = node.engine?.statistics();
  return statistics === undefined ? [] : [`${statistics.peers}, seeks ${statistics.targetDegree}`];
}

function viewsOf(stage: Stage, node: SimulatedNode): string[] {
  const { views } = known(stage, node);
  return views === null ? [] : [`${views.agreeing} of ${views.total} agree`];
}
