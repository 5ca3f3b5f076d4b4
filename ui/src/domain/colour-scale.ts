/**
 * One sequential scale from the green to the violet of a starling. Lightness falls (or rises, on a dark ground) evenly
 * with the value, so that the order survives in print and for the colour-blind. Given in OKLCH, where equal steps look equal.
 */

export type Ground = 'light' | 'dark';

interface Stop {
  readonly lightness: number;
  readonly chroma: number;
  readonly hue: number;
}

const ends: Readonly<Record<Ground, readonly [Stop, Stop]>> = {
  light: [
    { lightness: 0.86, chroma: 0.085, hue: 178 },
    { lightness: 0.42, chroma: 0.2, hue: 303 },
  ],
  dark: [
    { lightness: 0.4, chroma: 0.06, hue: 184 },
    { lightness: 0.78, chroma: 0.17, hue: 312 },
  ],
};

/** Colours that are told apart: more cannot be seen, and each new one has to be read by the browser. */
const shades = 64;

/** `position` 0 to 1 along the scale; beyond is clamped. A CSS colour. */
export function scaleColour(position: number, ground: Ground): string {
  const [low, high] = ends[ground];
  const at = Math.round(Math.min(1, Math.max(0, position)) * shades) / shades;
  const mix = (from: number, to: number) => from + (to - from) * at;
  return `oklch(${mix(low.lightness, high.lightness).toFixed(3)} ${mix(low.chroma, high.chroma).toFixed(3)} ${mix(low.hue, high.hue).toFixed(1)})`;
}

/** The values at the two ends of the scale. */
export interface Domain {
  readonly low: number;
  readonly high: number;
}

/** Ratios run from 0 to 1 whatever is measured; anything else from 0 (or the least) to a round number above the most. */
export function domainOf(values: readonly number[], ratio: boolean): Domain {
  if (ratio) return { low: 0, high: 1 };
  let least = 0;
  let most = 0;
  for (const value of values) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return { low: least, high: most > least ? roundUp(most) : least + 1 };
}

function roundUp(value: number): number {
  if (value <= 0) return 0;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= value) ?? 10;
  return step * power;
}

export function positionIn(domain: Domain, value: number): number {
  return (value - domain.low) / (domain.high - domain.low);
}
