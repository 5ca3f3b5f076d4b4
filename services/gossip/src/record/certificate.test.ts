import { describe, expect, it } from 'vitest';
import { decodeCertificate } from './certificate.js';
import { chainFault, faultUnder } from './certificate-path.js';
import { fromHex } from './node-id.js';

/** An element of DER. */
function element(tag: number, ...content: readonly (string | Uint8Array)[]): Uint8Array {
  const bytes = content.flatMap((part) => [...(typeof part === 'string' ? (fromHex(part) as Uint8Array) : part)]);
  const length = bytes.length < 0x80 ? [bytes.length] : [0x82, bytes.length >> 8, bytes.length & 0xff];
  return Uint8Array.from([tag, ...length, ...bytes]);
}

const ed25519 = '300506032b6570';
const name = (text: string) => element(0x30, element(0x0c, new TextEncoder().encode(text)));
const extension = (id: string, ...value: readonly Uint8Array[]) => element(0x30, element(0x06, id), element(0x04, ...value));
const constraints = (...content: readonly string[]) => extension('551d13', element(0x30, ...content));

const time = (tag: number, text: string) => element(tag, new TextEncoder().encode(text));
const validity = (from: Uint8Array, to: Uint8Array) => element(0x30, from, to);
const always = validity(time(0x17, '500101000000Z'), time(0x18, '99991231235959Z'));

/** Of one who judges no signature. */
function tbs(subject: string, issuer: string, ...extensions: readonly Uint8Array[]): Uint8Array {
  return tbsWithin(always, subject, issuer, ...extensions);
}

function tbsWithin(dates: Uint8Array, subject: string, issuer: string, ...extensions: readonly Uint8Array[]): Uint8Array {
  const key = element(0x30, ed25519, element(0x03, '00'));
  return element(0x30, element(0xa0, '020102'), element(0x02, '01'), ed25519, name(issuer), dates, name(subject), key, element(0xa3, element(0x30, ...extensions)));
}

const signature = element(0x03, '0001');
const certificate = (...content: Parameters<typeof tbs>) => element(0x30, tbs(...content), ed25519, signature);
const decoded = (...content: Parameters<typeof tbs>) => {
  const read = decodeCertificate(certificate(...content));
  if (read === null) throw new Error('no certificate');
  return read;
};

