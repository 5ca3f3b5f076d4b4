/** Credentials that show the rules for chains (docs/PROTOCOL.md 3.6). */
import * as x509 from '@peculiar/x509';
import { clientAuth, serverAuth } from '../support/authority.js';
import { authority, type Authority, type AuthorityWishes, type Case, type Wishes } from './issuance.js';
import { keyOf, signWith } from './keys.js';
import { p256Of, signP256 } from './p256.js';

const nameConstraints = (isCritical: boolean) => new x509.Extension('2.5.29.30', isCritical, Buffer.from('300da00b30098607766563746f7273', 'hex'));
const unknownCritical = new x509.Extension('1.3.6.1.4.1.32473.1', true, Uint8Array.of(5, 0));
const signsLists = new x509.KeyUsagesExtension(x509.KeyUsageFlags.cRLSign, true);
const ofIssuer = (keyId: string) => new x509.AuthorityKeyIdentifierExtension(keyId);
const ofIssuerSerial = (serial: string) => new x509.Extension('2.5.29.35', false, Buffer.from(`30038201${serial}`, 'hex'));

export async function chainCases(root: Authority, stranger: Authority): Promise<readonly Case[]> {
  const below = (name: string, wishes: AuthorityWishes = {}, parent = root) => authority(name, parent, wishes);
  const rootWith = (wishes: AuthorityWishes) => authority('root', undefined, wishes);
  /** By this authority, with the chain up to the root. */
  const by = (name: string, verdict: string, chain: readonly [Authority, ...Authority[]], wishes: Wishes = {}): Case => [name, verdict, chain[0], { intermediates: chain, ...wishes }];
  const byRoot = (name: string, verdict: string, roots: readonly Authority[], wishes: Wishes = {}): Case => [name, verdict, root, { roots, ...wishes }];

  const intermediate = await below('intermediate');
  const short = await below('short', { pathLength: 0 });
  const one = await below('one', { pathLength: 1 });
  const shortRoot = await rootWith({ pathLength: 0 });
  const [ended, ending, coming] = [await rootWith({ until: -1 }), await rootWith({ from: -20, until: 30 }), await rootWith({ from: 1 })];
  const keyed = await below('keyed', { serial: '07', extensions: [new x509.SubjectKeyIdentifierExtension('0102')] });
  const old = await rootWith({ subject: 'old', spki: p256Of('old').spki });
  const at0 = (rewrite: (der: Uint8Array) => Uint8Array) => (der: Uint8Array, i: number) => (i === 0 ? rewrite(der) : der);
  const longer = (der: Uint8Array) => Buffer.concat([der, Buffer.of(0)]);
  return [
    ['by another key than that of the intermediate', 'untrusted-chain', await below('impostor', { subject: 'intermediate' }), { intermediates: [intermediate] }],
    by('by an authority of path length 0', 'admitted', [short]),
    by('by an authority below one of path length 0', 'untrusted-chain', [await below('next', {}, short), short]),
    by('by an authority below one of path length 1', 'admitted', [await below('next', {}, one), one]),
    by('by an authority that issued itself below path length 0', 'admitted', [await authority('other', short, { subject: 'short' }), short]),
    byRoot('under a root of path length 0', 'admitted', [shortRoot]),
    by('by an intermediate under a root of path length 0', 'untrusted-chain', [intermediate], { roots: [shortRoot] }),
    by('by an authority with name constraints', 'untrusted-chain', [await below('limited', { extensions: [nameConstraints(true)] })]),
    by('by an authority with name constraints that are not critical', 'untrusted-chain', [await below('limited', { extensions: [nameConstraints(false)] })]),
    byRoot('under a root with name constraints', 'untrusted-chain', [await rootWith({ extensions: [nameConstraints(false)] })]),
    by('by an authority that is none', 'untrusted-chain', [await below('leaf', { isAuthority: false })]),
    by('by an authority that may not sign certificates', 'untrusted-chain', [await below('lists', { extensions: [signsLists] })]),
    byRoot('under a root that may not sign certificates', 'untrusted-chain', [await rootWith({ extensions: [signsLists] })]),
    by('by an authority for clients only', 'untrusted-chain', [await below('clients', { extensions: [new x509.ExtendedKeyUsageExtension([clientAuth])] })]),
    by('by an authority for servers and clients', 'admitted', [await below('both', { extensions: [new x509.ExtendedKeyUsageExtension([clientAuth, serverAuth])] })]),
    byRoot('of a leaf with a critical extension that nobody knows', 'untrusted-chain', [root], { extensions: [unknownCritical] }),
    by('by an authority with a critical extension that nobody knows', 'untrusted-chain', [await below('critical', { extensions: [unknownCritical] })]),
    byRoot('under a root with a critical extension that nobody knows', 'untrusted-chain', [await rootWith({ extensions: [unknownCritical] })]),
    byRoot('with a stranger after the leaf', 'untrusted-chain', [root], { intermediates: [stranger] }),
    byRoot('with a certificate for the root by a stranger', 'untrusted-chain', [root], { intermediates: [await authority('root', stranger)] }),
    byRoot('with the root after the leaf', 'untrusted-chain', [root], { intermediates: [root] }),
    byRoot('with a certificate twice', 'untrusted-chain', [root], { intermediates: [root, root] }),
    byRoot('of an issuer whose name is written otherwise', 'untrusted-chain', [root], { issuerName: 'CN=ROOT' }),
    by('of an issuer with this key identifier', 'admitted', [keyed], { extensions: [ofIssuer('0102')] }),
    by('of an issuer with another key identifier', 'untrusted-chain', [keyed], { extensions: [ofIssuer('0103')] }),
    by('of an issuer with this serial number', 'admitted', [keyed], { extensions: [ofIssuerSerial('07')] }),
    by('of an issuer with another serial number', 'untrusted-chain', [keyed], { extensions: [ofIssuerSerial('08')] }),
    byRoot('under a root that ended', 'expired', [ended]),
    byRoot('under a root that begins in an hour', 'not-yet-valid', [coming]),
    byRoot('under a root that begins in a minute', 'admitted', [await rootWith({ from: 1 / 60 })]),
    byRoot('under a root that ended and was renewed', 'admitted', [ended, ending]),
    byRoot('under a root that was renewed and ended', 'admitted', [ending, ended]),
    byRoot('between a root that ended and its renewal', 'admitted', [ended, coming]),
    byRoot('under a root that ended, and one with its name and another key', 'expired', [ended, await authority('namesake', undefined, { subject: 'root' })]),
    by('by an authority that ended', 'expired', [await below('ended', { until: -1 })]),
    by('by an authority that begins in a minute', 'admitted', [await below('soon', { from: 1 / 60 })]),
    by('by an authority that begins in an hour', 'not-yet-valid', [await below('later', { from: 1 })]),
    byRoot('of an authority that may not sign certificates', 'wrong-usage', [root], { isAuthority: true, extensions: [signsLists] }),
    byRoot('with a name of a host that looks like a list', 'admitted', [root], { dnsName: 'a", URI:b' }),
    by('with an extension twice', 'malformed', [await below('twice', { extensions: [new x509.BasicConstraintsExtension(false, undefined, true)] })]),
    byRoot('with a byte after its leaf', 'malformed', [root], { rewrite: at0(longer) }),
    by('with a byte after its intermediate', 'malformed', [intermediate], { rewrite: (der, i) => (i === 1 ? longer(der) : der) }),
    byRoot('of a leaf in PEM', 'malformed', [root], { rewrite: at0((der) => Buffer.from(new x509.X509Certificate(new Uint8Array(der)).toString('pem'))) }),
    byRoot('of a leaf with a length in a longer form', 'malformed', [root], { rewrite: at0((der) => Buffer.concat([Buffer.of(0x30, 0x83, 0), der.subarray(2)])) }),
    byRoot('of a leaf with another algorithm than was signed', 'malformed', [root], { rewrite: at0((der) => signedAnew(der, ed25519, byRootKey, '300706032b65700500')) }),
    byRoot('of a leaf until 30 February', 'malformed', [root], { rewrite: at0((der) => signedAnew(der, ed25519, byRootKey, ed25519, ['170d3236313132353132', '170d3237303233303132'])) }),
    byRoot('on P-256 with SHA-256', 'admitted', [old], { issuerName: 'CN=old', rewrite: at0((der) => signedAnew(der, '300a06082a8648ce3d040302', (tbs) => derOf(signP256(p256Of('old'), tbs)))) }),
    byRoot('on P-256 with SHA-1', 'untrusted-chain', [old], { issuerName: 'CN=old', rewrite: at0((der) => signedAnew(der, '300906072a8648ce3d0401', (tbs) => derOf(signP256(p256Of('old'), tbs, 'sha1')))) }),
  ];
}

