export { type ConnectionBounds, Connections } from './connections.js';
export { localFault } from './local-fault.js';
export { type MetricsPort, type MetricsPortOptions, metricsPortLimits, openMetricsPort } from './metrics-port.js';
export { networksOf, sourceOf } from './source.js';
export { streamUpgrades } from './stream-upgrades.js';
