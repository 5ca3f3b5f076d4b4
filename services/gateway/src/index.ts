export { type Gateway, type GatewayOptions, openGateway } from './gateway.js';
export { type GatewayPlaces, type OwnCertificates, readCertificates, watchCertificates } from './certificates.js';
export { type GatewaySettings, gatewaySettingDefinitions, readGatewaySettings } from './settings.js';
