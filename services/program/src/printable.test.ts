import { describe, expect, it } from 'vitest';
import { printable, printableJson } from './printable.js';

const harmful = ['\n', '\r', '\t', '\u0000', '\u001b[2K', '\u007f', '\u0085', '\u009b1A', '\u200b', '\u202e', '\u2066', '\u2028', '\u2029', '\ufeff', '\ud800', '\u{e0041}'];

describe('printable', () => {
  it.each(harmful.map((text) => [JSON.stringify(text), text]))('replaces what is no text in %s', (_, text) => {
    expect(printable(`a${text}b`)).toMatch(/^a\ufffd(?:\[2K|1A)?b$/);
  });

  it('leaves text in any language as it is', () => {
    for (const text of ['node-1', 'a b', '\u00c5ngstr\u00f6m', '\u0436\u6f22\u0639', '\u{1f426}', '\ufffd']) expect(printable(text)).toBe(text);
  });
});

describe('printableJson', () => {
  it('is the same value without any of that', () => {
    const value = { name: harmful.join(''), list: ['\u{1f426}'] };
    const json = printableJson(value);
    expect(JSON.parse(json)).toEqual(value);
    expect(json.split('\n').map(printable).join('\n')).toBe(json);
  });
});
