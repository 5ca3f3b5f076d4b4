/** Where to look for others, as somebody wrote it into the settings. */
import { isIP } from 'node:net';

export type Seed =
  | { readonly type: 'address'; readonly address: string }
  /** A DNS name whose addresses are meant, with this port. */
  | { readonly type: 'name'; readonly name: string; readonly port: number }
  /** A DNS service record; ports and names come with it. */
  | { readonly type: 'service'; readonly name: string };

export type SeedReading = { readonly ok: true; readonly value: Seed } | { readonly ok: false; readonly fault: string };

const dnsName = /^(?=.{1,253}\.?$)(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?)(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?)*\.?$/;

export function parseSeed(text: string): SeedReading {
  if (text.startsWith('srv:')) {
    const name = text.slice('srv:'.length);
    return dnsName.test(name) && name.startsWith('_') ? { ok: true, value: { type: 'service', name } } : refuse(text);
  }
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port < 1 || port > 65_535) return refuse(text);
  const [, v6, other = ''] = match;
  if (v6 !== undefined) return isIP(v6) === 6 ? { ok: true, value: { type: 'address', address: `[${v6}]:${port}` } } : refuse(text);
  if (isIP(other) === 4) return { ok: true, value: { type: 'address', address: `${other}:${port}` } };
  return dnsName.test(other) && !/^[\d.]+$/.test(other) ? { ok: true, value: { type: 'name', name: other, port } } : refuse(text);
}

function refuse(text: string): SeedReading {
  return { ok: false, fault: `"${text}" is neither host:port, [v6]:port, name:port nor srv:_service._udp.name` };
}
