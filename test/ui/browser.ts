/** The browser that the tests of the page drive: that of the system, without a window. */
import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const browserPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path));

/** Why the page cannot be tested here, for the name of the tests; empty when it can. */
export const withoutBrowser = browserPath === undefined ? ' (skipped: no Chromium here; apt-get install chromium)' : '';

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ ...(browserPath === undefined ? {} : { executablePath: browserPath }), args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}

export interface OpenPage {
  readonly page: Page;
  /** Errors of the console, exceptions of the page, and requests that left its origin. */
  readonly complaints: string[];
}

/** A page of its own, which begins at the root of the visualizer unless told otherwise. */
export async function openPage(browser: Browser, url: string, options: BrowserContextOptions & { readonly before?: (page: Page) => Promise<unknown> } = {}): Promise<OpenPage> {
  const { before, ...context } = options;
  const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 }, ...context })).newPage();
  const complaints: string[] = [];
  page.on('console', (message) => (message.type() === 'error' || message.type() === 'warning') && complaints.push(`${message.type()}: ${message.text()} (${message.location().url})`));
  page.on('pageerror', (fault) => complaints.push(`exception: ${fault.message}`));
  page.on('request', (request) => !request.url().startsWith(new URL(url).origin) && !request.url().startsWith('data:') && !request.url().startsWith('blob:') && complaints.push(`request to ${request.url()}`));
  await before?.(page);
  await page.goto(url);
  return { page, complaints };
}
