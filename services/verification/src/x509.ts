/** Certificates. The library needs the polyfill to be there before it; nothing else may import it directly. */
import 'reflect-metadata';

export { X509Certificate } from '@peculiar/x509';
