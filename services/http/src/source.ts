/** Who counts as one when something is bounded for each source. */
import { isIP } from 'node:net';

/** An IPv4 address, and of an IPv6 address the first 64 bits, since whoever has one has 2^64 (RFC 4291, 2.5.4). */
export function sourceOf(host: string): string {
  return networksOf(host).at(-1) ?? host;
}

/** The source, after the networks in which one owner may have many of them: an IPv6 site is given 48 to 56 bits (RFC 6177). Widest first. */
export function networksOf(host: string): readonly string[] {
  if (isIP(host) !== 6 || host.includes('.')) return [host];
  const [address = ''] = host.split('%');
  const [before = '', after = ''] = address.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':'));
  const [first, last] = [groups(before), groups(after)];
  const all = [...first, ...Array<string>(8 - first.length - last.length).fill('0'), ...last];
  const [a = 0, b = 0, c = 0, d = 0] = all.map((group) => Number.parseInt(group, 16));
  const network = (part: number, bits: number) => `${[a, b, c, part].map((group) => group.toString(16)).join(':')}::/${bits}`;
  return [network(0, 48), network(d & 0xff00, 56), network(d, 64)];
}
