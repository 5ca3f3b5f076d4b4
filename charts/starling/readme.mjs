/**
 * README.md of the chart, from readme.tpl.md and the comments of values.yaml. `node charts/starling/readme.mjs` writes it,
 * `node charts/starling/readme.mjs --verify` exits with 1 when it is not what would be written.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isMap, parseDocument } from 'yaml';

const beside = (name) => fileURLToPath(new URL(name, import.meta.url));

/** One row for every value that has a "# -- " comment. Throws for a leaf without one: an undocumented value is a mistake. */
function rows(map, path) {
  return map.items.flatMap((pair, position) => {
    const name = [...path, pair.key.value];
    // The comment of a map's first key belongs to the map.
    const comment = pair.key.commentBefore ?? (position === 0 ? map.commentBefore : undefined);
    const text = comment?.split('\n').map((line) => line.trim()).find((line) => line.startsWith('-- '))?.slice(3);
    if (text === undefined && isMap(pair.value) && pair.value.items.length > 0) return rows(pair.value, name);
    if (text === undefined) throw new Error(`values.yaml: ${name.join('.')} has no "# -- " comment`);
    const standard = JSON.stringify(pair.value.toJSON());
    return [`| \`${name.join('.')}\` | \`${standard.replaceAll('|', '\\|')}\` | ${text.replaceAll('|', '\\|')} |`];
  });
}

export function readme() {
  const table = rows(parseDocument(readFileSync(beside('values.yaml'), 'utf8')).contents, []);
  const frame = readFileSync(beside('readme.tpl.md'), 'utf8');
  return frame.replace('{{values}}', () => ['| Value | Default | Meaning |', '| --- | --- | --- |', ...table].join('\n'));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const wanted = readme();
  if (!process.argv.includes('--verify')) writeFileSync(beside('README.md'), wanted);
  else if (readFileSync(beside('README.md'), 'utf8') !== wanted) {
    process.stderr.write('charts/starling/README.md is out of date: node charts/starling/readme.mjs\n');
    process.exit(1);
  }
}
