/** The words of a command, read as what its usage says that they are. */
import type { SimulatedNode } from '../simulator/src/simulated-node.js';
import type { Stage } from './stage.js';

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Whether these words have the form of this usage: as many, and alike where the usage has no placeholder. */
export function fits(usage: string, words: readonly string[]): boolean {
  const forms = usage.split(' ');
  return forms.length === words.length && forms.every((form, i) => isPlaceholder(form) || form === words[i]);
}

function isPlaceholder(form: string): boolean {
  return form.startsWith('<');
}

export class Arguments {
  readonly #stage: Stage;
  readonly #words: readonly string[];

  constructor(stage: Stage, usage: string, words: readonly string[]) {
    this.#stage = stage;
    this.#words = words.filter((_, i) => isPlaceholder(usage.split(' ')[i] ?? ''));
  }

  word(at: number): string {
    const word = this.#words[at];
    if (word === undefined) throw new Error(`it takes more than ${at} arguments`);
    return word;
  }

  node(at: number): SimulatedNode {
    return this.#stage.node(this.word(at));
  }

  /** `a,c`, or `all`. */
  nodes(at: number): SimulatedNode[] {
    const word = this.word(at);
    return word === 'all' ? [...this.#stage.world.nodes] : word.split(',').map((name) => this.#stage.node(name));
  }

  milliseconds(at: number): number {
    const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(this.word(at)) ?? [];
    if (amount === undefined || unit === undefined) throw new Error(`${this.word(at)} is no duration: say 10ms, 1.5s, 2m or 1h`);
    return Number(amount) * (unitsMs[unit] as number);
  }

  number(at: number): number {
    if (!/^\d+$/.test(this.word(at))) throw new Error(`${this.word(at)} is no whole number`);
    return Number(this.word(at));
  }

  /** `incarnation/sequence`. */
  version(at: number): { readonly incarnation: number; readonly sequence: number } {
    const [, incarnation, sequence] = /^(\d+)\/(\d+)$/.exec(this.word(at)) ?? [];
    if (incarnation === undefined || sequence === undefined) throw new Error(`${this.word(at)} is no incarnation/sequence`);
    return { incarnation: Number(incarnation), sequence: Number(sequence) };
  }

  /** `graft,prune`: each one of these. */
  oneOf<T extends string>(at: number, names: readonly T[]): T[] {
    return this.word(at).split(',').map((word) => {
      const name = names.find((one) => one === word);
      if (name === undefined) throw new Error(`${word} is none of ${names.join(', ')}`);
      return name;
    });
  }
}
