/** Plays a scenario from its first command to its last. */
import { Arguments } from './arguments.js';
import { formOf } from './commands.js';
import { Narration } from './narration.js';
import { type Command, parseScenario, renderScenario, ScenarioFault } from './scenario-file.js';
import { Stage } from './stage.js';

/** Returns the text of the scenario with the transcripts that the run gave. */
export function perform(file: string, text: string): string {
  const blocks = parseScenario(file, text);
  const stage = new Stage();
  const narration = new Narration(stage);
  const transcripts = blocks.map(({ commands }) => commands.flatMap((command) => carryOut(file, stage, narration, command)));
  return renderScenario(blocks, transcripts);
}

function carryOut(file: string, stage: Stage, narration: Narration, { line, words }: Command): readonly string[] {
  try {
    const form = formOf(words);
    return form.run(stage, new Arguments(stage, form.usage, words), narration) ?? [];
  } catch (error) {
    throw new ScenarioFault(file, line, error instanceof Error ? error.message : String(error));
  }
}
