/** Ends of a test under an authority of its own, closed after each test. */
import { afterEach } from 'vitest';
import { createTestAuthority, type TestAuthority } from '../support/authority.js';
import { credentialsOf, type End, leafUri, openEnd } from '../support/transport-end.js';

type QuicEnd = Awaited<ReturnType<typeof openEnd>>;
const opened: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
});

/** Closes it after the test. */
export function closing<T extends { close(): Promise<unknown> }>(one: T): T {
  opened.push(one);
  return one;
}

export async function openedEnd(...given: Parameters<typeof openEnd>): Promise<QuicEnd> {
  const end = await openEnd(...given);
  closing({ close: () => end.transport.shutdown() });
  return end;
}

let ours: Promise<TestAuthority> | null = null;

export function authorityOfTests(): Promise<TestAuthority> {
  ours ??= createTestAuthority('Ours');
  return ours;
}

/** An end with a sound certificate of its own. */
export async function honestEnd(): Promise<QuicEnd> {
  const authority = await authorityOfTests();
  return openedEnd(credentialsOf(await authority.issue([leafUri()]), authority));
}

export type { End, QuicEnd };
