/** vis-network as the canvas of the horizon: fixed positions, batches of changes, no physics. */
import { DataSet } from 'vis-data';
import { Network, type Edge, type Node as GraphNode, type Options } from 'vis-network';
import type { Horizon, Place } from '../../domain/horizon.js';
import { boxAround, isFree, type Box } from './box.js';
import { drawLabel, drawSymbol, type Look, type SymbolPlace } from './node-symbol.js';
import type { Palette } from './palette.js';
import type { Point } from './particles.js';

/** One line of the picture. */
export interface Line {
  readonly from: string;
  readonly to: string;
  /** A live connection is solid, a way that news took is dotted. */
  readonly kind: 'link' | 'way';
  /**
   * `chosen`: on the way of the selected node; `lossy`: a connection that loses what it should not;
   * `dimmed`: between nodes that the search leaves out.
   */
  readonly tone: 'plain' | 'chosen' | 'lossy' | 'dimmed';
}

export interface CanvasListener {
  readonly choose: (id: string | null) => void;
  readonly hover: (id: string | null) => void;
  /** The person moved the picture, and it is no longer fitted. */
  readonly moved: () => void;
}

/** How long a node takes to its new place, milliseconds. */
const moveMs = 450;
/** Beyond so many nodes that move at once they jump. */
const mostMoving = 320;
/** Names are drawn once neighbours stand so far apart on the screen, pixels. */
const labelPixels = 58;
/** Those of the first ring already at less: nothing else stands beside them. */
const neighbourLabelPixels = 16;
/** Room around the picture, pixels: for the names of the outermost. */
export const margin = 44;
const maxScale = 1.7;
const dimmedOpacity = 0.3;

export class HorizonCanvas {
  readonly #container: HTMLElement;
  readonly #nodes = new DataSet<GraphNode>();
  readonly #edges = new DataSet<Edge>();
  readonly #network: Network;
  readonly #lines = new Map<string, Line>();
  readonly #current = new Map<string, Point>();
  #horizon: Horizon = { places: new Map(), rings: [], radius: 1, aspect: 1, spacing: 92 };
  #look: (id: string) => Look | null = () => null;
  #palette: Palette;
  /** Where words of this frame stand, and the middle, which they leave alone. */
  #taken: Box[] = [];
  #moving = 0;
  #fitted = true;