const sequence = (content: Uint8Array) => Buffer.concat([Buffer.of(0x30, 0x82, content.length >> 8, content.length & 0xff), content]);

const ed25519 = '300506032b6570';
const byRootKey = (tbs: Uint8Array) => signWith(keyOf('root'), tbs);

/** An Ed25519 certificate by another algorithm (DER, hexadecimal), perhaps with one more outside of what is signed, or with other dates inside. */
function signedAnew(der: Uint8Array, algorithm: string, sign: (tbs: Uint8Array) => Uint8Array, outside = algorithm, [from, to] = ['', '']): Uint8Array {
  // A sequence that begins with a sequence, both of two bytes of length.
  const tbsHex = Buffer.from(der.subarray(8, 8 + Buffer.from(der).readUInt16BE(6))).toString('hex');
  const tbs = sequence(Buffer.from(tbsHex.replace(ed25519, algorithm).replace(from, to), 'hex'));
  const signature = sign(tbs);
  return sequence(Buffer.concat([tbs, Buffer.from(outside, 'hex'), Buffer.of(0x03, signature.length + 1, 0), signature]));
}

/** r | s as certificates have it. */
function derOf(signature: Uint8Array): Uint8Array {
  const numbers = [signature.subarray(0, 32), signature.subarray(32)].map((bytes) => {
    const trimmed = bytes.subarray(bytes.findIndex((byte) => byte !== 0));
    const number = (trimmed[0] as number) >= 0x80 ? Buffer.concat([Buffer.of(0), trimmed]) : trimmed;
    return Buffer.concat([Buffer.of(0x02, number.length), number]);
  });
  const content = Buffer.concat(numbers);
  return Buffer.concat([Buffer.of(0x30, content.length), content]);
}
