export { composeNode, type RunningNode, version } from './compose.js';
export { readSettings, type Settings, settingDefinitions } from './settings.js';
