/** The colours of the graph, taken from the style sheet so that there is one list of them. */
import type { NodeState } from '../../domain/node-state.js';

export interface Palette {
  readonly ground: string;
  readonly ink: string;
  readonly ink2: string;
  readonly accent: string;
  readonly ring: string;
  readonly ringLabel: string;
  readonly link: string;
  readonly way: string;
  readonly light: string;
  readonly states: Readonly<Record<NodeState, string>>;
  readonly font: string;
}

export function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string) => style.getPropertyValue(name).trim();
  return {
    ground: read('--ground'),
    ink: read('--ink'),
    ink2: read('--ink-2'),
    accent: read('--accent'),
    ring: read('--ring'),
    ringLabel: read('--ring-label'),
    link: read('--link'),
    way: read('--way'),
    light: read('--light'),
    states: { alive: read('--alive'), suspect: read('--suspect'), failed: read('--failed'), left: read('--left') },
    font: read('--sans'),
  };
}
