#!/usr/bin/env node
/** `npx starling <command>` from a clone: builds what is missing first. */
import { existsSync } from 'node:fs';
import { fail, requirePlatform } from '../setup.mjs';

const program = new URL('../dist/main.js', import.meta.url);
if (!existsSync(program)) fail('Starling is not built yet. Run `npm start` (or `npm run build`) once.');
// All others only look, from anywhere.
if (process.argv[2] === 'cluster') requirePlatform();
const { main } = await import(program.href);
process.exitCode = await main(process.argv.slice(2));
