/**
 * Follows one kind of objects of the Kubernetes API for ever: LIST, then WATCH from there, and after whatever goes wrong
 * again, ever more slowly. Meanwhile what was last heard stays. It never rejects and never stops by itself.
 */
import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '@starling/gossip';
import { ApiFault, type ApiServer, asApiFault, askApiServer, textOf } from './api-server.js';
import { fieldOf, listAt, textAt } from './json.js';
import { linesOf } from './lines.js';

export interface WatchOptions<T> {
  readonly server: ApiServer;
  /** Of the collection, such as `/apis/discovery.k8s.io/v1/namespaces/default/endpointslices`. */
  readonly path: string;
  readonly selector: Readonly<Record<string, string>>;
  /** What is kept of an object; null for one that is of no use. */
  readonly read: (object: unknown) => T | null;
  readonly onChanged?: (uid: string, object: T) => void;
  /** With what was last known of it. */
  readonly onGone?: (uid: string, object: T) => void;
  /** Told when it fails, rarely again, and with null when it goes on. */
  readonly onFault: (fault: string | null) => void;
  readonly nowMs: () => number;
  readonly random: Random;
  readonly bounds?: Partial<WatchBounds>;
}

export interface WatchBounds {
  /** Objects of one answer to LIST; a page of pods is about 1 MB. */
  readonly pageObjects: number;
  readonly maxPageBytes: number;
  /** No object is larger than 1.5 MiB, which is what the API server's store takes. */
  readonly maxLineBytes: number;
  readonly maxObjects: number;
  /** How long the API server is asked to keep a watch open, give or take a fifth, seconds. */
  readonly watchS: number;
  readonly answerMs: number;
  /** A watch over which nothing came for so long has stalled: bookmarks come about every minute. Milliseconds. */
  readonly idleMs: number;
  /** After a failure: the first wait and the longest, milliseconds. */
  readonly firstBackoffMs: number;
  readonly maxBackoffMs: number;
  /** A watch that lasted so long was sound, however it ended. */
  readonly soundMs: number;
  /** The same fault is told again after so long, milliseconds. */
  readonly retellMs: number;
}

const standardBounds: WatchBounds = {
  pageObjects: 100,
  maxPageBytes: 16_777_216,
  maxLineBytes: 2_097_152,
  maxObjects: 10_000,
  watchS: 240,
  answerMs: 15_000,
  idleMs: 150_000,
  firstBackoffMs: 1_000,
  maxBackoffMs: 60_000,
  soundMs: 5_000,
  retellMs: 600_000,
};

/** How long to wait after so many failures in a row: doubled each time, and spread, so that nodes do not come back all at once. */
export function backoffMs(failures: number, random: Random, { firstBackoffMs, maxBackoffMs }: Pick<WatchBounds, 'firstBackoffMs' | 'maxBackoffMs'>): number {
  return Math.min(maxBackoffMs, firstBackoffMs * 2 ** (failures - 1)) * (0.5 + 0.5 * random());
}

export class Watch<T> {
  readonly #options: WatchOptions<T>;
  readonly #bounds: WatchBounds;
  readonly #ending = new AbortController();
  #objects = new Map<string, T>();
  /** Up to which everything was heard; null when only a new LIST helps. */
  #version: string | null = null;
  #failures = 0;
  #told: { readonly fault: string; readonly atMs: number; mended: boolean } | null = null;

  constructor(options: WatchOptions<T>) {
    this.#options = options;
    this.#bounds = { ...standardBounds, ...options.bounds };
    void this.#run();
  }

  /** By uid, as last heard. */
  get objects(): ReadonlyMap<string, T> {
    return this.#objects;
  }

  stop(): void {
    this.#ending.abort();
  }

  async #run(): Promise<void> {
    while (!this.#ending.signal.aborted) {
      const fault = await this.#follow().catch(asApiFault);
      if (this.#ending.signal.aborted) return;
      if (fault !== null) await this.#backOff(fault);
    }
  }