  constructor(container: HTMLElement, palette: Palette, listener: CanvasListener) {
    this.#container = container;
    this.#palette = palette;
    this.#network = new Network(container, { nodes: this.#nodes, edges: this.#edges }, this.#options());
    // The table is the way by keyboard; a canvas that takes the focus has nothing to offer.
    container.querySelector<HTMLElement>('.vis-network')?.setAttribute('tabindex', '-1');
    this.#network.on('beforeDrawing', (ctx: CanvasRenderingContext2D) => {
      const middle = this.#symbolRadius() * 1.5;
      this.#taken = [boxAround(0, 0, middle, middle)];
      this.#drawRings(ctx);
    });
    this.#network.on('afterDrawing', (ctx: CanvasRenderingContext2D) => this.#nameRings(ctx));
    this.#network.on('click', ({ nodes }: { readonly nodes: readonly string[] }) => listener.choose(nodes[0] ?? null));
    this.#network.on('hoverNode', ({ node }: { readonly node: string }) => listener.hover(node));
    this.#network.on('blurNode', () => listener.hover(null));
    const moved = () => {
      this.#fitted = false;
      listener.moved();
    };
    this.#network.on('zoom', moved);
    this.#network.on('dragEnd', ({ event }: { readonly event: { readonly distance?: number } }) => (event.distance ?? 0) > 4 && moved());
  }

  /** Where everybody stands from now on. Those that were elsewhere go there smoothly, if they are few and it is wanted. */
  place(horizon: Horizon, motion: 'smooth' | 'none'): void {
    const before = this.#horizon.places;
    const sameFrame = horizon.radius === this.#horizon.radius && horizon.aspect === this.#horizon.aspect;
    this.#horizon = horizon;
    const gone = this.#nodes.getIds().filter((id) => !horizon.places.has(String(id)));
    if (gone.length > 0) this.#nodes.remove(gone);
    for (const id of gone) this.#current.delete(String(id));
    const fresh: [string, Place][] = [];
    const moving: [string, Point, Place][] = [];
    for (const [id, place] of horizon.places) {
      const at = this.#current.get(id);
      if (at === undefined) fresh.push([id, place]);
      else if (at.x !== place.x || at.y !== place.y) moving.push([id, at, place]);
    }
    this.#put(fresh);
    // Those on their way to the right place are left alone: begun again with each message, no move would ever end.
    const isLed = ([id, , place]: (typeof moving)[number]) => before.get(id)?.x !== place.x || before.get(id)?.y !== place.y;
    if (moving.some(isLed)) {
      cancelAnimationFrame(this.#moving);
      if (motion === 'none' || moving.length > mostMoving) this.#put(moving.map(([id, , place]) => [id, place]));
      else this.#glide(moving);
    }
    if (this.#fitted && !sameFrame) this.fit(motion);
  }

  /** Replaces the lines; only those that differ are touched. */
  connect(lines: readonly Line[]): void {
    const wanted = new Map(lines.map((line) => [`${line.kind}:${line.from}:${line.to}`, line]));
    const gone = [...this.#lines.keys()].filter((id) => !wanted.has(id));
    const changed = [...wanted].filter(([id, line]) => this.#lines.get(id)?.tone !== line.tone);
    for (const id of gone) this.#lines.delete(id);
    for (const [id, line] of changed) this.#lines.set(id, line);
    if (gone.length > 0) this.#edges.remove(gone);
    if (changed.length > 0) this.#edges.update(changed.map(([id, line]) => this.#edge(id, line)));
  }

  /** How each node looks from now on, until told otherwise. */
  dress(look: (id: string) => Look | null, palette: Palette): void {
    this.#look = look;
    if (palette !== this.#palette) {
      this.#palette = palette;
      this.#edges.update([...this.#lines].map(([id, line]) => this.#edge(id, line)));
    }
    this.#network.redraw();
  }

  fit(motion: 'smooth' | 'none' = 'smooth'): void {
    this.#fitted = true;
    const { clientWidth, clientHeight } = this.#container;
    if (clientWidth === 0 || clientHeight === 0) return;
    const { radius, aspect } = this.#horizon;
    const scale = Math.min(maxScale, (clientWidth / 2 - margin) / Math.max(1, radius * aspect), (clientHeight / 2 - margin) / Math.max(1, radius));
    const animation = motion === 'smooth' ? { duration: moveMs, easingFunction: 'easeOutCubic' as const } : false;
    this.#network.moveTo({ position: { x: 0, y: 0 }, scale: Math.max(0.05, scale), animation });
  }

  /** The container has another size. */
  resize(): void {
    this.#network.setSize('100%', '100%');
    if (this.#fitted) this.fit('none');
    this.#network.redraw();
  }

  /** Where a node is drawn; null for one that is not. */
  pointOf(id: string): Point | null {
    return this.#current.get(id) ?? null;
  }

  toScreen(point: Point): Point {
    return this.#network.canvasToDOM(point);
  }

  destroy(): void {
    cancelAnimationFrame(this.#moving);
    this.#network.destroy();
  }

  #put(places: readonly (readonly [string, Point])[]): void {
    if (places.length === 0) return;
    for (const [id, { x, y }] of places) this.#current.set(id, { x, y });
    this.#nodes.update(places.map(([id, { x, y }]) => ({ id, x, y })));
  }

  #glide(moving: readonly (readonly [string, Point, Place])[]): void {
    const startMs = performance.now();
    const frame = (nowMs: number) => {
      const part = Math.min(1, Math.max(0, (nowMs - startMs) / moveMs));
      const eased = 1 - (1 - part) ** 3;
      this.#put(moving.map(([id, from, to]) => [id, { x: from.x + (to.x - from.x) * eased, y: from.y + (to.y - from.y) * eased }]));
      if (part < 1) this.#moving = requestAnimationFrame(frame);
    };
    this.#moving = requestAnimationFrame(frame);
  }

  #edge(id: string, line: Line): Edge {
    const { link, way, accent, states } = this.#palette;
    const plain = line.kind === 'link' ? link : way;
    const color = { plain, dimmed: plain, chosen: accent, lossy: states.suspect }[line.tone];
    const stands = line.tone === 'chosen' || line.tone === 'lossy';
    const opacity = line.tone === 'dimmed' ? dimmedOpacity : 1;
    return { id, from: line.from, to: line.to, color: { color, opacity, inherit: false }, width: stands ? 1.6 : 1, dashes: line.kind === 'way' ? [1.5, 4] : false };
  }

  /** Radius of a symbol, in the units of the canvas. */
  #symbolRadius(): number {
    return Math.min(13, this.#horizon.spacing * 0.22);
  }

  #options(): Options {
    return {
      autoResize: false,
      physics: false,
      layout: { improvedLayout: false, randomSeed: 1 },
      interaction: { hover: true, dragNodes: false, multiselect: false, selectConnectedEdges: false, hoverConnectedEdges: false, hideEdgesOnDrag: false, keyboard: false, zoomSpeed: 0.6 },
      nodes: { shape: 'custom', chosen: false, ctxRenderer: (call: SymbolCall) => this.#drawNode(call) } as NonNullable<Options['nodes']>,
      edges: { smooth: false, chosen: false, hoverWidth: 0, selectionWidth: 0 },
    };
  }

  #drawNode({ ctx, id, x, y, state }: SymbolCall) {
    const look = this.#look(id);
    const radius = this.#symbolRadius();
    const place: SymbolPlace = { x, y, radius, scale: this.#network.getScale(), hovered: state.hover };
    const named = look !== null && this.#isNamed(look, place);
    return {
      drawNode: () => look !== null && drawSymbol(ctx, look, place, this.#palette),
      drawExternalLabel: () => named && drawLabel(ctx, look, place, this.#palette, this.#taken),
      nodeDimensions: { width: radius * 2, height: radius * 2 },
    };
  }

  #isNamed(look: Look, place: SymbolPlace): boolean {
    if (look.chosen || look.isSelf || place.hovered) return true;
    if (look.dimmed) return false;
    const pixels = this.#horizon.spacing * place.scale;
    return pixels >= labelPixels || look.state === 'suspect' || look.state === 'failed' || (look.isNeighbour && pixels >= neighbourLabelPixels);
  }

  #drawRings(ctx: CanvasRenderingContext2D): void {
    const { rings, aspect } = this.#horizon;
    ctx.save();
    ctx.lineWidth = 1 / this.#network.getScale();
    ctx.strokeStyle = this.#palette.ring;
    for (const { radius } of rings) {
      ctx.beginPath();
      ctx.ellipse(0, 0, radius * aspect, radius, 0, 0, 2 * Math.PI);
      ctx.stroke();
    }
    ctx.restore();
  }

  /** Last, where there is room at the top of a ring: nodes and their names go before. */
  #nameRings(ctx: CanvasRenderingContext2D): void {
    const scale = this.#network.getScale();
    const symbol = this.#symbolRadius() * 1.16;
    const nodes = [...this.#current.values()].map(({ x, y }) => boxAround(x, y, symbol, symbol));
    ctx.save();
    ctx.globalAlpha = 1;
    ctx.font = `${11 / scale}px ${this.#palette.font}`;
    ctx.textAlign = 'center';
    ctx.textBaseline = 'middle';
    ctx.lineJoin = 'round';
    ctx.lineWidth = 6 / scale;
    ctx.strokeStyle = this.#palette.ground;
    ctx.fillStyle = this.#palette.ringLabel;
    for (const { hops, radius } of this.#horizon.rings) {
      const text = hops === 1 ? '1 hop' : `${hops} hops`;
      const box = boxAround(0, -radius, ctx.measureText(text).width / 2, 6.5 / scale);
      if (!isFree(box, this.#taken) || !isFree(box, nodes)) continue;
      this.#taken.push(box);
      ctx.strokeText(text, 0, -radius);
      ctx.fillText(text, 0, -radius);
    }
    ctx.restore();
  }
}

/** What vis-network hands to the renderer of a custom shape. */
interface SymbolCall {
  readonly ctx: CanvasRenderingContext2D;
  readonly id: string;
  readonly x: number;
  readonly y: number;
  readonly state: { readonly selected: boolean; readonly hover: boolean };
}
