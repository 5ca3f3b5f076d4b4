/** What each package says that it needs, against what it imports. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const packages = [...readdirSync(join(root, 'services')).map((name) => join('services', name)), 'ui'];

function* sources(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* sources(path);
    else if (/\.(ts|vue)$/.test(entry.name) && !/\.(test|fixture)\.ts$/.test(entry.name)) yield path;
  }
}

/** Packages of ours, sorted; of `@starling/gossip/wire` the package. */
function importedBy(folder: string): string[] {
  const names = [...sources(join(root, folder, 'src'))].flatMap((path) => [...readFileSync(path, 'utf8').matchAll(/(?:\bfrom |\bimport\()'(@starling\/[a-z]+)/g)].map(([, name]) => name as string));
  return [...new Set(names)].sort();
}

it.each(packages)('%s depends on the packages of ours that it imports, and on no other', (folder) => {
  const { dependencies = {}, devDependencies = {} } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as { dependencies?: Record<string, string>; devDependencies?: Record<string, string> };
  const ours = Object.keys({ ...dependencies, ...devDependencies }).filter((name) => name.startsWith('@starling/'));
  expect(ours.sort()).toEqual(importedBy(folder));
});

it('says in docs/ARCHITECTURE.md who depends on whom', () => {
  const text = readFileSync(join(root, 'docs', 'ARCHITECTURE.md'), 'utf8').replaceAll(/\s+/g, ' ');
  const sentence = /Dependencies point one way: (.*?)\. Nothing/.exec(text)?.[1] ?? '';
  const told = new Map(sentence.split('; ').flatMap((part) => {
    const [from = '', to = ''] = part.split(' -> ');
    const names = (list: string) => [...list.matchAll(/`([a-z]+)`/g)].map(([, name]) => name as string);
    return names(from).map((name) => [name, names(to).sort()] as const);
  }));
  const real = packages.map((folder) => [folder.split('/').at(-1) as string, importedBy(folder).map((name) => name.slice('@starling/'.length)).sort()] as const);
  expect(Object.fromEntries([...told].sort())).toEqual(Object.fromEntries(real.filter(([, names]) => names.length > 0).sort()));
});