describe('a certificate', () => {
  const sound = tbs('leaf', 'root');
  const versionAt = sound.findIndex((_, i) => sound.subarray(i, i + 3).join() === '2,1,2') + 2;
  it('is one element with three in it, the last a string of whole bits', () => {
    expect(decodeCertificate(element(0x30, sound, ed25519, signature))).not.toBeNull();
    const others = {
      'no sequence': element(0x31, sound, ed25519, signature),
      'two of them': Uint8Array.from([...certificate('leaf', 'root'), ...certificate('leaf', 'root')]),
      'four elements': element(0x30, sound, ed25519, signature, signature),
      'a signature in parts': element(0x30, sound, ed25519, element(0x23, signature)),
      'a signature of another type': element(0x30, sound, ed25519, element(0x04, '0001')),
      'half a byte of signature': element(0x30, sound, ed25519, element(0x03, '0410')),
      'no signature': element(0x30, sound, ed25519),
      'another version': element(0x30, Uint8Array.from(sound, (byte, i) => (i === versionAt ? 1 : byte)), ed25519, signature),
      nothing: new Uint8Array(0),
    };
    for (const [what, der] of Object.entries(others)) expect(decodeCertificate(der), what).toBeNull();
  });

  it('is cut short by no byte', () => {
    const der = certificate('leaf', 'root', constraints('0101ff'));
    for (let length = 0; length < der.length; length++) expect(decodeCertificate(der.subarray(0, length)), `${length} bytes`).toBeNull();
  });

  it.each([
    ['an element that ends outside', element(0x30, '0605')],
    ['a tag of two bytes', element(0x30, element(0x06, '551d13'), '1f0100', element(0x04, '3000'))],
    ['a length without an end', element(0x30, '0680', '0000')],
    ['a length in a longer form', element(0x30, '06810155', element(0x04, '3000'))],
    ['no value', element(0x30)],
    ['more than one value', extension('551d25', element(0x30), element(0x30))],
  ])('has no extension with %s', (_, bad) => {
    expect(decodeCertificate(certificate('leaf', 'root', bad))).toBeNull();
  });

  it.each([
    [['0101ff'], true, Number.POSITIVE_INFINITY],
    [['010100'], false, Number.POSITIVE_INFINITY],
    [[], false, Number.POSITIVE_INFINITY],
    [['0101ff', '020102'], true, 2],
    [['0101ff', '02020100'], true, 256],
    [['0101ff', '0201ff'], true, -1],
  ])('with basic constraints %j is an authority: %s, of path length %s', (content, isAuthority, pathLength) => {
    expect(decoded('one', 'root', constraints(...content))).toMatchObject({ isAuthority, pathLength });
  });

  const readTimes = (from: Uint8Array, to: Uint8Array) => decodeCertificate(element(0x30, tbsWithin(validity(from, to), 'leaf', 'root'), ed25519, signature));

  it.each([
    [0x17, '500101000000Z', '1950-01-01T00:00:00.000Z'],
    [0x17, '491231235959Z', '2049-12-31T23:59:59.000Z'],
    [0x17, '240229120000Z', '2024-02-29T12:00:00.000Z'],
    [0x18, '21000228235959Z', '2100-02-28T23:59:59.000Z'],
    [0x18, '20261231010203Z', '2026-12-31T01:02:03.000Z'],
  ])('reads the time %i %s as %s', (tag, text, iso) => {
    const read = readTimes(time(tag, text), time(tag, text));
    expect([read?.notBeforeMs, read?.notAfterMs]).toEqual([Date.parse(iso), Date.parse(iso)]);
  });

  it.each([
    ...['260230120000Z', '250229120000Z', '260001120000Z', '261301120000Z', '260100120000Z', '260132120000Z', '260101240000Z', '260101126000Z', '260101120060Z', '2601011200Z', '260101120000', '2601011200+00', '260101120000+0000'].map((text) => [0x17, text] as const),
    ...['20260101120000.5Z', '260101120000Z', '21000229120000Z'].map((text) => [0x18, text] as const),
    [0x16, '260101120000Z'] as const,
  ])('does not take %i %s for a time', (tag, text) => {
    const good = time(0x17, '260101120000Z');
    expect([readTimes(time(tag, text), good), readTimes(good, time(tag, text))]).toEqual([null, null]);
  });

  it('tells the URIs among its names, in their order', () => {
    const names = element(0x30, element(0x86, '61'), element(0x82, '62'), element(0x86, 'ff'), element(0x86, '63'));
    expect(decoded('leaf', 'root', extension('551d11', names)).uris).toEqual(['a', '', 'c']);
  });
});

describe('a chain', () => {
  const authority = constraints('0101ff');
  const leaf = decoded('leaf', 'middle');
  const middle = decoded('middle', 'root', authority);
  const root = decoded('root', 'root', authority);
  const short = decoded('root', 'root', constraints('0101ff', '020100'));

  it('has no key of an algorithm that is not allowed', () => {
    expect(chainFault([leaf, middle], root)).toBeNull();
    expect(chainFault([leaf, middle], { ...root, keyAlgorithm: '301006072a8648ce3d020106052b8104000a' })).toContain('algorithm');
  });

  it('that leads to no root is told why, unless only the root is missing', () => {
    const stranger = decoded('stranger', 'stranger', authority);
    expect(faultUnder([leaf, middle], [stranger, short])).toContain('path length');
    expect(faultUnder([leaf, middle], [stranger, short, root])).toBeNull();
    expect(faultUnder([leaf, middle], [stranger])).toBeNull();
    expect(faultUnder([leaf, decoded('middle', 'root')], [])).toContain('may not issue');
    expect(faultUnder([leaf, root], [])).toContain('another than the next');
  });
});
