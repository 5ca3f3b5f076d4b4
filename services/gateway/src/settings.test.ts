import { describe, expect, it } from 'vitest';
import { gatewayLimits } from './gateway-limits.js';
import { SettingsError, readGatewaySettings } from './settings.js';

const needed = { STARLING_GATEWAY_TARGETS: 'a=https://127.0.0.1:9741', STARLING_CERTIFICATE_DIR: '/certificate', STARLING_TRUST_DIR: '/trust' };

function faultsOf(environment: Record<string, string>, args: string[] = []): string {
  try {
    readGatewaySettings(environment, args);
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
    throw error;
  }
  return '';
}

describe('the settings', () => {
  it('need the targets and the two directories, and nothing else', () => {
    const settings = readGatewaySettings(needed, []);
    expect(settings).toMatchObject({ cluster: 'starling', listen: { host: '127.0.0.1', port: 8080 }, metricsListen: { host: '127.0.0.1', port: 8081 }, targetsFile: null, allowedHosts: [], log: { level: 'info', format: 'json' } });
    expect(settings.targets.map(({ name, url }) => [name, url.host])).toEqual([['a', '127.0.0.1:9741']]);
  });

  it('come from flags before variables', () => {
    const settings = readGatewaySettings({ ...needed, STARLING_LOG_LEVEL: 'warn' }, ['--listen', '[::1]:80', '--targets=x=https://[::1]:1,y=https://node.example:2', '--log-level=debug', '--targets-file', '/targets', '--allowed-hosts', 'Page.example,[::1]']);
    expect(settings).toMatchObject({ listen: { host: '::1', port: 80 }, targetsFile: '/targets', allowedHosts: ['page.example', '::1'], log: { level: 'debug' } });
    expect(settings.targets.map(({ name }) => name)).toEqual(['x', 'y']);
  });

  it('allow every host below a name that is given with an asterisk, and nothing else by one', () => {
    expect(readGatewaySettings({ ...needed, STARLING_GATEWAY_ALLOWED_HOSTS: '*.Example.com' }, []).allowedHosts).toEqual(['*.example.com']);
    for (const host of ['*', '*.', 'a.*', '*example.com', '*.*.example.com', '*.10.0.0.1']) expect(faultsOf({ ...needed, STARLING_GATEWAY_ALLOWED_HOSTS: host }), host).toContain(`"${host}" is not a host name`);
  });

  it('take an empty variable for one that is not set', () => {
    expect(readGatewaySettings({ ...needed, STARLING_CLUSTER: '' }, []).cluster).toBe('starling');
  });

  it('are refused with every mistake at once', () => {
    const message = faultsOf({ STARLING_CLUSTER: '-x', STARLING_GATEWAY_LISTEN: 'localhost:80', STARLING_GATEWAY_TARGETS: 'a=http://h:1,a b=https://h:1,c=https://h:1/x', STARLING_GATEWAY_ALLOWED_HOSTS: 'a/b', STARLING_LOG_LEVEL: 'loud', STARLING_GATEWAY_TARGET: 'x', STARLING_LOG_LEVL: 'debug', STARLING_METRIC_LISTEN: '0.0.0.0:9', STARLING_LISTEN: '0.0.0.0:80' }, ['--nonsense', '--log-format']);
    for (const part of ['STARLING_CLUSTER: "-x"', '"localhost:80"', 'address of "a"', '"a b=https://h:1"', 'address of "c"', '"a/b"', '"loud"', 'STARLING_GATEWAY_TARGET is not a setting', 'STARLING_LOG_LEVL is not a setting; did you mean STARLING_LOG_LEVEL?', 'STARLING_METRIC_LISTEN is not a setting', 'STARLING_LISTEN is not a setting\n', '--nonsense is not a flag', '--log-format needs a value', 'STARLING_CERTIFICATE_DIR must be set', 'STARLING_TRUST_DIR must be set']) expect(message).toContain(part);
  });

  it.each([
    ['no target', { STARLING_GATEWAY_TARGETS: ',' }],
    ['a name twice', { STARLING_GATEWAY_TARGETS: 'a=https://h:1,a=https://h:2' }],
    ['a password', { STARLING_GATEWAY_TARGETS: 'a=https://u:p@h:1' }],
    ['too many', { STARLING_GATEWAY_TARGETS: Array.from({ length: gatewayLimits.maxTargets + 1 }, (_, i) => `n${i}=https://h:1`).join() }],
  ])('are refused with %s', (_what, changes) => expect(faultsOf({ ...needed, ...changes })).toContain('STARLING_GATEWAY_TARGETS'));
});
