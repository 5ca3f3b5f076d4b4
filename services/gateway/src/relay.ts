/**
 * The stream of one page: passes on what the node says, no faster than the page takes it, and stays open when the node
 * goes away: it says so, tries again for ever, and goes on where the node was left off.
 */
import type { GatewayMessage } from '@starling/contract';
import { Passage } from '@starling/http';
import type { RawData, WebSocket } from 'ws';
import { gatewayLimits } from './gateway-limits.js';
import { type Target, type Upstream, certificateRefused, reasonOf } from './target.js';

export const closeCodes = { goingAway: 1001, unsupported: 1003, policyViolation: 1008, restart: 1012 } as const;

export interface RelayParts {
  readonly page: WebSocket;
  readonly target: Target;
  /** Where the page wants to go on, `<session>:<sequence>`. */
  readonly resume: string | null;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** The stream of the node ended, for whatever reason. */
  readonly onLost: () => void;
}

/** How often the relay looks after both ends, milliseconds. */
const lookIntervalMs = 5_000;
/** Where session and sequence stand in a message of a node: in its head, where no text can imitate them (quotes in JSON text are escaped). */
const position = /"session":"([0-9a-f]{16})","sequence":(\d{1,15})/;
const headCharacters = 1_024;

export class Relay {
  readonly #parts: RelayParts;
  #upstream: WebSocket | null = null;
  #resume: string | null;
  /** What the page was told; it takes the node to be there until it hears otherwise. */
  #told: Upstream['state'] = 'up';
  #failures = 0;
  #retryTimer: NodeJS.Timeout | null = null;
  #lookTimer: NodeJS.Timeout | null = null;
  #heardAtMs = 0;
  #pingedAtMs = performance.now();
  #pageMoved = true;
  #pageMovedAtMs = performance.now();
  readonly #passage = new Passage();
  #paused = false;
  #ended = false;

