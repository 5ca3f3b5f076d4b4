/**
 * What counts in a certificate beside its signature and key (RFC 5280, 4). Read here for all who judge one: libraries
 * differ in what they tell of it and in what they let pass.
 */
import { type DerElement, DerReader } from '../wire/der.js';
import { decodeUtf8 } from '../wire/utf8.js';
import { equalBytes, toHex } from './node-id.js';

export interface Certificate {
  /** The tbsCertificate: what the authority signed. */
  readonly signedPart: Uint8Array;
  /** Names, DER. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly serial: Uint8Array;
  /** Both included, milliseconds since 1970. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** Algorithm identifiers, DER, hexadecimal. */
  readonly signatureAlgorithm: string;
  readonly keyAlgorithm: string;
  /** What it calls its own key, and the key and the certificate of its issuer; null where it does not. */
  readonly keyId: Uint8Array | null;
  readonly issuerKeyId: Uint8Array | null;
  readonly issuerSerial: Uint8Array | null;
  /** CA:TRUE. */
  readonly isAuthority: boolean;
  /** Its key usages, if it has any, let it sign certificates. */
  readonly maySign: boolean;
  /** How many authorities may stand between it and a leaf, those that issued themselves not counted (RFC 5280, 4.2.1.9). */
  readonly pathLength: number;
  readonly hasNameConstraints: boolean;
  /** Has an extension that whoever does not know it must not pass over (RFC 5280, 4.2), and that is not read here. */
  readonly hasUnknownCritical: boolean;
  /** Its extended key usages hold both serverAuth and clientAuth; null when there are none. */
  readonly hasBothUsages: boolean | null;
  /** The subject alternative names that are URIs, in their order. */
  readonly uris: readonly string[];
}

const extensionIds = { keyId: '551d0e', keyUsage: '551d0f', alternativeNames: '551d11', basicConstraints: '551d13', nameConstraints: '551d1e', issuerKeyId: '551d23', extendedUsage: '551d25' };
const knownCritical: readonly string[] = [extensionIds.keyUsage, extensionIds.alternativeNames, extensionIds.basicConstraints, extensionIds.extendedUsage];
const serverAuth = '2b06010505070301';
const clientAuth = '2b06010505070302';
const tags = { boolean: 0x01, integer: 0x02, bits: 0x03, sequence: 0x30, utcTime: 0x17, generalizedTime: 0x18, issuerKeyId: 0x80, issuerSerial: 0x82, uri: 0x86, extensions: 0xa3 };
/** The only version with extensions (RFC 5280, 4.1.2.1). */
const version3 = 'a003020102';
/** In the first byte of the key usages. */
const keyCertSign = 0x04;

interface Extension {
  readonly isCritical: boolean;
  readonly value: Uint8Array;
}

/** Null for bytes that are not exactly one certificate in DER. Its names and its key may still be none. */
export function decodeCertificate(der: Uint8Array): Certificate | null {
  const reader = new DerReader();
  const whole = reader.onlyElementOf(der);
  const [signed, algorithm, signature, ...more] = reader.elementsOf(whole?.content);
  const [version, serial, signedAlgorithm, issuer, validity, subject, key, ...others] = reader.elementsOf(signed?.content);
  const [keyAlgorithm] = reader.elementsOf(key?.content);
  const [notBeforeMs = null, notAfterMs = null] = reader.elementsOf(validity?.content).map(timeMsOf);
  if (version === undefined || toHex(version.whole) !== version3) return null;
  if (signed === undefined || algorithm === undefined || serial === undefined || signedAlgorithm === undefined || issuer === undefined || subject === undefined || keyAlgorithm === undefined) return null;
  if (notBeforeMs === null || notAfterMs === null) return null;
  // What is not signed can be written in one way only; the algorithm stands inside as well (RFC 5280, 4.1.1.2).
  if (whole?.tag !== tags.sequence || signature?.tag !== tags.bits || signature.content[0] !== 0 || more.length > 0 || !equalBytes(signedAlgorithm.whole, algorithm.whole)) return null;
  const extensions = readExtensions(reader, others.find(({ tag }) => tag === tags.extensions));
  const certificate: Certificate = {
    signedPart: signed.whole,
    issuer: issuer.whole,
    subject: subject.whole,
    serial: serial.content,
    notBeforeMs,
    notAfterMs,
    signatureAlgorithm: toHex(algorithm.whole),
    keyAlgorithm: toHex(keyAlgorithm.whole),
    ...readExtensionValues(reader, extensions),
    hasNameConstraints: extensions.has(extensionIds.nameConstraints),
    hasUnknownCritical: [...extensions].some(([id, { isCritical }]) => isCritical && !knownCritical.includes(id)),
  };
  return reader.failed ? null : certificate;
}

