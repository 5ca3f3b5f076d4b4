/**
 * Takes the picture of the page that the README shows, of a cluster that runs:
 *
 *     npm start                                                 in one terminal; wait a minute, so that there is a past
 *     node test/ui/screenshot.mjs [url] [node] [light | dark]   in another; writes docs/screenshot.png
 *
 * `node` is the one that is selected, node-3 unless given.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const [url = 'http://127.0.0.1:8080', node = 'node-3', colorScheme = 'light'] = process.argv.slice(2);
const path = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'docs', 'screenshot.png');
/** For the graph to come to rest, and the curves to have a past, milliseconds. */
const settleMs = 45_000;

const { nodes } = await (await fetch(`${url}/v1/nodes`)).json();
const selected = nodes.find(({ name }) => name === node);
if (selected === undefined) throw new Error(`There is no ${node} at ${url}.`);
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
try {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, colorScheme });
  await page.goto(`${url}/?node=${selected.id}`);
  await page.locator('[data-testid=verified-badge][data-verdict=verified]').waitFor();
  await new Promise((resolve) => setTimeout(resolve, settleMs));
  await page.screenshot({ path });
} finally {
  await browser.close();
}
process.stdout.write(`${path}\n`);
