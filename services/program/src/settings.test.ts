import { expect, it } from 'vitest';
import { readBoolean, readHostPort } from './setting-readers.js';
import { needed, readTable, setting } from './settings.js';

const table = { listen: setting('GATEWAY_LISTEN', '127.0.0.1:1', readHostPort, 'Where.'), plain: setting('PLAIN', null, readBoolean, 'How.'), target: needed('TARGET', readHostPort, 'Whom.') };
const read = (environment: Record<string, string>, args: string[] = []) => readTable(table, environment, args, /^STARLING_TEST_/);

it('takes the flag, then the variable, then what holds otherwise', () => {
  expect(read({ STARLING_TARGET: '[::1]:2' }).values).toEqual({ listen: { host: '127.0.0.1', port: 1 }, plain: null, target: { host: '::1', port: 2 } });
  expect(read({ STARLING_GATEWAY_LISTEN: '127.0.0.1:2', STARLING_TARGET: '[::1]:2' }, ['--listen=127.0.0.1:3', '--target', '127.0.0.1:4', '--target', '127.0.0.1:5']).values).toMatchObject({ listen: { port: 3 }, target: { port: 5 } });
});

it('finds every mistake, and suggests what may have been meant', () => {
  expect(read({ STARLING_PLAN: 'true', STARLING_PLAIN: 'maybe', STARLING_TEST_X: '1', OTHER: '1' }, ['--lisen', '127.0.0.1:1', '--listen=here', 'stray', '-x', '--target']).faults).toEqual([
    '--lisen is not a flag; did you mean --listen?',
    '"stray" belongs to no flag',
    '-x is not a flag',
    '--target needs a value',
    'STARLING_PLAN is not a setting; did you mean STARLING_PLAIN?',
    '--listen: "here" is not an IP address and a port, such as 127.0.0.1:9740 or [::1]:9740',
    'STARLING_PLAIN: "maybe" is neither true nor false',
    'STARLING_TARGET must be set. Whom.',
  ]);
});

it('takes an empty variable for one that is not set', () => {
  expect(read({ STARLING_GATEWAY_LISTEN: '', STARLING_TARGET: '' }).faults).toEqual(['STARLING_TARGET must be set. Whom.']);
});
