/** Whatever reads bytes or text from elsewhere answers with a verdict, never with an exception. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { clientErrorAnswer, hostName, isLoopbackName, problemOfError, soleUri } from '@starling/contract';
import {
  decodeBundle, decodeCertificate, decodeCredential, decodeDescriptor, decodeSample, decodeTrust, encodeDescriptor, encodeSample, encodeTrust, fromHex, isClusterName, isNodeId, isSignatureWellFormed, parseLeafUri, peekBundle,
} from '@starling/gossip';
import { describe, expect, it } from 'vitest';
import { randomBytes } from '../../services/gossip/src/random.js';
import { decodeMessage } from '../../services/gossip/src/wire/codec.js';
import { clusterTagOf, verifyCredential } from '../../services/node/src/certificates/credential.js';
import { TrustedRoots } from '../../services/certificates/src/trusted-roots.js';
import { createSignatureVerifier } from '../../services/node/src/identity/verify-signature.js';
import { fuzzRandom, mutated, runsOf } from './mutation.js';

const vectors = <T>(name: string) => JSON.parse(readFileSync(join(import.meta.dirname, '..', 'vectors', name), 'utf8')) as T;
const bytesOf = (hex: string) => fromHex(hex) as Uint8Array;
const credentialFile = vectors<{ cluster: string; nowMs: number; root: string; credentials: { bytes: string }[] }>('credentials.json');
const roots = new TrustedRoots([new X509Certificate(bytesOf(credentialFile.root))]);
const question = { roots, cluster: credentialFile.cluster, clusterTag: clusterTagOf(credentialFile.cluster), acceptsShared: true, wallMs: credentialFile.nowMs };

const messages = vectors<{ bytes: string }[]>('messages.json').map(({ bytes }) => bytesOf(bytes));
const bundles = vectors<{ bundles: { bytes: string }[] }>('records.json').bundles.map(({ bytes }) => bytesOf(bytes));
const credentials = credentialFile.credentials.map(({ bytes }) => bytesOf(bytes));
const certificates = credentials.flatMap((bytes) => decodeCredential(bytes)?.chain ?? []);
const metric = { name: 'a.b', unit: 'By', type: 'gauge' as const, exponent: -3 };

/** A parser, and what is of its form. */
const parsers: Readonly<Record<string, readonly [(bytes: Uint8Array) => unknown, readonly Uint8Array[]]>> = {
  message: [decodeMessage, messages],
  bundle: [(bytes) => [peekBundle(bytes), decodeBundle(bytes)], bundles],
  credential: [decodeCredential, credentials],
  certificate: [decodeCertificate, certificates],
  descriptor: [decodeDescriptor, [encodeDescriptor({ name: 'n', version: 'v', labels: { a: 'b', c: 'd' }, metrics: [metric, metric] })]],
  sample: [decodeSample, [encodeSample({ descriptorSequence: 3, viewDigest: new Uint8Array(8), multiples: [1, undefined, -5, 2 ** 40] })]],
  trust: [decodeTrust, [encodeTrust([new Uint8Array(32), new Uint8Array(32).fill(4)])]],
  signature: [(bytes) => isSignatureWellFormed(bytes.subarray(0, 32), bytes.subarray(32)), [randomBytes(fuzzRandom(1), 96)]],
};

describe.each(Object.entries(parsers))('the parser of a %s', (name, [parse, corpus]) => {
  it('throws for nothing', () => {
    const random = fuzzRandom(name.length * 31);
    for (let i = 0; i < runsOf(4_000); i++) {
      const bytes = random() < 0.1 ? randomBytes(random, Math.floor(random() * 300)) : mutated(random, corpus[i % corpus.length] as Uint8Array, corpus);
      try {
        parse(bytes);
      } catch (fault) {
        throw new Error(`${name} ${Buffer.from(bytes).toString('hex')}`, { cause: fault });
      }
    }
  });
});

it('no damaged credential is admitted', () => {
  const random = fuzzRandom(7);
  const sound = credentials.slice(0, 5);
  for (const bytes of sound) expect(verifyCredential(bytes, question).admitted).toBe(true);
  for (let i = 0; i < runsOf(800); i++) {
    const bytes = mutated(random, sound[i % sound.length] as Uint8Array, sound);
    const isSound = sound.some((one) => Buffer.compare(one, bytes) === 0);
    if (!isSound) expect(verifyCredential(bytes, question).admitted, Buffer.from(bytes).toString('hex')).toBe(false);
  }
});

it('no damaged signature holds, and none stops the verifier', async () => {
  const random = fuzzRandom(8);
  const verify = createSignatureVerifier();
  const signatures = vectors<{ publicKey: string; message: string; signature: string; valid: boolean }[]>('signatures.json');
  for (let i = 0; i < runsOf(600); i++) {
    const { publicKey, message, signature } = signatures[i % signatures.length] as (typeof signatures)[number];
    const damaged = mutated(random, bytesOf(signature), [randomBytes(random, 64)]);
    if (Buffer.from(damaged).toString('hex') !== signature) expect(await verify(bytesOf(publicKey), bytesOf(message), damaged)).toBe(false);
  }
});

/** Text that parsers trip over. */
const texts = ['URI:spiffe://a/node/b, DNS:x', 'spiffe://cluster/leaf/name', 'localhost:80', '[::1]:9', '127.0.0.1', '__proto__', 'constructor', '\u0000', '😀', '"', ', ', '%', ':', '/', '', ' ', '\n', 'ERR_HTTP_REQUEST_TIMEOUT'];

it('names, URIs and problems of the contract: text of any kind', () => {
  const random = fuzzRandom(9);
  for (let i = 0; i < runsOf(4_000); i++) {
    let text = '';
    for (let parts = Math.floor(random() * 5); parts >= 0; parts--) text += texts[Math.floor(random() * texts.length)];
    if (random() < 0.3) text = Buffer.from(randomBytes(random, 40)).toString('latin1');
    soleUri(text);
    parseLeafUri(text);
    isClusterName(text);
    isNodeId(text);
    isLoopbackName(hostName(text) ?? text);
    expect(clientErrorAnswer(text)).toMatch(/^HTTP\/1\.1 4\d\d [ -~]+\r\n/);
    for (const error of [text, new Error(text), Object.assign(new Error(text), { statusCode: text }), Object.assign(new Error(text), { statusCode: i % 700 }), null, undefined, i]) {
      const { status } = problemOfError(error, text).problem;
      expect(status >= 400 && status < 600).toBe(true);
    }
  }
});
