/** One node on the canvas: fill for the metric, outline and shape for the state, fading for age. */
import type { NodeState } from '../../domain/node-state.js';
import { isFree, type Box } from './box.js';
import type { Palette } from './palette.js';

export interface Look {
  readonly name: string;
  readonly state: NodeState;
  /** Colour of the metric; null where it is not known. */
  readonly fill: string | null;
  /** 0 to 1: 1 for news of now. */
  readonly freshness: number;
  readonly isSelf: boolean;
  /** On the first ring. */
  readonly isNeighbour: boolean;
  /** Left out by the search. */
  readonly dimmed: boolean;
  readonly chosen: boolean;
}

export interface SymbolPlace {
  readonly x: number;
  readonly y: number;
  /** Radius of a symbol in the units of the canvas. */
  readonly radius: number;
  /** Screen pixels per unit. */
  readonly scale: number;
  readonly hovered: boolean;
}

/** The faintest that a node gets, however old its news. */
const leastAlpha = 0.45;
/** And the faintest of one that deserves attention. */
const leastUnwellAlpha = 0.75;
const dimmedAlpha = 0.16;

export function drawSymbol(ctx: CanvasRenderingContext2D, look: Look, place: SymbolPlace, palette: Palette): void {
  const { x, y, scale } = place;
  const radius = look.isSelf ? place.radius * 1.25 : place.radius;
  const line = Math.max(1.6 / scale, radius * 0.16);
  // Lines end behind the symbol, however faint it is.
  ctx.globalAlpha = 1;
  disc(ctx, x, y, radius + line, palette.ground);
  ctx.globalAlpha = look.dimmed ? dimmedAlpha : Math.max(look.state === 'suspect' || look.state === 'failed' ? leastUnwellAlpha : leastAlpha, look.freshness);
  ctx.lineWidth = line;
  ctx.strokeStyle = palette.states[look.state];
  const fill = look.fill ?? palette.ring;
  switch (look.state) {
    case 'alive':
      disc(ctx, x, y, radius, fill);
      if (look.fill === null) ring(ctx, x, y, radius - line / 2);
      break;
    case 'suspect': {
      disc(ctx, x, y, radius * 0.6, fill);
      const dash = (2 * Math.PI * radius) / 16;
      ctx.setLineDash([dash * 1.1, dash * 0.9]);
      ring(ctx, x, y, radius - line / 2);
      ctx.setLineDash([]);
      break;
    }
    case 'failed':
      cross(ctx, x, y, radius * 0.88);
      break;
    case 'left':
      ring(ctx, x, y, radius - line / 2);
      break;
  }
  ctx.globalAlpha = look.dimmed ? dimmedAlpha : 1;
  if (look.isSelf) {
    ctx.lineWidth = 1.4 / scale;
    ctx.strokeStyle = palette.ink2;
    ring(ctx, x, y, radius + line + 2 / scale);
  }
  if (look.chosen || place.hovered) {
    ctx.lineWidth = 2 / scale;
    ctx.strokeStyle = look.chosen ? palette.accent : palette.link;
    ring(ctx, x, y, radius + line + 4 / scale);
  }
}

/** Text of constant size under the symbol, with the ground behind it so that lines do not cross it. Left out where it would cover what is `taken`. */
export function drawLabel(ctx: CanvasRenderingContext2D, look: Look, place: SymbolPlace, palette: Palette, taken: Box[]): void {
  const { x, y, scale } = place;
  const radius = (look.isSelf ? place.radius * 1.25 : place.radius) * 1.16;
  const top = y + radius + (look.isSelf || look.chosen ? 6 : 4) / scale;
  ctx.globalAlpha = look.dimmed ? 0.35 : 1;
  ctx.font = `${look.chosen || look.isSelf ? 600 : 400} ${11 / scale}px ${palette.font}`;
  ctx.textAlign = 'center';
  ctx.textBaseline = 'top';
  ctx.lineJoin = 'round';
  ctx.lineWidth = 3 / scale;
  ctx.strokeStyle = palette.ground;
  ctx.fillStyle = look.chosen ? palette.accent : look.state === 'alive' || look.state === 'left' ? palette.ink2 : palette.states[look.state];
  const half = ctx.measureText(look.name).width / 2;
  const box = { left: x - half, right: x + half, top, bottom: top + 13 / scale };
  if (!isFree(box, taken) && !look.chosen && !look.isSelf && !place.hovered) return;
  taken.push(box);
  ctx.strokeText(look.name, x, top);
  ctx.fillText(look.name, x, top);
}

function disc(ctx: CanvasRenderingContext2D, x: number, y: number, radius: number, fill: string): void {
  ctx.fillStyle = fill;
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
  ctx.fill();
}

function ring(ctx: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
  ctx.stroke();
}

function cross(ctx: CanvasRenderingContext2D, x: number, y: number, half: number): void {
  const arm = half * 0.45;
  ctx.beginPath();
  ctx.rect(x - half, y - half, 2 * half, 2 * half);
  ctx.moveTo(x - arm, y - arm);
  ctx.lineTo(x + arm, y + arm);
  ctx.moveTo(x + arm, y - arm);
  ctx.lineTo(x - arm, y + arm);
  ctx.stroke();
}
