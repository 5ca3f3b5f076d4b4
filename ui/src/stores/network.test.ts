import { schemas } from '@starling/contract';
import { afterEach, expect, it, vi } from 'vitest';
import { changesOf, nodeOf, snapshotOf } from '../domain/sample-network.fixture.js';
import { gatewayOffering, NetworkRig } from './network-rig.fixture.js';
import { usePage } from './page.js';

let rig: NetworkRig;

afterEach(() => {
  rig.leave();
  expect(rig.warnings).toEqual([]);
});

const snapshot = JSON.stringify(snapshotOf([nodeOf(0)]));
const settled = () => vi.advanceTimersByTimeAsync(0);
const offered = () => rig.network.gateway.value?.targets.map(({ name }) => name);

it('asks the gateway once whom it offers, and takes its word for it from then on', async () => {
  rig = new NetworkRig('?from=node-2');
  await settled();
  rig.say(snapshot);
  await settled();
  expect([rig.asked, offered()]).toEqual([['/v1/gateway'], ['node-1', 'node-2']]);
  rig.say(JSON.stringify({ type: 'targets', targets: [{ name: 'node-1' }, { name: 'node-3' }] }));
  expect(offered()).toEqual(['node-1', 'node-3']);
});

it('says of a node that is offered no more what it is, though its stream is only refused', async () => {
  rig = new NetworkRig('?from=node-4', gatewayOffering('node-1', 'node-4'));
  await settled();
  rig.say(snapshot);
  expect(rig.network.liveness.value.state).toBe('live');
  rig.gateway = gatewayOffering('node-1');
  await rig.refuse(5_000);
  expect(rig.network.liveness.value).toMatchObject({ state: 'away', detail: expect.stringContaining('does not offer node-0') as string });
  expect(offered()).toEqual(['node-1']);
});

it('learns whom it may look from when the gateway is there later than the page', async () => {
  rig = new NetworkRig('?from=node-4', null);
  await rig.refuse(5_000);
  expect(rig.network.liveness.value).toMatchObject({ state: 'reconnecting', detail: expect.stringContaining('does not answer') as string });
  rig.gateway = gatewayOffering('node-1');
  await rig.refuse(20_000);
  expect(rig.network.liveness.value).toMatchObject({ state: 'away', detail: expect.stringContaining('does not offer node-4') as string });
  expect(offered()).toEqual(['node-1']);
});

it('hears of a node that was added while it was not connected, for whatever reason', async () => {
  rig = new NetworkRig();
  await settled();
  for (const [way, name] of [[() => rig.say('no message'), 'node-3'], [() => rig.line().close(), 'node-4']] as const) {
    rig.say(snapshot);
    way();
    await settled();
    // While the page waits: what it is told after its attempt it hears of when it is back.
    rig.gateway = gatewayOffering('node-1', name);
    rig.say(snapshot);
    await settled();
    expect(offered()).toEqual(['node-1', name]);
  }
});

it('takes no more names than a gateway may offer', async () => {
  rig = new NetworkRig();
  await settled();
  const most = schemas.gatewayStatus.properties.targets.maxItems;
  const names = (count: number) => JSON.stringify({ type: 'targets', targets: Array.from({ length: count }, (_, i) => ({ name: `n${i}` })) });
  rig.say(names(most));
  expect(offered()).toHaveLength(most);
  rig.say(names(most + 1));
  expect(offered()).toHaveLength(most);
});

it('shows a past view as of when it came, however long nothing came after it', async () => {
  rig = new NetworkRig();
  await settled();
  const { network } = rig;
  rig.say(snapshot);
  const firstMs = network.newest.value?.readAtMs;
  await vi.advanceTimersByTimeAsync(30_000);
  rig.say(JSON.stringify(changesOf({ nodes: [nodeOf(0, { sequence: 11 })] })));
  expect(network.shownMs.value).toBe(network.nowMs.value);
  usePage().pastMs = network.nowMs.value - 1_000;
  expect([network.shownMs.value, network.view.value?.sequence]).toEqual([firstMs, 5]);
});

it('remembers who was well while it waits for a node that may not answer', async () => {
  rig = new NetworkRig('', gatewayOffering('node-0', 'node-1', 'node-2'));
  await settled();
  rig.say(JSON.stringify(snapshotOf([nodeOf(0), nodeOf(1, { state: 'failed' }), nodeOf(2)])));
  usePage().from = 'node-1';
  await settled();
  expect(rig.network.newest.value).toBeNull();
  expect(rig.network.outlooks.value.map(({ state }) => state)).toEqual(['alive', 'failed', 'alive']);
});
