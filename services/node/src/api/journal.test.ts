import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { apiLimits } from './api-limits.js';
import { Journal } from './journal.js';

const event = (text: string) => ({ type: 'joined' as const, node: null, name: null, time: '2026-01-01T00:00:00.000Z', text });
const arrival = (hops: number) => ({ origin: 'a', via: null, hops });

let marks: number;
let journal: Journal;
beforeEach(() => {
  marks = 0;
  journal = new Journal(() => (marks += 1));
});

describe('frames', () => {
  it('are numbered by one, and an empty one is none', () => {
    journal.close();
    expect(journal.sequence).toBe(0);
    journal.onPeersChanged();
    journal.onRecordArrived(arrival(1));
    journal.close();
    journal.close();
    journal.onFiguresChanged({ refused: false });
    journal.close();
    expect([journal.sequence, marks]).toEqual([2, 2]);
  });

  it('join into one message with the newest of each node, and everything that was said once', () => {
    journal.onNodeChanged('a', { details: true });
    journal.onTimelineEvent(event('first'));
    journal.close();
    journal.onNodeChanged('a', { details: false });
    journal.onNodeChanged('b', { details: false });
    journal.onRecordArrived(arrival(1));
    journal.close();
    journal.onNodeForgotten('b');
    journal.onTimelineEvent(event('second'));
    journal.onFiguresChanged({ refused: true });
    journal.onRecordArrived(arrival(2));
    journal.close();
    expect(journal.since(0)).toEqual({
      sequence: 3, nodes: ['a'], details: ['a'], forgotten: ['b'], events: [event('first'), event('second')], arrivals: [arrival(1), arrival(2)], recordsMerged: 2, peers: false, refused: true,
    });
    expect(journal.since(1)).toMatchObject({ nodes: ['a'], details: [], events: [event('second')], recordsMerged: 2 });
    expect(journal.since(3)).toMatchObject({ sequence: 3, nodes: [], events: [], recordsMerged: 0 });
  });

  it('leave out what happened after the last of them', () => {
    journal.onNodeChanged('a', { details: true });
    expect(journal.since(0)?.nodes).toEqual([]);
    journal.close();
    expect(journal.since(0)?.nodes).toEqual(['a']);
  });

  it('of a node that was forgotten and met again begin with its details', () => {
    journal.onNodeChanged('a', { details: true });
    journal.close();
    journal.onNodeForgotten('a');
    journal.onNodeChanged('a', { details: false });
    journal.close();
    expect(journal.since(1)).toMatchObject({ nodes: ['a'], details: ['a'], forgotten: ['a'] });
  });

  it('cannot be had once they are gone, nor before they exist', () => {
    for (let i = 0; i <= apiLimits.maxFrames; i++) {
      journal.onPeersChanged();
      journal.close();
    }
    expect(journal.since(0)).toBeNull();
    expect(journal.since(1)).not.toBeNull();
    expect(journal.since(journal.sequence + 1)).toBeNull();
  });

  it('hold a bounded number of entries', () => {
    for (let frame = 0; frame < 3; frame++) {
      for (let i = 0; i < apiLimits.maxFrameEntries / 2; i++) journal.onNodeForgotten(`${frame}-${i}`);
      journal.close();
    }
    expect(journal.since(0)).toBeNull();
    expect(journal.since(1)?.forgotten).toHaveLength(apiLimits.maxFrameEntries);
    for (let i = 0; i < apiLimits.maxFrameEvents + 5; i++) journal.onTimelineEvent(event(String(i)));
    for (let i = 0; i < apiLimits.maxArrivals + 5; i++) journal.onRecordArrived(arrival(i));
    journal.close();
    const changes = journal.since(journal.sequence - 1);
    expect(changes?.events).toHaveLength(apiLimits.maxFrameEvents);
    expect(changes?.events[0]?.text).toBe('5');
    expect(changes).toMatchObject({ recordsMerged: apiLimits.maxArrivals + 5 });
    expect(changes?.arrivals).toHaveLength(apiLimits.maxArrivals);
  });
});

describe('a client', () => {
  it('misses no node, however it falls behind', () => {
    const step = fc.oneof(
      fc.record({ what: fc.constant('change' as const), id: fc.constantFrom('a', 'b', 'c', 'd') }),
      fc.record({ what: fc.constant('close' as const) }),
      fc.record({ what: fc.constant('read' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const tested = new Journal(() => undefined);
        const truth = new Map<string, number>();
        const held = new Map<string, number>();
        let sequence = 0;
        const read = () => {
          const changes = tested.since(sequence);
          if (changes === null) throw new Error('too few frames for that');
          for (const id of changes.nodes) held.set(id, truth.get(id) as number);
          sequence = changes.sequence;
        };
        steps.forEach((each, i) => {
          if (each.what === 'change') {
            truth.set(each.id, i);
            tested.onNodeChanged(each.id, { details: false });
          } else if (each.what === 'close') tested.close();
          else read();
        });
        tested.close();
        read();
        expect(Object.fromEntries(held)).toEqual(Object.fromEntries(truth));
      }),
    );
  });
});
