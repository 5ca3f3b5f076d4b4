/** The page in a real browser, in front of a real cluster: what a person sees, and can do with the keyboard alone. */
import { AxeBuilder } from '@axe-core/playwright';
import type { RecordAnswer } from '@starling/contract';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ClusterProcess, startCluster } from '../support/cluster-process.js';
import { eventually } from '../support/eventually.js';
import { launchBrowser, type OpenPage, openPage, withoutBrowser } from './browser.js';

const names = Array.from({ length: 10 }, (_, i) => `node-${i + 1}`);
const deadlineMs = 45_000;
let cluster: ClusterProcess;
let browser: Browser;
const opened: OpenPage[] = [];

async function open(...[query = '', options]: [query?: string, options?: Parameters<typeof openPage>[2]]): Promise<Page> {
  const one = await openPage(browser, cluster.url + query, options);
  opened.push(one);
  return one.page;
}

function text(page: Page, id: string): Promise<string> {
  return page.getByTestId(id).first().innerText();
}

const row = (page: Page, name: string) => page.locator(`[data-testid=node-row][data-node-name="${name}"]`);

/** Null while the page does not show the node. */
async function stateOf(page: Page, name: string): Promise<string | null> {
  return (await row(page, name).count()) === 0 ? null : row(page, name).getAttribute('data-state');
}

async function becomes(page: Page, name: string, state: string): Promise<void> {
  await eventually(`the page shows ${name} as ${state}`, async () => (await stateOf(page, name)) === state, deadlineMs);
}

async function isLive(page: Page, state = 'live'): Promise<void> {
  await eventually(`the page calls itself ${state}`, async () => (await page.getByTestId('live-state').getAttribute('data-state')) === state, deadlineMs);
}

async function verdictIs(page: Page, verdict: string): Promise<void> {
  await eventually(`the badge says ${verdict}`, async () => (await page.getByTestId('verified-badge').getAttribute('data-verdict')) === verdict, deadlineMs);
}

async function command(...args: string[]): Promise<void> {
  expect(await cluster.command(...args)).toMatchObject({ code: 0, stderr: '' });
}

async function hasEvent(page: Page, type: string, node: string): Promise<void> {
  await eventually(`the event "${type}" of ${node} is listed`, async () => (await page.locator(`[data-testid=event-row][data-type=${type}]`, { hasText: node }).count()) > 0, deadlineMs);
}

/** Of accessibility, with the elements that break them. */
async function brokenRules(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']).analyze();
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary ?? ''}`).join('; ')}`);
}

