import { describe, expect, it } from 'vitest';
import { hostName, isLoopbackName, soleUri } from './names.js';

describe('the one URI of a certificate', () => {
  it.each([
    ['URI:spiffe://starling/shared', 'spiffe://starling/shared'],
    ['DNS:a.example, URI:spiffe://starling/leaf/a, IP Address:127.0.0.1', 'spiffe://starling/leaf/a'],
    ['DNS:a.example', null],
    ['URI:spiffe://starling/leaf/a, URI:spiffe://starling/leaf/b', null],
    ['DNS:"x, URI:spiffe://starling/leaf/a, y"', null],
    [undefined, null],
  ])('of %s is %s', (names, uri) => expect(soleUri(names)).toBe(uri));
});

describe('the host of an authority', () => {
  it.each([
    ['localhost:8080', 'localhost'],
    ['[::1]:8080', '::1'],
    ['Example.ORG', 'example.org'],
    ['127.0.0.1', '127.0.0.1'],
    ['a@b', null],
    ['a/b', null],
    ['', null],
    [undefined, null],
  ])('of %s is %s', (authority, name) => expect(hostName(authority)).toBe(name));

  it.each([
    ['localhost', true],
    ['127.0.0.53', true],
    ['::1', true],
    ['127.0.0.1.example.org', false],
    ['localhost.example.org', false],
    ['0.0.0.0', false],
  ])('%s is this machine: %s', (name, loopback) => expect(isLoopbackName(name)).toBe(loopback));
});
