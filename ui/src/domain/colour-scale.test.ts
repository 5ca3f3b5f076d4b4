import { expect, it } from 'vitest';
import { domainOf, positionIn, scaleColour } from './colour-scale.js';

const lightness = (colour: string) => Number(/^oklch\(([\d.]+) /.exec(colour)?.[1]);

it('gets darker on light ground and lighter on dark ground as values grow', () => {
  const steps = [0, 0.25, 0.5, 0.75, 1];
  const light = steps.map((step) => lightness(scaleColour(step, 'light')));
  const dark = steps.map((step) => lightness(scaleColour(step, 'dark')));
  expect(light).toEqual([...light].sort((a, b) => b - a));
  expect(dark).toEqual([...dark].sort((a, b) => a - b));
  expect(new Set(light).size).toBe(5);
});

it('stays on the scale', () => {
  expect(scaleColour(7, 'light')).toBe(scaleColour(1, 'light'));
  expect(scaleColour(-1, 'dark')).toBe(scaleColour(0, 'dark'));
});

it('spans ratios from nothing to all, and others to a round number', () => {
  expect(domainOf([0.2, 0.3], true)).toEqual({ low: 0, high: 1 });
  expect(domainOf([3, 42], false)).toEqual({ low: 0, high: 50 });
  expect(domainOf([-3, 0], false)).toEqual({ low: -3, high: 0 });
  expect(domainOf([], false)).toEqual({ low: 0, high: 1 });
  expect(positionIn({ low: 0, high: 50 }, 25)).toBe(0.5);
});
