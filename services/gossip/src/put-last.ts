/**
 * Puts an entry at the end of a map that keeps the order in which things came. The first makes room when there are `most`
 * others; returns its key, null when none had to go.
 */
export function putLast<K, V>(map: Map<K, V>, key: K, value: V, most: number): K | null {
  map.delete(key);
  const first = map.size >= most ? map.keys().next() : undefined;
  const gone = first === undefined || first.done ? null : first.value;
  if (gone !== null) map.delete(gone);
  map.set(key, value);
  return gone;
}
