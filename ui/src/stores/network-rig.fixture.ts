/** The store of the page in a component that draws nothing, behind a socket and a gateway that say what a test tells them. */
import type { GatewayStatus } from '@starling/contract';
import { createPinia } from 'pinia';
import { createRenderer, defineComponent, h } from 'vue';
import { vi } from 'vitest';
import { provideNetwork, type Network } from './network.js';

/** The other end of the stream. */
export class Line {
  onopen: (() => void) | null = null;
  onmessage: ((event: { readonly data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  isOpen = true;

  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.onclose?.();
  }
}

export const gatewayOffering = (...names: string[]): GatewayStatus => ({
  designated: names[0] ?? '',
  targets: names.map((name) => ({ name })),
  upstream: { state: 'up', since: '2026-11-24T12:00:00.000Z', detail: null },
});

export class NetworkRig {
  /** What the gateway answers when it is asked whom it offers; null: it does not answer. */
  gateway: GatewayStatus | null;
  /** What it answers to other addresses, which may take its time. */
  readonly answers = new Map<string, unknown>();
  readonly asked: string[] = [];
  readonly warnings: string[] = [];
  readonly network: Network;
  readonly leave: () => void;
  #line: Line | null = null;

  /**
   * @param search the part of the page's address that begins with a question mark
   * @param inside runs as the setup of a component within that of the store
   */
  constructor(search = '', gateway: GatewayStatus | null = gatewayOffering('node-1', 'node-2'), inside: () => void = () => undefined) {
    this.gateway = gateway;
    vi.useFakeTimers();
    const opened = (line: Line) => (this.#line = line);
    vi.stubGlobal('WebSocket', class extends Line {
      constructor() {
        super();
        opened(this);
      }
    });
    vi.stubGlobal('window', new EventTarget());
    vi.stubGlobal('document', Object.assign(new EventTarget(), { hidden: false, documentElement: { setAttribute: () => undefined } }));
    vi.stubGlobal('location', { origin: 'http://page.test', pathname: '/', search });
    vi.stubGlobal('history', { pushState: () => undefined, replaceState: () => undefined });
    vi.stubGlobal('fetch', async (address: string) => {
      this.asked.push(address);
      const answer = await (this.answers.get(address) ?? this.gateway);
      if (answer === null) throw new Error('nobody');
      return Response.json(answer);
    });
    const nothing = () => ({}) as object;
    const { createApp } = createRenderer<object, object>({
      createElement: nothing, createText: nothing, createComment: nothing, insert: nothing, remove: nothing, setText: nothing, setElementText: nothing, patchProp: nothing, parentNode: () => null, nextSibling: () => null,
    });
    let network: Network | null = null;
    const child = defineComponent(() => {
      inside();
      return () => null;
    });
    const app = createApp(defineComponent(() => {
      network = provideNetwork();
      return () => h(child);
    }));
    app.config.warnHandler = (warning) => this.warnings.push(warning);
    app.use(createPinia()).mount({});
    this.network = network as unknown as Network;
    this.leave = () => {
      app.unmount();
      vi.useRealTimers();
      vi.unstubAllGlobals();
    };
  }

  /** The connection that the page has now; waits for one when it has none. */
  line(): Line {
    for (let i = 0; this.#line?.isOpen !== true; i++) {
      if (i > 100) throw new Error('the page opens no other connection');
      vi.advanceTimersByTime(1_000);
    }
    return this.#line;
  }

  get isOpen(): boolean {
    return this.#line?.isOpen === true;
  }

  say(data: unknown): void {
    this.line().onmessage?.({ data });
  }

  /** The gateway refuses what the page tries, or is away, for so long, milliseconds. */
  async refuse(forMs: number): Promise<void> {
    for (let passed = 0; passed < forMs; passed += 1_000) {
      this.#line?.close();
      await vi.advanceTimersByTimeAsync(1_000);
    }
  }
}
