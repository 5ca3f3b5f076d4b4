import 'reflect-metadata';
import { createHash, generateKeyPairSync, webcrypto, X509Certificate } from 'node:crypto';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import { certificatesIn, TrustedRoots } from '@starling/certificates';
import { encodeCredential, decodeCredential, limits } from '@starling/gossip';
import { beforeAll, describe, expect, it } from 'vitest';
import { type TestAuthority, clientAuth, type LeafChanges, createTestAuthority, serverAuth, writtenOtherwise } from '../../../../test/support/authority.js';
import { clusterTagOf, makeCredential, verifyCredential } from './credential.js';
import { type KeyWithRequest, makeSigningRequest } from './request/signing-request.js';

const cluster = 'starling';
const clusterTag = clusterTagOf(cluster);
const nodeId = 'ab'.repeat(32);
const otherId = 'cd'.repeat(32);
const uri = `spiffe://${cluster}/leaf/one`;
let root: TestAuthority;
let asked: KeyWithRequest;

beforeAll(async () => {
  root = await createTestAuthority('root');
  asked = await makeSigningRequest(uri);
});

function rootsOf(...authorities: readonly TestAuthority[]): TrustedRoots {
  return new TrustedRoots(authorities.map(({ root: pem }) => new X509Certificate(pem)));
}

/** A credential as its holder makes it, of a leaf with these changes. */
async function credentialOf(changes: LeafChanges = {}, by: TestAuthority = root, above = ''): Promise<Uint8Array> {
  const leaf = await by.sign(asked.signingRequestPem, changes);
  return makeCredential({ clusterTag, nodeId, chainPem: leaf + above, keyPem: asked.keyPem });
}

function judge(bytes: Uint8Array, changes: { roots?: TrustedRoots; cluster?: string; acceptsShared?: boolean; wallMs?: number } = {}) {
  const name = changes.cluster ?? cluster;
  return verifyCredential(bytes, { roots: changes.roots ?? rootsOf(root), cluster: name, clusterTag: clusterTagOf(name), acceptsShared: changes.acceptsShared ?? true, wallMs: changes.wallMs ?? Date.now() });
}

/** After the root began. */
function soon(): Date {
  return new Date(Date.now() + 2_000);
}

function refused(reason: string) {
  return { admitted: false, reason };
}

describe('the tag of a cluster', () => {
  it('is the beginning of a hash of its name', () => {
    expect(Buffer.from(clusterTagOf('starling')).toString('hex')).toBe(createHash('sha256').update('starling cluster').update(Buffer.of(0)).update('starling').digest('hex').slice(0, 16));
  });
});