describe.skipIf(withoutBrowser !== '')(`The page${withoutBrowser}`, () => {
  beforeAll(async () => {
    [cluster, browser] = await Promise.all([startCluster({ nodes: names.length, ratio: 0.3 }), launchBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    expect(await cluster?.stop()).toBe(0);
  });
  afterEach(async () => {
    const closing = opened.splice(0);
    await Promise.all(closing.map(({ page }) => page.context().close()));
    expect(closing.flatMap(({ complaints }) => complaints)).toEqual([]);
  });

  it('shows ten nodes alive that agree, seen by the designated one', async () => {
    const page = await open('?view=table');
    await isLive(page);
    await eventually('ten rows', async () => (await page.getByTestId('node-row').count()) === names.length);
    for (const name of names) expect(await stateOf(page, name), name).toBe('alive');
    expect([await text(page, 'node-count'), await text(page, 'state-alive-count'), await text(page, 'state-failed-count')]).toEqual(['10', '10', '0']);
    expect(await text(page, 'view-from')).toBe('node-1');
    await eventually('all views agree', async () => (await text(page, 'agreement')).startsWith('10 of 10'));
  });

  it('leaves room for the names, however narrow the window', async () => {
    const page = await open('?view=table');
    await isLive(page);
    const heading = page.getByRole('columnheader', { name: 'Node' });
    for (const width of [1440, 1280, 1240, 1150, 1024, 961, 770, 390]) {
      await page.setViewportSize({ width, height: 800 });
      expect((await heading.boundingBox())?.width, `at ${width} px`).toBeGreaterThanOrEqual(120);
    }
  });

  it('draws a graph that moves, with values that change', async () => {
    const page = await open();
    await isLive(page);
    const canvas = page.locator('canvas').first();
    await canvas.waitFor();
    const first = await canvas.screenshot();
    await eventually('the picture changes', async () => !(await canvas.screenshot()).equals(first));
    await page.keyboard.press('t');
    await row(page, 'node-3').click();
    await page.getByTestId('node-panel').waitFor();
    const before = await text(page, 'node-panel');
    const record = /Record\s+(\d+) of life (\d+)/;
    const sequence = Number(record.exec(before)?.[1]);
    expect(sequence).toBeGreaterThan(0);
    await eventually('newer records arrive', async () => Number(record.exec(await text(page, 'node-panel'))?.[1]) > sequence + 1);
    const values = (shown: string) => shown.slice(shown.indexOf('Values'));
    await eventually('its values change', async () => values(await text(page, 'node-panel')) !== values(before));
  });

  it('verifies what a node said in the browser, and refuses it with one flipped bit', async () => {
    const sound = await open('?view=table');
    await row(sound, 'node-5').click();
    await verdictIs(sound, 'verified');
    const checkedRecord = async () => Number((/record ([\d,]+), checked [\d.]+ s ago/.exec(await text(sound, 'verified-badge'))?.[1] ?? '').replaceAll(',', ''));
    const first = await checkedRecord();
    expect(first).toBeGreaterThan(0);
    await eventually('a newer record is checked', async () => (await checkedRecord()) > first, deadlineMs);
    await sound.getByRole('slider', { name: 'Look back' }).press('ArrowLeft');
    await verdictIs(sound, 'unavailable');
    expect(await text(sound, 'verified-badge')).toContain('past record');

    const flipped = await open('?view=table', {
      before: (page) =>
        page.route(/\/v1\/nodes\/[0-9a-f]{64}\/record/, async (route) => {
          const answer = await route.fetch();
          const record = (await answer.json()) as RecordAnswer;
          const [newest, ...older] = record.bundles;
          const bytes = Buffer.from(newest?.bytes ?? '', 'base64');
          const at = bytes.length - 80;
          bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
          await route.fulfill({ response: answer, json: { ...record, bundles: [{ ...newest, bytes: bytes.toString('base64') }, ...older] } });
        }),
    });
    await row(flipped, 'node-5').click();
    await verdictIs(flipped, 'refused');
    expect(await text(flipped, 'verified-badge')).toMatch(/signature/i);
  });

  it('can be used with the keyboard alone, and without a canvas', async () => {
    const page = await open('', { before: (fresh) => fresh.addInitScript('HTMLCanvasElement.prototype.getContext = () => null') });
    await isLive(page);
    await page.getByTestId('table').waitFor();
    expect(await page.getByRole('button', { name: 'Graph' }).isDisabled()).toBe(true);
    await eventually('ten rows', async () => (await page.getByTestId('node-row').count()) === names.length);
    const focused = () => page.evaluate('document.activeElement.closest("[data-node-name]")?.dataset.nodeName ?? document.activeElement.tagName') as Promise<string>;
    await page.keyboard.press('ArrowDown');
    const first = await focused();
    expect(names).toContain(first);
    await page.keyboard.press('ArrowDown');
    const second = await focused();
    expect(names).toContain(second);
    expect(second).not.toBe(first);
    await page.keyboard.press('Enter');
    await page.getByTestId('node-panel').waitFor();
    expect(await text(page, 'node-panel')).toContain(second);
    await verdictIs(page, 'verified');
    await page.keyboard.press('Escape');
    await eventually('the panel is gone', async () => (await page.getByTestId('node-panel').count()) === 0);
    await page.keyboard.press('/');
    await page.keyboard.type('node-10');
    await eventually('one row is left', async () => (await page.getByTestId('node-row').count()) === 1);
    expect(await stateOf(page, 'node-10')).toBe('alive');
  });

  it('says in the graph and in the table that a search finds nobody, and clears it', async () => {
    const page = await open();
    await isLive(page);
    for (const view of ['Graph', 'Table']) {
      await page.getByRole('button', { name: view, exact: true }).click();
      await page.getByPlaceholder('Search nodes').fill('no such node');
      await page.getByText('Nothing among 10 nodes has all of “no such node”.').waitFor();
      await page.getByRole('status').getByRole('button', { name: 'Clear the search' }).click();
      await page.getByText('No node matches').waitFor({ state: 'detached' });
    }
  });

  it('explains its signs on a telephone, and puts what deserves attention before the events, of which nothing is cut', async () => {
    const page = await open('', { viewport: { width: 390, height: 844 } });
    await isLive(page);
    await page.getByRole('button', { name: 'Keys and signs' }).click();
    await page.getByRole('dialog').getByText('Suspected for too long: taken for down').waitFor();
    await page.getByRole('button', { name: 'Close' }).click();
    const topOf = async (name: string) => (await page.getByRole('region', { name, exact: true }).boundingBox())?.y ?? Number.NaN;
    expect(await topOf('What deserves attention')).toBeLessThan(await topOf('Timeline'));
    expect(await page.evaluate('[...document.querySelectorAll("[data-testid=event-row] *")].filter((part) => part.scrollWidth > part.clientWidth + 1 && part.clientWidth > 0).length')).toBe(0);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`breaks no rule of accessibility in ${colorScheme} colours, as graph and as table`, async () => {
      for (const view of ['graph', 'table']) {
        const page = await open(`?view=${view}`, { colorScheme, reducedMotion: 'reduce' });
        await isLive(page);
        if (view === 'table') {
          await row(page, 'node-2').click();
          await verdictIs(page, 'verified');
        }
        expect(await brokenRules(page), view).toEqual([]);
      }
    });
  }

  it('shows a killed node as suspect, then as failed', async () => {
    const page = await open('?view=table');
    await isLive(page);
    await command('kill', 'node-7');
    await becomes(page, 'node-7', 'suspect');
    await becomes(page, 'node-7', 'failed');
    await hasEvent(page, 'failed', 'node-7');
    expect([await text(page, 'state-alive-count'), await text(page, 'state-failed-count')]).toEqual(['9', '1']);
    await row(page, 'node-7').click();
    expect(await text(page, 'node-panel')).toMatch(/View\s+–[^]*Values, [0-9. min]+s ago/);
    expect(await brokenRules(page)).toEqual([]);
    await page.getByRole('button', { name: 'Look from another node' }).click();
    await page.getByRole('menuitemradio', { name: 'node-7 failed' }).click();
    await page.getByText('node-7 did not answer: first missed at').waitFor();
    expect(await page.getByRole('button', { name: 'Look from node-' }).allInnerTexts()).toEqual(['node-1', 'node-2', 'node-3', 'node-4'].map((name) => `Look from ${name}`));
    await page.goBack();
    await isLive(page);
    await command('start', 'node-7');
    await becomes(page, 'node-7', 'alive');
  });

  it('shows a node that joins, and looks from it', async () => {
    const page = await open('?view=table');
    await isLive(page);
    await command('add');
    await becomes(page, 'node-11', 'alive');
    await hasEvent(page, 'joined', 'node-11');
    expect(await text(page, 'node-count')).toBe('11');
    await page.getByRole('button', { name: 'Look from another node' }).click();
    await page.getByRole('menuitemradio', { name: 'node-11' }).click();
    await eventually('the page looks from node-11', async () => (await text(page, 'view-from')) === 'node-11' && (await row(page, 'node-1').count()) === 1, deadlineMs);
    await isLive(page);
    await page.goBack();
    await eventually('the page looks from node-1 again', async () => (await text(page, 'view-from')) === 'node-1', deadlineMs);
    await command('stop', 'node-11');
    await becomes(page, 'node-11', 'left');
  });

  it('says so when its node is offered no more, and offers others', async () => {
    const page = await open('?view=table&from=nobody');
    await isLive(page, 'away');
    await page.getByText('does not offer nobody').waitFor();
    await page.getByRole('button', { name: 'Look from node-2' }).click();
    await isLive(page);
    expect(await text(page, 'view-from')).toBe('node-2');
    // The browser complains of the refusals themselves, which is right.
    const complaints = opened.at(-1)?.complaints.splice(0) ?? [];
    expect(complaints.filter((one) => !/from=nobody/.test(one))).toEqual([]);
    expect(complaints).not.toEqual([]);
  });

  it('shows a paused node as suspect, and as alive again when it goes on', async () => {
    const page = await open('?view=table');
    await isLive(page);
    await command('pause', 'node-4');
    await becomes(page, 'node-4', 'suspect');
    await command('resume', 'node-4');
    await becomes(page, 'node-4', 'alive');
    await hasEvent(page, 'recovered', 'node-4');
  });

  it('says that its own node is away when that is killed, offers others, and returns to it', async () => {
    const page = await open('?view=table');
    await isLive(page);
    await command('kill', 'node-1');
    await isLive(page, 'away');
    const attention = page.getByRole('region', { name: 'What deserves attention' });
    expect(await attention.getByRole('listitem').first().innerText()).toMatch(/node-1\s+is out of reach: nothing newer is known/);
    await eventually('what is shown is old', async () => /worst \d\d s/.test(await page.getByTitle(/^Age of the newest record/).innerText()), deadlineMs);
    expect(await attention.innerText()).not.toContain('quiet for');
    await page.getByRole('button', { name: 'Look from node-2' }).click();
    await isLive(page);
    expect(await text(page, 'view-from')).toBe('node-2');
    await becomes(page, 'node-1', 'failed');
    await command('start', 'node-1');
    await becomes(page, 'node-1', 'alive');
    const again = await open('?view=table');
    await isLive(again);
    expect(await text(again, 'view-from')).toBe('node-1');
  });
});
