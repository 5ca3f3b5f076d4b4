/** messages.json and refused-messages.json (docs/PROTOCOL.md 12.2). */
import { encodeMessage } from '../../services/gossip/src/wire/codec.js';
import type { Message } from '../../services/gossip/src/wire/message.js';
import { clusterTagOf } from '../../services/node/src/certificates/credential.js';
import { keyOf, plain, type Plain } from './keys.js';

const bytes = (length: number, first = 0) => Uint8Array.from({ length }, (_, i) => (first + i) & 0xff);
const most = Number.MAX_SAFE_INTEGER;

const messages: readonly (readonly [string, Message])[] = [
  ['hello', { type: 'hello', clusterTag: new Uint8Array(clusterTagOf('vectors')), nodeId: keyOf('first').publicKey, incarnation: 7, nonce: bytes(32), peers: 0, credential: bytes(200) }],
  ['hello with the largest numbers', { type: 'hello', clusterTag: bytes(8), nodeId: bytes(32), incarnation: most, nonce: bytes(32, 9), peers: most, credential: bytes(0) }],
  ['proof', { type: 'proof', signature: bytes(64, 100) }],
  ['push along the tree', { type: 'push', path: 'eager', passages: [{ hops: 1, ageMs: 0, bytes: bytes(3) }, { hops: 64, ageMs: 86_400_000, bytes: bytes(130) }] }],
  ['push after a graft', { type: 'push', path: 'graft', passages: [{ hops: 2, ageMs: 127, bytes: bytes(1) }] }],
  ['push for repair, of nothing', { type: 'push', path: 'anti-entropy', passages: [] }],
  ['announce', { type: 'announce', rumors: [{ prefix: bytes(8), incarnation: 1, sequence: 128, hops: 3 }, { prefix: bytes(8, 200), incarnation: 16_384, sequence: 2 ** 32, hops: 255 }] }],
  ['graft', { type: 'graft', wanted: [{ prefix: bytes(8), incarnation: 0, sequence: 0 }, { prefix: bytes(8, 1), incarnation: 3, sequence: 9 }] }],
  ['prune', { type: 'prune', prefixes: [bytes(8), bytes(8, 8)] }],
  ['digest', { type: 'digest', from: new Uint8Array(8), to: new Uint8Array(8).fill(0xff), entries: [{ prefix: bytes(8), incarnation: 1, sequence: 2, fingerprint: 0xffffffff }, { prefix: bytes(8, 5), incarnation: 1, sequence: 3, fingerprint: 0 }] }],
  ['request after a whole answer', { type: 'request', continueAt: null, prefixes: [bytes(8), bytes(8, 3)] }],
  ['request after a part of it', { type: 'request', continueAt: bytes(8, 60), prefixes: [] }],
  ['join', { type: 'join', steps: 5, address: '192.0.2.1:9740' }],
  ['join by version 6', { type: 'join', steps: 0, address: '[2001:db8::1]:9740' }],
];

export function messageVectors(): Plain {
  return messages.map(([name, message]) => ({ name, bytes: plain(encodeMessage(message)), message: plain(message) }));
}

const hex = (text: string) => text.replaceAll(' ', '');
const prefix = '0001020304050607';

/** Each is no message, for the reason in its name. */
export function refusedMessageVectors(): Plain {
  const join = (address: string) => hex(`09 05 ${Buffer.from([address.length]).toString('hex')}${Buffer.from(address, 'latin1').toString('hex')}`);
  const entry = (i: number) => `${i.toString(16).padStart(16, '0')}010100`;
  const refused: readonly (readonly [string, string])[] = [
    ['nothing', ''],
    ['type 0', '00'],
    ['type 10', '0a'],
    ['a proof of 63 bytes', `02${'00'.repeat(63)}`],
    ['a proof of 65 bytes', `02${'00'.repeat(65)}`],
    ['a hello without its end', hex(`01 ${'00'.repeat(8)} ${'00'.repeat(32)} 01`)],
    ['a push by a path that is none', '0303'],
    ['a push whose bundle is cut', hex('03 00 01 00 05 01020304')],
    ['a push with an age of more than a day', hex('03 00 01 81b89929 00')],
    ['a number in more bytes than it needs', hex(`05 ${prefix} 8100 01`)],
    ['a number of 2^53', hex(`05 ${prefix} 8080808080808010 01`)],
    ['a number of nine bytes', hex(`05 ${prefix} 808080808080808001 01`)],
    ['an announcement without its hops', hex(`04 ${prefix} 01 01`)],
    ['a graft that ends within a prefix', hex(`05 ${prefix.slice(2)}`)],
    ['a prune that ends within a prefix', hex(`06 ${prefix} 00`)],
    ['a digest without its end of range', hex(`07 ${prefix}`)],
    ['a digest with a fingerprint of 2^32', hex(`07 ${prefix} ${prefix} ${prefix} 01 01 8080808010`)],
    ['a digest of 257 entries', hex(`07 ${'00'.repeat(8)} ${'ff'.repeat(8)}`) + Array.from({ length: 257 }, (_, i) => entry(i)).join('')],
    ['a request with a flag of 2', hex('08 02')],
    ['a request that says to continue and not where', hex('08 01 000102')],
    ['a join to no UTF-8', hex('09 05 02 c328')],
    ['a join to an overlong form', hex('09 05 02 c0af')],
    ['a join to half of a pair', hex('09 05 03 eda080')],
    ['a join to 65 bytes', join('1'.repeat(65))],
    ['a join and one byte', `${join('192.0.2.1:9740')}00`],
  ];
  return refused.map(([name, bytes]) => ({ name, bytes }));
}
