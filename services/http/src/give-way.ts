/**
 * Who gives way when too many connections of strangers are under way. An honest one takes milliseconds to say who it is, and
 * one that never means to takes all the time that there is, so the newest is let in and the oldest of the largest crowd goes.
 */
export interface UnderWay {
  /** Where it comes from, the widest network first (`networksOf`). */
  readonly networks: readonly string[];
}

/**
 * Of those under way, oldest first. The largest crowd is looked for in ever narrower networks, so that who has many of
 * them (256 of the size /64 in one /56) counts as one, and within that one its neighbours do not suffer for it.
 */
export function whoGivesWay<T extends UnderWay>(underWay: readonly T[]): T | undefined {
  let crowd = underWay;
  const levels = Math.max(0, ...underWay.map(({ networks }) => networks.length));
  for (let level = 0; level < levels; level++) crowd = largest(crowd, ({ networks }) => networks[Math.min(level, networks.length - 1)] ?? '');
  return crowd[0];
}

/** Of equal ones, that with the oldest member. */
function largest<T>(members: readonly T[], nameOf: (member: T) => string): readonly T[] {
  const groups = new Map<string, T[]>();
  for (const member of members) {
    const name = nameOf(member);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [member]);
    else group.push(member);
  }
  return [...groups.values()].reduce<readonly T[]>((most, group) => (group.length > most.length ? group : most), []);
}
