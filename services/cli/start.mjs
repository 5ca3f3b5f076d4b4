/** `npm start`: installs and builds what is missing, then starts a local cluster. Arguments go on: `npm start -- --nodes 20`. */
import { requireBuild, requirePackages, requirePlatform } from './setup.mjs';

requirePlatform();
requirePackages();
requireBuild();
const { main } = await import('./dist/main.js');
process.exitCode = await main(['cluster', ...process.argv.slice(2)]);
