/**
 * Who takes part, and whom each node believes to take part: kept from the events of the nodes alone, so that what is
 * compared in the end is what an operator would have seen.
 */
import type { Event, MemberState } from '@starling/gossip';
import type { SimulatedNode } from './simulated-node.js';
import type { Watcher } from './watcher.js';
import type { World } from './world.js';

const codes: Readonly<Record<MemberState, number>> = { alive: 1, suspect: 2, failed: 3, left: 4 };

interface View {
  /** By the number of the origin: 0 unknown, else the code of its state. */
  states: Uint8Array;
  /** Exclusive or over the marks of those present. */
  mark: number;
  present: number;
}

export class Views implements Watcher {
  readonly #world: World;
  readonly #numbers = new Map<string, number>();
  readonly #marks: number[] = [];
  readonly #ignored = new Set<number>();
  readonly #views: View[] = [];
  /** Of all whom everybody should believe to be present. */
  #truth = { mark: 0, present: 0 };

  constructor(world: World) {
    this.#world = world;
  }

  /** A small number for an origin, the same for the whole run. */
  numberOf(id: string): number {
    const known = this.#numbers.get(id);
    if (known !== undefined) return known;
    const number = this.#marks.length;
    this.#numbers.set(id, number);
    this.#marks.push(Number.parseInt(id.slice(0, 13), 16) >>> 0);
    return number;
  }

  /** What is believed of this origin is nobody's fault: it is malicious, or there are two of it. */
  ignore(id: string): void {
    this.#marks[this.numberOf(id)] = 0;
    this.#ignored.add(this.numberOf(id));
  }

  onLife(node: SimulatedNode, change: 'started' | 'crashed' | 'leaving' | 'departed'): void {
    if (change === 'started') this.#views[node.index] = { states: new Uint8Array(64), mark: 0, present: 0 };
  }

  onEvent(node: SimulatedNode, event: Event): void {
    if (event.type === 'member-changed') this.#set(this.#viewOf(node), this.numberOf(event.origin), codes[event.state]);
    else if (event.type === 'member-forgotten') this.#set(this.#viewOf(node), this.numberOf(event.origin), 0);
  }

  #viewOf(node: SimulatedNode): View {
    return (this.#views[node.index] ??= { states: new Uint8Array(64), mark: 0, present: 0 });
  }

  #set(view: View, origin: number, code: number): void {
    if (origin >= view.states.length) {
      const grown = new Uint8Array(Math.max(origin + 1, view.states.length * 2));
      grown.set(view.states);
      view.states = grown;
    }
    const was = view.states[origin] as number;
    view.states[origin] = code;
    const change = this.#ignored.has(origin) ? 0 : Number(code === 1 || code === 2) - Number(was === 1 || was === 2);
    if (change !== 0) view.mark = (view.mark ^ (this.#marks[origin] as number)) >>> 0;
    view.present += change;
  }

  /** Takes the truth of this moment: every honest process that says something and is not about to end. */
  refresh(): void {
    const ids = new Set<string>();
    for (const node of this.#world.nodes) if (isVoiced(node)) ids.add(node.key.id);
    let mark = 0;
    for (const id of ids) mark = (mark ^ (this.#marks[this.numberOf(id)] as number)) >>> 0;
    this.#truth = { mark, present: ids.size };
  }

  /** Whether this node believes exactly those present who are, as of the last `refresh`. */
  agrees(node: SimulatedNode): boolean {
    const view = this.#viewOf(node);
    return view.mark === this.#truth.mark && view.present === this.#truth.present;
  }

  /** The share of the honest running nodes that agree with the truth. */
  agreement(): number {
    this.refresh();
    let agreeing = 0;
    let asked = 0;
    for (const node of this.#world.nodes) {
      if (!isHonest(node)) continue;
      asked += 1;
      if (this.agrees(node)) agreeing += 1;
    }
    return asked === 0 ? 1 : agreeing / asked;
  }

  /** Names of those whom this node misses, or believes in wrongly. */
  differences(node: SimulatedNode): { readonly missing: string[]; readonly surplus: string[] } {
    const present = new Set<number>();
    for (const other of this.#world.nodes) if (isVoiced(other)) present.add(this.numberOf(other.key.id));
    const { states } = this.#viewOf(node);
    const names = [...this.#numbers.keys()];
    const believed = (origin: number) => states[origin] === 1 || states[origin] === 2;
    return {
      missing: [...present].filter((origin) => !believed(origin)).map((origin) => names[origin] as string),
      surplus: names.filter((_, origin) => believed(origin) && !present.has(origin) && !this.#ignored.has(origin)),
    };
  }
}

/** Runs, and plays by the rules. */
export function isHonest(node: SimulatedNode): boolean {
  return node.isRunning && !node.leaving && node.malice === null;
}

/** Everybody should know it. */
export function isVoiced(node: SimulatedNode): boolean {
  return node.isRunning && !node.leaving && node.role === 'sampling' && node.malice === null;
}