  /** Null after a watch that ended in order. */
  async #follow(): Promise<ApiFault | null> {
    if (this.#version === null) await this.#list();
    const answer = await this.#openWatch(this.#version ?? '');
    const sinceMs = this.#options.nowMs();
    const isSound = () => this.#options.nowMs() - sinceMs >= this.#bounds.soundMs;
    try {
      for await (const line of linesOf(answer, this.#bounds.maxLineBytes)) {
        this.#take(parse(line));
        this.#tell(null);
      }
      return isSound() ? null : new ApiFault(0, 'the API server ends each watch at once');
    } finally {
      if (isSound()) {
        this.#failures = 0;
        this.#tell(null);
      }
    }
  }

  async #backOff(fault: ApiFault): Promise<void> {
    if (fault.remedy === 'list') this.#version = null;
    this.#failures += 1;
    // A connection that breaks once is daily life; a refusal is not.
    if (this.#failures > 1 || (fault.status >= 400 && fault.remedy === 'again')) this.#tell(fault.message);
    await sleep(backoffMs(this.#failures, this.#options.random, this.#bounds), undefined, { signal: this.#ending.signal, ref: false }).catch(() => undefined);
  }

  async #list(): Promise<void> {
    const { path, selector } = this.#options;
    const found = new Map<string, T>();
    let version: string | null = null;
    let next: string | null = null;
    do {
      const page: unknown = await this.#page({ ...selector, limit: String(this.#bounds.pageObjects), ...(next !== null && { continue: next }) });
      version = textAt(page, 'metadata', 'resourceVersion');
      next = textAt(page, 'metadata', 'continue');
      for (const item of listAt(page, 'items')) this.#keep(found, item);
    } while (next !== null && next !== '');
    if (version === null) throw new ApiFault(0, `${path} is no collection`);
    const before = this.#objects;
    this.#objects = found;
    this.#version = version;
    for (const [uid, object] of before) if (!found.has(uid)) this.#options.onGone?.(uid, object);
    for (const [uid, object] of found) this.#options.onChanged?.(uid, object);
  }

  async #page(query: Readonly<Record<string, string>>): Promise<unknown> {
    const answer = await this.#ask(query, this.#bounds.answerMs);
    return parse(await textOf(answer, this.#bounds.maxPageBytes));
  }

  #openWatch(version: string): Promise<IncomingMessage> {
    const timeoutSeconds = Math.max(1, Math.round(this.#bounds.watchS * (0.8 + 0.4 * this.#options.random())));
    return this.#ask({ ...this.#options.selector, watch: 'true', allowWatchBookmarks: 'true', resourceVersion: version, timeoutSeconds: String(timeoutSeconds) }, this.#bounds.idleMs);
  }

  #take(event: unknown): void {
    const object = fieldOf(event, 'object');
    const uid = textAt(object, 'metadata', 'uid');
    const version = textAt(object, 'metadata', 'resourceVersion');
    switch (fieldOf(event, 'type')) {
      case 'ADDED':
      case 'MODIFIED': {
        if (uid === null) break;
        const kept = this.#keep(this.#objects, object);
        if (kept !== null) this.#options.onChanged?.(uid, kept);
        // It is of no use any more, as a LIST would find as well.
        else this.#drop(uid, this.#objects.get(uid));
        break;
      }
      case 'DELETED':
        if (uid !== null) this.#drop(uid, this.#options.read(object) ?? this.#objects.get(uid));
        break;
      case 'BOOKMARK':
        break;
      case 'ERROR':
        throw new ApiFault(Number(fieldOf(object, 'code') ?? 0), textAt(object, 'message') ?? 'the API server ended the watch with an error', 'list');
      default:
        throw new ApiFault(0, 'a line of the watch is no event', 'list');
    }
    if (version !== null) this.#version = version;
  }

  #drop(uid: string, last: T | undefined): void {
    if (this.#objects.delete(uid) && last !== undefined) this.#options.onGone?.(uid, last);
  }

  /** @throws ApiFault beyond the bound: half of the truth would look like the whole. */
  #keep(into: Map<string, T>, item: unknown): T | null {
    const uid = textAt(item, 'metadata', 'uid');
    const object = this.#options.read(item);
    if (uid === null || object === null) return null;
    into.set(uid, object);
    if (into.size > this.#bounds.maxObjects) throw new ApiFault(0, `there are more than ${this.#bounds.maxObjects} objects`, 'list');
    return object;
  }

  #ask(query: Readonly<Record<string, string>>, idleMs: number): Promise<IncomingMessage> {
    const { server, path } = this.#options;
    return askApiServer(server, { path, query, answerMs: this.#bounds.answerMs, idleMs, signal: this.#ending.signal });
  }

  #tell(fault: string | null): void {
    const told = this.#told;
    if (fault === null) {
      if (told !== null && !told.mended) this.#options.onFault(null);
      if (told !== null) told.mended = true;
      return;
    }
    const atMs = this.#options.nowMs();
    if (told?.fault === fault && atMs - told.atMs < this.#bounds.retellMs) return;
    this.#told = { fault, atMs, mended: false };
    this.#options.onFault(fault);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiFault(0, 'the API server sent what is no JSON', 'list');
  }
}
