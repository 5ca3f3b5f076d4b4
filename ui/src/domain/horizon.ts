/**
 * Where each node stands in the picture of one node's horizon: itself in the middle, its neighbours on the first ring,
 * all others on the ring of the hops that their news took, in the sector of the neighbour that brought it. Computed, not
 * simulated: the same network gives the same picture.
 */

/** By which way a node's news comes. */
export interface Route {
  readonly via: string | null;
  readonly hops: number;
}

export interface HorizonInput {
  readonly selfId: string;
  readonly peerIds: readonly string[];
  /** Everyone, with or without the designated node itself. */
  readonly routes: ReadonlyMap<string, Route>;
  /** Width to height of the picture; the rings become ellipses. */
  readonly aspect: number;
}

export interface Place {
  readonly x: number;
  readonly y: number;
  /** 0 for the designated node, 1 for its neighbours, then the hops. */
  readonly ring: number;
}

export interface RingLine {
  /** Hops that it stands for; 1 for the neighbours. */
  readonly hops: number;
  /** Half the height; half the width is this times the aspect. */
  readonly radius: number;
}

export interface Horizon {
  readonly places: ReadonlyMap<string, Place>;
  readonly rings: readonly RingLine[];
  /** Half the height of everything. */
  readonly radius: number;
  readonly aspect: number;
  /** Distance between neighbours on a ring: what a symbol and its label have to share. */
  readonly spacing: number;
}

interface Sector {
  readonly start: number;
  readonly span: number;
}

/** Beyond so many hops all share the last ring. */
const maxRing = 9;
/** Nodes whose neighbour is gone have a sector of their own, after all others. */
const adrift = '~';
/** The least that a neighbour gets of the circle, in parts of an even share. */
const leastShare = 0.4;
const fullTurn = 2 * Math.PI;
/** Left free at the top of every ring, for what it is called. */
const gap = 0.22;

/** The more there are, the closer they stand. */
export function spacingFor(nodeCount: number): number {
  if (nodeCount <= 40) return 92;
  if (nodeCount <= 120) return 58;
  if (nodeCount <= 320) return 38;
  return 24;
}

/**
 * The peers, and whoever is no peer any more but was heard without anyone between last. Those keep their place, and the
 * sector of what came through them: the picture stands still when a connection ends.
 */
export function neighboursOf(selfId: string, peerIds: readonly string[], routes: ReadonlyMap<string, Route>): Set<string> {
  const heardFirstHand = [...routes].filter(([id, { via }]) => via === id).map(([id]) => id);
  const neighbours = new Set([...peerIds, ...heardFirstHand].sort());
  neighbours.delete(selfId);
  return neighbours;
}

export function layoutHorizon(input: HorizonInput): Horizon {
  const { selfId, aspect } = input;
  const neighbours = neighboursOf(selfId, input.peerIds, input.routes);
  const neighbourIds = [...neighbours];
  const spacing = spacingFor(input.routes.size);
  const members = membersBySector(input, neighbours);
  const sectors = sectorsOf(neighbourIds, members);
  const places = new Map<string, Place>([[selfId, { x: 0, y: 0, ring: 0 }]]);
  const rings: RingLine[] = [];
  const put = (id: string, angle: number, radius: number, ring: number) => {
    places.set(id, { x: Math.round(radius * aspect * Math.cos(angle) * 10) / 10, y: Math.round(radius * Math.sin(angle) * 10) / 10, ring });
  };

  let radius = innerRadius(neighbourIds, sectors, spacing);
  if (neighbourIds.length > 0) rings.push({ hops: 1, radius });
  for (const id of neighbourIds) {
    const sector = sectors.get(id) as Sector;
    put(id, sector.start + sector.span / 2, radius, 1);
  }
  const ringGap = Math.max(spacing * 1.15, 52);
  for (const ring of ringsOf(members)) {
    radius += ringGap;
    rings.push({ hops: ring, radius });
    const rows = placeBand(members, sectors, ring, { radius, spacing }, put);
    radius += (rows - 1) * spacing * rowHeight;
  }
  return { places, rings, radius, aspect, spacing };
}

