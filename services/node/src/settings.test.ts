import { describe, expect, it } from 'vitest';
import { readSettings } from './settings.js';

const enough = { STARLING_CERTIFICATE_DIR: '/c', STARLING_TRUST_DIR: '/t' };

function faultsOf(environment: Record<string, string>, args: string[] = []): string {
  try {
    readSettings(environment, args);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('the settings were accepted');
}

describe('settings', () => {
  it('need nothing but certificates and roots', () => {
    const settings = readSettings(enough, []);
    expect(settings.listen).toEqual({ host: '0.0.0.0', port: 9740 });
    expect(settings.advertise).toBeNull();
    expect(settings.connections).toEqual({ type: 'logarithmic' });
    expect(settings.sampleIntervalMs).toBe(1_000);
  });

  it('take flags before the environment, with a space or an equals sign', () => {
    const settings = readSettings({ ...enough, STARLING_NAME: 'a', STARLING_LISTEN: '127.0.0.1:1' }, ['--name', 'b', '--listen=[::1]:2']);
    expect(settings.name).toBe('b');
    expect(settings.advertise).toBe('[::1]:2');
  });

  it('advertise the address of the listening family, in brackets where it needs them', () => {
    const advertised = (listen: string, ips: string, more = {}) => readSettings({ ...enough, STARLING_LISTEN: listen, STARLING_ADVERTISE_IPS: ips, ...more }, []).advertise;
    expect(advertised('0.0.0.0:9740', 'fd00::5,10.0.0.5')).toBe('10.0.0.5:9740');
    expect(advertised('[::]:9740', '10.0.0.5,fd00::5')).toBe('[fd00::5]:9740');
    expect(advertised('0.0.0.0:9740', '10.0.0.5', { STARLING_ADVERTISE: '192.0.2.1:1' })).toBe('192.0.2.1:1');
    expect(faultsOf({ ...enough, STARLING_LISTEN: '[::]:9740', STARLING_ADVERTISE_IPS: '10.0.0.5' })).toContain('STARLING_ADVERTISE_IPS: none of 10.0.0.5 is of the family of STARLING_LISTEN, [::]:9740');
    expect(faultsOf({ ...enough, STARLING_ADVERTISE_IPS: '10.0.0.5,here' })).toContain('STARLING_ADVERTISE_IPS: "here"');
  });

  it('report every mistake at once, with the name of the setting and what it should be', () => {
    const message = faultsOf({ STARLING_LISTEN: 'here', STARLING_CONNECTION_RATIO: '3', STARLING_SAMPLE_INTERVAL: '1 hour', STARLING_LOG_LEVEL: 'loud', STARLING_SEDS: 'x' }, ['--lables', 'a=b']);
    for (const part of ['STARLING_LISTEN: "here"', 'STARLING_CONNECTION_RATIO: "3"', 'STARLING_SAMPLE_INTERVAL: "1 hour"', 'STARLING_LOG_LEVEL: "loud"', 'STARLING_SEDS is not a setting; did you mean STARLING_SEEDS?', '--lables is not a flag; did you mean --labels?', 'STARLING_TRUST_DIR must be set', 'STARLING_CERTIFICATE_DIR must be set']) {
      expect(message).toContain(part);
    }
  });

  it('refuse an API without TLS on an address that others reach', () => {
    expect(faultsOf({ ...enough, STARLING_API_PLAINTEXT: 'true', STARLING_API_LISTEN: '0.0.0.0:9741' })).toContain('loopback');
    expect(readSettings({ ...enough, STARLING_API_PLAINTEXT: 'true' }, []).api.plaintext).toBe(true);
  });

  it('ask the Kubernetes API only where it is named, and know what belongs together', () => {
    expect(readSettings(enough, []).kubernetes).toBeNull();
    expect(readSettings({ ...enough, STARLING_ENDPOINT_SLICES: 'demo/starling-gossip' }, []).kubernetes).toEqual({ namespace: 'demo', service: 'starling-gossip', absences: null });
    expect(readSettings({ ...enough, STARLING_ENDPOINT_SLICES: 'demo/s', STARLING_ABSENCE_PODS: 'a.example/b=c,d=e', STARLING_ABSENCE_STATEFUL_SET: 'set' }, []).kubernetes?.absences).toEqual({ podSelector: 'a.example/b=c,d=e', statefulSet: 'set' });
    expect(faultsOf({ ...enough, STARLING_ABSENCE_PODS: 'a=b' })).toContain('STARLING_ABSENCE_PODS needs STARLING_ENDPOINT_SLICES');
    expect(faultsOf({ ...enough, STARLING_ENDPOINT_SLICES: 'demo/s', STARLING_ABSENCE_STATEFUL_SET: 'set' })).toContain('STARLING_ABSENCE_STATEFUL_SET needs STARLING_ABSENCE_PODS');
    for (const text of ['demo', '../x', 'demo/s/x', 'demo/']) expect(faultsOf({ ...enough, STARLING_ENDPOINT_SLICES: text })).toContain('of the form namespace/service');
  });

  it('ask for everything that a certificate request needs', () => {
    const message = faultsOf({ STARLING_TRUST_DIR: '/t', STARLING_CERTIFICATES: 'request', STARLING_REQUEST_POD: 'starling-0' });
    for (const name of ['REQUEST_POD_UID', 'REQUEST_NAMESPACE', 'REQUEST_ISSUER']) expect(message).toContain(`STARLING_${name} must be set`);
  });
});
