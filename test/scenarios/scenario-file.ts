/**
 * A scenario as text: blocks of prose (`#`), commands, a rule (`----`) and the transcript of these commands, with an
 * empty line between them. What stands above the rule is kept as it is; what stands below is what a run gives.
 */
const rule = '----';
/** The transcript of commands that have nothing to say. */
const silence = 'ok';

export interface Command {
  /** In the file, from 1. */
  readonly line: number;
  readonly words: readonly string[];
}

export interface Block {
  /** Prose and commands as they stand in the file. */
  readonly head: readonly string[];
  readonly commands: readonly Command[];
}

/** A mistake in a scenario, with the place where it stands. */
export class ScenarioFault extends Error {
  constructor(file: string, line: number, what: string) {
    super(`${file}:${line}: ${what}`);
    this.name = 'ScenarioFault';
  }
}

export function parseScenario(file: string, text: string): Block[] {
  const lines = text.replace(/\n+$/, '').split('\n');
  if (!lines[0]?.startsWith('# ')) throw new ScenarioFault(file, 1, 'a scenario begins with prose that says what it is about (`# ...`)');
  const blocks: Block[] = [];
  let head: string[] = [];
  let commands: Command[] = [];
  let place: 'above' | 'below' = 'above';
  const end = (line: number): void => {
    if (place === 'above' && commands.length > 0) throw new ScenarioFault(file, line, `commands without a rule (\`${rule}\`) below them`);
    if (head.length > 0) blocks.push({ head, commands });
    [head, commands, place] = [[], [], 'above'];
  };
  for (const [i, line] of lines.entries()) {
    if (line.trim() === '') end(i);
    else if (place === 'below') continue;
    else if (line !== rule) {
      head.push(line);
      if (!line.startsWith('#')) commands.push({ line: i + 1, words: line.trim().split(/\s+/) });
    } else if (commands.length === 0) throw new ScenarioFault(file, i + 1, 'a rule without commands above it');
    else place = 'below';
  }
  end(lines.length);
  return blocks;
}

/** The text of the scenario with these transcripts, one for each block. */
export function renderScenario(blocks: readonly Block[], transcripts: readonly (readonly string[])[]): string {
  const texts = blocks.map(({ head, commands }, i) => {
    if (commands.length === 0) return head.join('\n');
    const transcript = transcripts[i] ?? [];
    return [...head, rule, ...(transcript.length === 0 ? [silence] : transcript)].join('\n');
  });
  return `${texts.join('\n\n')}\n`;
}
