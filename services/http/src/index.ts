export { Connections } from './connections.js';
export { whoGivesWay } from './give-way.js';
export { localFault } from './local-fault.js';
export { type MetricsPort, type MetricsPortOptions, openMetricsPort } from './metrics-port.js';
export { Passage } from './passage.js';
export { networksOf, sourceOf } from './source.js';
export { streamUpgrades } from './stream-upgrades.js';