/** By neighbour, then by ring: the ids in order. */
type Members = ReadonlyMap<string, ReadonlyMap<number, readonly string[]>>;

function membersBySector(input: HorizonInput, neighbours: ReadonlySet<string>): Members {
  const members = new Map<string, Map<number, string[]>>();
  for (const id of [...input.routes.keys()].sort()) {
    if (id === input.selfId || neighbours.has(id)) continue;
    const route = input.routes.get(id) as Route;
    const key = route.via !== null && neighbours.has(route.via) ? route.via : adrift;
    const ring = Math.min(maxRing, Math.max(2, route.hops));
    const rings = members.get(key) ?? new Map<number, string[]>();
    members.set(key, rings);
    rings.set(ring, [...(rings.get(ring) ?? []), id]);
  }
  return members;
}

function ringsOf(members: Members): number[] {
  return [...new Set([...members.values()].flatMap((rings) => [...rings.keys()]))].sort((a, b) => a - b);
}

/** Each neighbour gets a part of the circle in proportion to the crowd behind it. */
function sectorsOf(neighbourIds: readonly string[], members: Members): Map<string, Sector> {
  const keys = members.has(adrift) ? [...neighbourIds, adrift] : neighbourIds;
  const weights = keys.map((key) => {
    const crowd = [...(members.get(key) ?? new Map<number, readonly string[]>())].map(([ring, ids]) => ids.length / ring);
    return Math.max(1, ...crowd);
  });
  // Nobody gets so little that the neighbours beside it could not be told apart.
  const least = (leastShare * weights.reduce((sum, weight) => sum + weight, 0)) / keys.length;
  weights.forEach((weight, i) => (weights[i] = Math.max(least, weight)));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const sectors = new Map<string, Sector>();
  let start = -Math.PI / 2 + gap / 2;
  keys.forEach((key, i) => {
    const span = ((fullTurn - gap) * (weights[i] as number)) / total;
    sectors.set(key, { start, span });
    start += span;
  });
  return sectors;
}

function innerRadius(neighbourIds: readonly string[], sectors: ReadonlyMap<string, Sector>, spacing: number): number {
  const spans = neighbourIds.map((id) => (sectors.get(id) as Sector).span);
  const narrowest = Math.min(fullTurn / 4, ...spans);
  return Math.min(spacing * 4, Math.max(spacing * 1.35, 96, spacing / narrowest));
}

/** Height of a row within a band, in spacings: staggered rows fit closer than their nodes. */
const rowHeight = 0.82;

/** Puts one ring's nodes, in several rows where one does not hold them. Returns the number of rows. */
function placeBand(
  members: Members,
  sectors: ReadonlyMap<string, Sector>,
  ring: number,
  shape: { readonly radius: number; readonly spacing: number },
  put: (id: string, angle: number, radius: number, ring: number) => void,
): number {
  let mostRows = 1;
  for (const [key, sector] of sectors) {
    const ids = members.get(key)?.get(ring) ?? [];
    const capacities: number[] = [];
    for (let held = 0; held < ids.length; held += capacities.at(-1) as number) {
      const radius = shape.radius + capacities.length * shape.spacing * rowHeight;
      capacities.push(Math.max(1, Math.floor((sector.span * radius) / shape.spacing)));
    }
    mostRows = Math.max(mostRows, capacities.length);
    let next = 0;
    let room = capacities.reduce((sum, capacity) => sum + capacity, 0);
    capacities.forEach((capacity, row) => {
      const count = Math.round(((ids.length - next) * capacity) / room);
      room -= capacity;
      for (let i = 0; i < count; i++) {
        const offset = capacities.length === 1 ? 0.5 : row % 2 === 0 ? 0.25 : 0.75;
        const angle = sector.start + (sector.span * (i + offset)) / count;
        put(ids[next + i] as string, angle, shape.radius + row * shape.spacing * rowHeight, ring);
      }
      next += count;
    });
  }
  return mostRows;
}
