export { formatHostPort, type HostPort } from './host-port.js';
export { createLog, type Level, type Log, type LogOptions } from './log.js';
export { LogOutput } from './log-output.js';
export { printable, printableJson } from './printable.js';
export * from './setting-readers.js';
export { flagOf, needed, readTable, type SettingDefinition, setting, type SettingValues, settingsMessage, variableOf } from './settings.js';
