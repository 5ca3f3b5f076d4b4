/** Lights on their way over the graph, on a canvas of their own: the graph itself is not drawn again for them. */

export interface Point {
  readonly x: number;
  readonly y: number;
}

interface Light {
  /** The nodes that it goes by, wherever they stand by then: they may move while it is on its way. */
  readonly stops: readonly string[];
  readonly startMs: number;
  readonly durationMs: number;
}

/** Under way at once; more records than that are not told apart anyway. */
export const maxLights = 32;
/** For one stretch of the path, milliseconds. */
const stretchMs = 550;
/** Lights of one message are let go over so long, milliseconds. */
const spreadMs = 240;
/** Between two drawings at least, milliseconds: thirty in a second are smooth enough for dots, at half the cost. */
const frameMs = 30;
const radius = 2.4;
/** Length of the tail, as a part of the path. */
const tail = 0.16;

export class Particles {
  readonly #canvas: HTMLCanvasElement;
  readonly #screenPointOf: (id: string) => Point | null;
  #lights: Light[] = [];
  #frame = 0;
  #drawnMs = 0;
  #colour = '';

  /** @param screenPointOf where a node is drawn, CSS pixels within the canvas; null for one that is not */
  constructor(canvas: HTMLCanvasElement, screenPointOf: (id: string) => Point | null) {
    this.#canvas = canvas;
    this.#screenPointOf = screenPointOf;
  }

  colour(css: string): void {
    this.#colour = css;
  }

  launch(ways: readonly (readonly string[])[]): void {
    const nowMs = performance.now();
    const room = maxLights - this.#lights.length;
    ways.slice(0, Math.max(0, room)).forEach((stops, i) => {
      if (stops.length < 2) return;
      this.#lights.push({ stops, startMs: nowMs + (spreadMs * i) / ways.length, durationMs: stretchMs * (stops.length - 1) });
    });
    if (this.#frame === 0 && this.#lights.length > 0) this.#frame = requestAnimationFrame(this.#draw);
  }

  clear(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#lights = [];
    this.#canvas.getContext('2d')?.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
  }

  readonly #draw = (nowMs: number) => {
    if (nowMs - this.#drawnMs < frameMs) {
      this.#frame = requestAnimationFrame(this.#draw);
      return;
    }
    this.#drawnMs = nowMs;
    const ctx = this.#canvas.getContext('2d');
    this.#lights = this.#lights.filter((light) => nowMs < light.startMs + light.durationMs);
    this.#frame = this.#lights.length > 0 ? requestAnimationFrame(this.#draw) : 0;
    if (ctx === null) return;
    const ratio = window.devicePixelRatio;
    const { clientWidth, clientHeight } = this.#canvas;
    if (this.#canvas.width !== Math.round(clientWidth * ratio) || this.#canvas.height !== Math.round(clientHeight * ratio)) {
      this.#canvas.width = Math.round(clientWidth * ratio);
      this.#canvas.height = Math.round(clientHeight * ratio);
    }
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.clearRect(0, 0, clientWidth, clientHeight);
    for (const light of this.#lights) if (nowMs >= light.startMs) this.#drawLight(ctx, light, (nowMs - light.startMs) / light.durationMs);
  };

  #drawLight(ctx: CanvasRenderingContext2D, light: Light, progress: number): void {
    const path = light.stops.flatMap((id) => this.#screenPointOf(id) ?? []);
    if (path.length < light.stops.length) return;
    const head = along(path, progress);
    const end = along(path, Math.max(0, progress - tail));
    ctx.strokeStyle = this.#colour;
    ctx.fillStyle = this.#colour;
    ctx.lineWidth = 1.6;
    ctx.lineCap = 'round';
    ctx.globalAlpha = 0.35;
    ctx.beginPath();
    ctx.moveTo(end.x, end.y);
    ctx.lineTo(head.x, head.y);
    ctx.stroke();
    // It fades where it arrives, so that the node in the middle does not flicker.
    ctx.globalAlpha = Math.min(1, (1 - progress) * 6);
    ctx.beginPath();
    ctx.arc(head.x, head.y, radius, 0, 2 * Math.PI);
    ctx.fill();
    ctx.globalAlpha = 1;
  }
}

/** The point at `progress`, 0 to 1, of a path whose stretches all take the same time. */
function along(path: readonly Point[], progress: number): Point {
  const position = Math.min(0.9999, Math.max(0, progress)) * (path.length - 1);
  const i = Math.floor(position);
  const from = path[i] as Point;
  const to = path[i + 1] as Point;
  const part = position - i;
  return { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part };
}
