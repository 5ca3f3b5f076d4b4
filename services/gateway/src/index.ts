export { type Gateway, type GatewayOptions, openGateway } from './gateway.js';
export { type CertificatePlaces, type TlsMaterial, readCertificates, watchCertificates } from './certificates.js';
export { type GatewaySettings, gatewaySettingDefinitions, readGatewaySettings } from './settings.js';
