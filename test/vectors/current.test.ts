/** The files are what vectors.ts makes: `node test/vectors/generate.mjs` writes them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { builders, contentOf } from './vectors.js';

it.each(Object.keys(builders))('%s is current', async (name) => {
  const path = join(import.meta.dirname, name);
  const content = await contentOf(name);
  if (process.env['STARLING_WRITE_VECTORS'] === '1') writeFileSync(path, content);
  expect(readFileSync(path, 'utf8') === content, `${name}: run node test/vectors/generate.mjs, and look at what changed`).toBe(true);
});