/** By object identifier, hexadecimal. */
function readExtensions(reader: DerReader, field: DerElement | undefined): ReadonlyMap<string, Extension> {
  const extensions = new Map<string, Extension>();
  if (field === undefined) return extensions;
  for (const extension of reader.elementsOf(reader.onlyElementOf(field.content)?.content)) {
    const [id, ...rest] = reader.elementsOf(extension.content);
    const value = rest.at(-1);
    // None may be there twice (RFC 5280, 4.2).
    if (id === undefined || value === undefined || extensions.has(toHex(id.content))) reader.fail();
    else extensions.set(toHex(id.content), { isCritical: rest.some(isTrue), value: value.content });
  }
  return extensions;
}

function readExtensionValues(reader: DerReader, extensions: ReadonlyMap<string, Extension>) {
  const element = (id: string) => (extensions.has(id) ? reader.onlyElementOf(extensions.get(id)?.value) : undefined);
  const elements = (id: string) => (extensions.has(id) ? reader.elementsOf(element(id)?.content) : null);
  const constraints = elements(extensionIds.basicConstraints) ?? [];
  const pathLength = constraints.find(({ tag }) => tag === tags.integer);
  const issuerKey = elements(extensionIds.issuerKeyId) ?? [];
  const keyUsage = element(extensionIds.keyUsage);
  const usages = elements(extensionIds.extendedUsage)?.map(({ content }) => toHex(content)) ?? null;
  return {
    keyId: element(extensionIds.keyId)?.content ?? null,
    issuerKeyId: issuerKey.find(({ tag }) => tag === tags.issuerKeyId)?.content ?? null,
    issuerSerial: issuerKey.find(({ tag }) => tag === tags.issuerSerial)?.content ?? null,
    isAuthority: constraints.some(isTrue),
    // Before the bits stands how many of the last byte are unused.
    maySign: keyUsage === undefined || ((keyUsage.content[1] ?? 0) & keyCertSign) !== 0,
    pathLength: pathLength === undefined ? Number.POSITIVE_INFINITY : numberOf(pathLength.content),
    hasBothUsages: usages === null ? null : usages.includes(serverAuth) && usages.includes(clientAuth),
    uris: (elements(extensionIds.alternativeNames) ?? []).filter(({ tag }) => tag === tags.uri).map(({ content }) => decodeUtf8(content) ?? ''),
  };
}

function isTrue({ tag, content }: DerElement): boolean {
  return tag === tags.boolean && content[0] !== 0;
}

function numberOf(integer: Uint8Array): number {
  const isNegative = ((integer[0] ?? 0) & 0x80) !== 0;
  return isNegative ? -1 : integer.reduce((sum, byte) => sum * 0x100 + byte, 0);
}

/** Milliseconds since 1970 of a time in one of the two forms that certificates may have (RFC 5280, 4.1.2.5), or null. */
function timeMsOf({ tag, content }: DerElement): number | null {
  const text = decodeUtf8(content) ?? '';
  const shortYear = tag === tags.utcTime ? `${text < '5' ? '20' : '19'}${text}` : text;
  const digits = tag === tags.utcTime || tag === tags.generalizedTime ? /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(shortYear) : null;
  if (digits === null) return null;
  const [year, month, day, hour, minute, second] = digits.slice(1).map(Number) as [number, number, number, number, number, number];
  const days = daysBefore(year, month) + day - 1;
  if (month < 1 || month > 12 || day < 1 || days >= daysBefore(year, month + 1) || hour > 23 || minute > 59 || second > 59) return null;
  return (((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000;
}

/** From 1970 to the first of a month, counted from 1; the 13th is the next January. */
function daysBefore(year: number, month: number): number {
  // Years from March on, so that a leap day comes last: every five months of them have 153 days.
  const years = month <= 2 ? year - 1 : year;
  const months = (month + 9) % 12;
  return 365 * years + Math.floor(years / 4) - Math.floor(years / 100) + Math.floor(years / 400) + Math.floor((153 * months + 2) / 5) - 719_468;
}
