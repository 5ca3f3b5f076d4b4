/** Text that somebody else chose, for a terminal. */

/** Controls, invisible format characters (those that turn the direction of text among them), lone surrogates, line and paragraph separators. */
const unprintable = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** The same text with a replacement character for all that would move the cursor, command the terminal, or end the line. */
export function printable(text: string): string {
  return text.replace(unprintable, '\u{fffd}');
}

/** JSON of the same value, with escapes for all that `printable` replaces; indented by two spaces. */
export function printableJson(value: unknown): string {
  const escaped = (characters: string) => Array.from({ length: characters.length }, (_, i) => `\\u${characters.charCodeAt(i).toString(16).padStart(4, '0')}`).join('');
  return JSON.stringify(value, null, 2).replace(unprintable, (character) => (character === '\n' ? character : escaped(character)));
}