  constructor(parts: RelayParts) {
    this.#parts = parts;
    this.#resume = parts.resume;
    const { page } = parts;
    page.on('close', () => this.#end());
    page.on('error', () => page.terminate());
    page.on('pong', (payload) => this.#onPong(payload));
    page.on('message', () => page.close(closeCodes.policyViolation, 'this stream takes no messages'));
    this.#connect();
    this.#armLook();
  }

  get target(): Target {
    return this.#parts.target;
  }

  /** A word of the gateway itself to the page. */
  say(message: GatewayMessage): void {
    const { page } = this.#parts;
    if (page.readyState === page.OPEN) page.send(JSON.stringify(message));
  }

  /** Opens the stream of the node anew, with the certificates that are in force now; the page notices nothing. */
  reconnect(): void {
    this.#upstream?.close(closeCodes.restart, 'certificates were renewed');
  }

  close(code: number, reason: string): void {
    // What becomes of the stream of the node from here on is no loss.
    this.#end();
    this.#parts.page.close(code, reason);
    setTimeout(() => this.#parts.page.terminate(), gatewayLimits.closeDeadlineMs).unref();
  }

  #connect(): void {
    this.#retryTimer = null;
    const { target } = this.#parts;
    const upstream = target.openStream(this.#resume);
    this.#upstream = upstream;
    this.#heardAtMs = performance.now();
    this.#paused = false;
    let reason: string | null = null;
    upstream.on('open', () => (reason = 'the connection to it was lost.'));
    upstream.on('ping', () => {
      this.#heardAtMs = performance.now();
      target.noteUp();
    });
    upstream.on('message', (data, isBinary) => this.#pass(upstream, data, isBinary));
    upstream.on('unexpected-response', (_request, response) => {
      reason = refusalOf(response.statusCode);
      if (response.statusCode === 400) this.#resume = null;
      upstream.terminate();
    });
    upstream.on('error', (error) => (reason ??= reasonOf(error)));
    upstream.on('close', (code) => this.#lost(upstream, code, code === closeCodes.goingAway ? 'it was stopped.' : (reason ?? 'it does not answer.')));
  }

  #pass(upstream: WebSocket, data: RawData, isBinary: boolean): void {
    const { page } = this.#parts;
    this.#heardAtMs = performance.now();
    if (isBinary || !Buffer.isBuffer(data)) return upstream.close(closeCodes.unsupported, 'messages are text');
    const [, session, sequence] = position.exec(data.toString('latin1', 0, headCharacters)) ?? [];
    if (session !== undefined) this.#resume = `${session}:${sequence}`;
    this.#failures = 0;
    this.#parts.target.noteUp();
    this.#tell('up');
    if (page.readyState !== page.OPEN) return;
    this.#passage.sent(data.length);
    page.send(data, { binary: false }, () => this.#drained());
    if (page.bufferedAmount <= gatewayLimits.maxBufferedBytes) return;
    this.#paused = true;
    upstream.pause();
  }

  #onPong(payload: Buffer): void {
    this.#noteMoved();
    this.#passage.answered(payload);
  }

  #noteMoved(): void {
    this.#pageMoved = true;
    this.#pageMovedAtMs = performance.now();
  }

  #drained(): void {
    this.#noteMoved();
    if (!this.#paused || this.#parts.page.bufferedAmount > gatewayLimits.drainedBytes) return;
    this.#paused = false;
    this.#heardAtMs = performance.now();
    this.#upstream?.resume();
  }

  #lost(upstream: WebSocket, code: number, reason: string): void {
    if (upstream !== this.#upstream || this.#ended) return;
    this.#upstream = null;
    this.#parts.onLost();
    // The node, or this gateway, has new certificates: nothing is wrong, and what follows comes at once.
    if (code === closeCodes.restart && this.#failures === 0) {
      this.#failures = 1;
      return this.#connect();
    }
    this.#parts.target.noteAway(reason);
    this.#tell('away');
    const waitMs = Math.min(gatewayLimits.maxRetryMs, gatewayLimits.retryMs * 2 ** Math.min(this.#failures, 10));
    this.#failures += 1;
    // Half of it at random, so that many pages do not come back at once.
    this.#retryTimer = setTimeout(() => this.#connect(), (waitMs * (1 + this.#parts.random())) / 2);
  }

  /** The absence is told again with each attempt: the page takes a stream without a word for dead. */
  #tell(state: 'up' | 'away'): void {
    if (state === 'up' && this.#told === 'up') return;
    this.#told = state;
    this.say({ type: 'upstream', upstream: this.target.upstream });
  }

  #armLook(): void {
    this.#lookTimer = setTimeout(() => this.#look(), lookIntervalMs);
    this.#lookTimer.unref();
  }

  #look(): void {
    const nowMs = performance.now();
    const { page } = this.#parts;
    if (!this.#paused && this.#upstream !== null && nowMs - this.#heardAtMs > gatewayLimits.upstreamSilenceMs) this.#upstream.terminate();
    // The pings of the node wait unread behind what the page does not take yet; it need not take this gateway for dead.
    if (this.#paused && this.#upstream?.readyState === this.#upstream?.OPEN) this.#upstream?.pong();
    if (nowMs - this.#pingedAtMs > gatewayLimits.pingIntervalMs) {
      const passageMs = this.#passage.remainingMs(gatewayLimits.minBytesPerSecond);
      if (!this.#pageMoved && nowMs - this.#pageMovedAtMs > gatewayLimits.pingIntervalMs + passageMs) return page.terminate();
      this.#pageMoved = false;
      this.#pingedAtMs = nowMs;
      if (page.readyState === page.OPEN) page.ping(this.#passage.mark);
    }
    this.#armLook();
  }

  #end(): void {
    this.#ended = true;
    if (this.#retryTimer !== null) clearTimeout(this.#retryTimer);
    if (this.#lookTimer !== null) clearTimeout(this.#lookTimer);
    this.#upstream?.terminate();
    this.#upstream = null;
  }
}

function refusalOf(status: number | undefined): string {
  if (status === 403) return certificateRefused;
  if (status === 503) return 'it has too many streams open. Close a page that nobody looks at, or look from another node.';
  return `it refused the stream with status ${status ?? 0}.`;
}
