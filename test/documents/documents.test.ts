/** What the documents name exists: files, links, commands, values, settings, metrics. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { usage } from '../../services/cli/src/usage.js';
import { alerts, gatewaySettings, metricNames, nodeSettings } from './tables.js';

const root = join(import.meta.dirname, '..', '..');
const passedOver = new Set(['node_modules', 'dist', 'test-results', 'coverage', '.git', '.starling']);

function* documentsIn(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !passedOver.has(entry.name)) yield* documentsIn(path);
    else if (entry.name.endsWith('.md')) yield relative(root, path);
  }
}

const documents = [...documentsIn(root)].sort();
const textOf = (document: string) => readFileSync(join(root, document), 'utf8');
/** Lines indented as code count as text here: they hold the commands. */
const all = documents.map((document) => ({ document, text: textOf(document) }));

/** As GitHub makes them of headings. */
function anchorsOf(text: string): readonly string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, '').trim().replaceAll(' ', '-'));
}

/** Git has no empty folders. */
function isFolderOfSomething(path: string): boolean {
  return statSync(path).isDirectory() && readdirSync(path).length > 0;
}

/** Every match of `pattern` (its first group) in any document, with where it stands. */
function named(pattern: RegExp): readonly { readonly document: string; readonly name: string }[] {
  return all.flatMap(({ document, text }) => [...text.matchAll(pattern)].map(([, name = '']) => ({ document, name })));
}

it('there are documents to look at', () => {
  for (const document of ['README.md', 'docs/OPERATING.md', 'docs/ARCHITECTURE.md', 'charts/starling/README.md']) expect(documents).toContain(document);
});

describe.each(documents)('%s', (document) => {
  const text = textOf(document);

  it('links to what exists', () => {
    const broken = [...text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = '']) => {
      if (/^[a-z]+:/.test(target)) return [];
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? document : join(dirname(document), path);
      if (!existsSync(join(root, file))) return [target];
      return anchor === undefined || anchorsOf(textOf(file)).includes(anchor) ? [] : [target];
    });
    expect(broken).toEqual([]);
  });

  it('names files that exist', () => {
    const paths = [...text.matchAll(/`((?:services|ui|charts|k8s|test|docs|\.ci)\/[A-Za-z0-9_./-]*)`/g)].map(([, path = '']) => path);
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});

describe('docs/ARCHITECTURE.md', () => {
  const sections = textOf('docs/ARCHITECTURE.md').split(/^#+ /m);

  it.each(['services/gossip/src', 'services/node/src', 'test'])('has every folder of %s, and no other', (folder) => {
    const section = sections.find((one) => one.split('\n', 1)[0]?.includes(`\`${folder}\``)) ?? '';
    const rows = [...section.matchAll(/^\| `([a-z-]+)\/` \|/gm)].map(([, name]) => name);
    const folders = readdirSync(join(root, folder)).filter((name) => !passedOver.has(name) && isFolderOfSomething(join(root, folder, name)));
    expect(rows.sort()).toEqual(folders.sort());
  });

  it('has every service', () => {
    const services = readdirSync(join(root, 'services')).filter((name) => existsSync(join(root, 'services', name, 'package.json')));
    expect(services.filter((name) => !textOf('docs/ARCHITECTURE.md').includes(`| \`services/${name}\` |`))).toEqual([]);
  });
});

describe('the documents together', () => {
  it('name scripts that npm has', () => {
    const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
    expect(named(/\bnpm run ([a-z:]+)(?! -w)\b/g).filter(({ name }) => scripts[name] === undefined)).toEqual([]);
  });

  it('name commands that starling has', () => {
    const commands = [...usage.matchAll(/^ {2}starling (\w+)/gm)].map(([, command]) => command as string);
    expect(named(/\bnpx starling ([a-z]+)/g).filter(({ name }) => ![...commands, 'resume'].includes(name))).toEqual([]);
  });

  it('name values that the chart has', () => {
    const values = parse(textOf('charts/starling/values.yaml')) as Record<string, unknown>;
    const own = all.flatMap(({ document, text }) => text.split('\n').filter((line) => line.includes('charts/starling')).flatMap((line) => [...line.matchAll(/--set '?([A-Za-z0-9.]+)=/g)].map(([, name = '']) => ({ document, name }))));
    const leads = ({ name }: { readonly name: string }) => name.split('.').reduce<unknown>((inner, key) => (typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>)[key] : undefined), values) !== undefined;
    expect(own.length).toBeGreaterThan(5);
    expect(own.filter((one) => !leads(one))).toEqual([]);
  });

  it('name settings, metrics and alerts that there are', () => {
    // Below test/ other programs have variables of their own.
    const settings = new Set([...nodeSettings, ...gatewaySettings].map(({ variable }) => variable));
    const metrics = new Set(metricNames);
    const alertNames = new Set(alerts.map(({ alert }) => alert));
    const unknown = [
      ...named(/\b(STARLING_(?!TEST_|LABLES)[A-Z_]+[A-Z])\b/g).filter(({ document, name }) => !settings.has(name) && !document.startsWith('test/')),
      ...named(/\b((?:starling|process|nodejs)_[a-z0-9_]+[a-z])\b/g).filter(({ name }) => !metrics.has(name.replace(/_bucket$/, ''))),
      ...named(/\b(Starling[A-Z]\w+)\b/g).filter(({ name }) => !alertNames.has(name)),
    ];
    expect(unknown).toEqual([]);
  });
});