describe('a credential', () => {
  it('is admitted with the facts of its leaf', async () => {
    const bytes = await credentialOf({ notBefore: soon() });
    const [leaf] = decodeCredential(bytes)?.chain ?? [];
    const certificate = new X509Certificate(leaf as Uint8Array);
    expect(judge(bytes)).toEqual({
      admitted: true,
      facts: {
        nodeId,
        cluster,
        leafFingerprint: createHash('sha256').update(leaf as Uint8Array).digest(),
        leafContent: expect.objectContaining({ length: 32 }),
        uri,
        binding: 'first-come',
        notBeforeMs: Date.parse(certificate.validFrom),
        notAfterMs: Date.parse(certificate.validTo),
        rootFingerprint: createHash('sha256').update(new X509Certificate(root.root).raw).digest(),
      },
    });
  });

  it.each([
    [`spiffe://${cluster}/node/${nodeId}`, 'named'],
    [`spiffe://${cluster}/shared`, 'shared'],
  ])('of %s is %s', async (name, binding) => {
    expect(judge(await credentialOf({ uris: [name] }))).toMatchObject({ admitted: true, facts: { uri: name, binding } });
  });

  it('of a leaf that serves all nodes is admitted only where this one has such a leaf itself', async () => {
    expect(judge(await credentialOf({ uris: [`spiffe://${cluster}/shared`] }), { acceptsShared: false })).toEqual(refused('wrong-uri'));
  });

  it('leads through two intermediates, and ends with the first authority that ends', async () => {
    const first = await root.intermediate('first');
    const second = await first.intermediate('second');
    const bytes = await credentialOf({ notAfter: new Date(Date.now() + 9 * 3_600_000) }, second, second.root + first.root);
    const endOfFirst = Date.parse(new X509Certificate(first.root).validTo);
    expect(judge(bytes)).toMatchObject({ admitted: true, facts: { notAfterMs: endOfFirst } });
    expect(judge(bytes, { wallMs: endOfFirst + 1 })).toEqual(refused('expired'));
  });

  it('may be of an Ed25519 leaf', async () => {
    const keys = (await webcrypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as CryptoKeyPair;
    const request = await Pkcs10CertificateRequestGenerator.create({ keys, signingAlgorithm: { name: 'Ed25519' } }, crypto);
    const leaf = await root.sign(request.toString('pem'), { uris: [uri], usages: [serverAuth, clientAuth] });
    const keyPem = `-----BEGIN PRIVATE KEY-----\n${Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')}\n-----END PRIVATE KEY-----\n`;
    const bytes = makeCredential({ clusterTag, nodeId, chainPem: leaf, keyPem });
    expect(judge(bytes)).toMatchObject({ admitted: true });
    bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
    expect(judge(bytes)).toEqual(refused('bad-signature'));
  });

  it('is of the same leaf however the signature of the authority is written', async () => {
    const leaf = await root.sign(asked.signingRequestPem);
    const verdictOf = (chainPem: string, id: string) => judge(makeCredential({ clusterTag, nodeId: id, chainPem, keyPem: asked.keyPem }));
    const [one, same, another] = [verdictOf(leaf, nodeId), verdictOf(writtenOtherwise(leaf), otherId), verdictOf(await root.sign(asked.signingRequestPem), nodeId)];
    if (!one.admitted || !same.admitted || !another.admitted) throw new Error('refused');
    expect(same.facts.leafFingerprint).not.toEqual(one.facts.leafFingerprint);
    expect(same.facts.leafContent).toEqual(one.facts.leafContent);
    expect(another.facts.leafContent).not.toEqual(one.facts.leafContent);
  });

  it('cannot be made with another kind of key, without a certificate, or of a long chain', async () => {
    const leaf = await root.sign(asked.signingRequestPem);
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const make = (chainPem: string, keyPem: string) => () => makeCredential({ clusterTag, nodeId, chainPem, keyPem });
    expect(make(leaf, rsa)).toThrow(expect.objectContaining({ fault: 'unsupported-key' }));
    expect(make('', asked.keyPem)).toThrow(expect.objectContaining({ fault: 'no-certificate' }));
    expect(make(leaf.repeat(5), asked.keyPem)).toThrow(expect.objectContaining({ fault: 'too-long', message: expect.stringContaining('5 certificates') }));
  });
});

describe('time', () => {
  it('is judged at each look, also when the chain is known', async () => {
    const bytes = await credentialOf({ notBefore: soon() });
    const roots = rootsOf(root);
    const { notBeforeS = 0, notAfterS = 0 } = decodeCredential(bytes) ?? {};
    expect(judge(bytes, { roots, wallMs: notAfterS * 1_000 })).toMatchObject({ admitted: true });
    expect(judge(bytes, { roots, wallMs: notAfterS * 1_000 + 1 })).toEqual(refused('expired'));
    expect(judge(bytes, { roots, wallMs: notBeforeS * 1_000 - 120_000 })).toMatchObject({ admitted: true });
    expect(judge(bytes, { roots, wallMs: notBeforeS * 1_000 - 120_001 })).toEqual(refused('not-yet-valid'));
  });

  it('ends with the root, of several with one key with the last', async () => {
    const bytes = await credentialOf({ notAfter: new Date(Date.now() + 99 * 3_600_000) });
    const end = Date.parse(new X509Certificate(root.root).validTo);
    expect(judge(bytes, { wallMs: end + 1 })).toEqual(refused('expired'));
    const renewed = new X509Certificate(await root.renewed(new Date(end + 3_600_000)));
    const original = new X509Certificate(root.root);
    for (const both of [[renewed, original], [original, renewed]]) expect(judge(bytes, { roots: new TrustedRoots(both), wallMs: end + 1 })).toMatchObject({ admitted: true });
  });
});

describe('a credential is refused', () => {
  it.each<[string, LeafChanges, string]>([
    ['of a leaf without use as a client', { usages: [serverAuth] }, 'wrong-usage'],
    ['of a leaf without use as a server', { usages: [clientAuth] }, 'wrong-usage'],
    ['of a leaf for any use', { usages: ['2.5.29.37.0'] }, 'wrong-usage'],
    ['of an authority', { isAuthority: true }, 'wrong-usage'],
    ['of a leaf without a name', { uris: [] }, 'wrong-uri'],
    ['of a leaf with two names', { uris: [uri, `spiffe://${cluster}/shared`] }, 'wrong-uri'],
    ['of a leaf that hides a name in another', { uris: [`https://x, URI:${uri}`] }, 'wrong-uri'],
    ['of a gateway', { uris: [`spiffe://${cluster}/gateway/one`] }, 'wrong-uri'],
    ['of another cluster', { uris: ['spiffe://other/leaf/one'] }, 'wrong-cluster'],
    ['of another node', { uris: [`spiffe://${cluster}/node/${otherId}`] }, 'wrong-node'],
    ['of an expired leaf', { notAfter: new Date(Date.now() - 2_000) }, 'expired'],
    ['of a leaf of tomorrow', { notBefore: new Date(Date.now() + 600_000) }, 'not-yet-valid'],
  ])('%s', async (_, changes, reason) => {
    expect(judge(await credentialOf(changes))).toEqual(refused(reason));
  });

  it('under another root, also one of the same name, and without its intermediate', async () => {
    const impostor = await createTestAuthority('root');
    expect(judge(await credentialOf({}, impostor))).toEqual(refused('untrusted-chain'));
    const between = await root.intermediate('between');
    expect(judge(await credentialOf({}, between))).toEqual(refused('untrusted-chain'));
    expect(judge(await credentialOf({}, between, between.root))).toMatchObject({ admitted: true });
    const stranger = await root.intermediate('stranger');
    expect(judge(await credentialOf({}, between, stranger.root))).toEqual(refused('untrusted-chain'));
    expect(judge(await credentialOf(), { roots: rootsOf() })).toEqual(refused('untrusted-chain'));
  });

  it('of a leaf that another leaf made', async () => {
    // The signer has the name and key of a leaf under the root, which is no authority.
    const leafAsAuthority = await root.intermediate('leaf', { isAuthority: false });
    expect(judge(await credentialOf({}, leafAsAuthority, leafAsAuthority.root))).toEqual(refused('untrusted-chain'));
  });

  it('under an authority whose limits on names cannot be read', async () => {
    const limited = await root.intermediate('limited', { nameConstraints: true });
    expect(judge(await credentialOf({}, limited, limited.root))).toEqual(refused('untrusted-chain'));
  });

  it('for another cluster tag', async () => {
    expect(judge(await credentialOf(), { cluster: 'other' })).toEqual(refused('wrong-cluster'));
  });

  it('when it promises more time than its leaf', async () => {
    const good = decodeCredential(await credentialOf());
    if (good === null) throw new Error('not decoded');
    for (const changes of [{ notBeforeS: good.notBeforeS - 1 }, { notAfterS: good.notAfterS + 1 }, { notBeforeS: good.notAfterS, notAfterS: good.notBeforeS }]) {
      expect(judge(Buffer.concat([encodeCredential({ ...good, ...changes }), good.leafSignature]))).toEqual(refused('malformed'));
    }
  });

  it('when its leaf is written so that it has another fingerprint', async () => {
    const good = decodeCredential(await credentialOf());
    if (good === null) throw new Error('not decoded');
    const [leaf = new Uint8Array(0)] = good.chain;
    const pem = Buffer.from(certificatesIn(new X509Certificate(leaf).toString())?.[0]?.toString() ?? '');
    for (const other of [Buffer.concat([leaf, Buffer.of(0)]), pem]) {
      expect(judge(Buffer.concat([encodeCredential({ ...good, chain: [other] }), good.leafSignature]))).toEqual(refused('malformed'));
    }
  });

  it('whatever single byte is changed or missing', async () => {
    const good = await credentialOf();
    const roots = rootsOf(root);
    for (let at = 0; at < good.length; at += 7) {
      const changed = good.slice();
      changed[at] = (changed[at] as number) ^ 0x40;
      expect(judge(changed, { roots }).admitted, `byte ${at}`).toBe(false);
      expect(judge(good.subarray(0, at), { roots })).toEqual(refused('malformed'));
    }
    expect(judge(Buffer.concat([good, Buffer.of(0)]))).toEqual(refused('malformed'));
    expect(judge(new Uint8Array(limits.maxCredentialBytes + 1))).toEqual(refused('malformed'));
  });
});
