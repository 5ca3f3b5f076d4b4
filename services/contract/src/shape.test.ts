import { expect, it } from 'vitest';
import { schemas, shapeOf } from './index.js';

it.each([
  [{ type: 'string' }, ['', 'x'], [1, null, undefined, [], {}]],
  [{ type: ['number', 'null'] }, [0, -1.5, null], ['0', Number.NaN, Number.POSITIVE_INFINITY, true]],
  [{ type: 'integer' }, [0, -3], [0.5, 2 ** 53, 1e300, '1']],
  [{ type: 'boolean' }, [true, false], [0, null]],
  [{ const: 'a' }, ['a'], ['b', null]],
  [{ enum: ['a', 'b'] }, ['a', 'b'], ['c', 0, null]],
  [{ type: 'string', pattern: '^[0-9a-f]{2}$' }, ['0f'], ['0g', '0f0', '0f\n']],
  [{ type: 'string', format: 'date-time' }, ['2026-11-24T12:00:00Z'], ['yesterday', '']],
  [{ type: 'array', items: { type: 'boolean' }, maxItems: 2 }, [[], [true, false]], [[1], [true, true, true], {}, { length: 0 }]],
  [{ anyOf: [{ type: 'null' }, { type: 'object' }] }, [null, {}], [[], 1]],
  [{ type: 'object', required: ['a'], additionalProperties: false, properties: { a: { type: 'boolean' } } }, [{ a: true }, { a: true, later: 1 }], [{}, { a: 1 }, [], Object.create({ a: true })]],
  [{ type: 'object', required: ['constructor'] }, [JSON.parse('{"constructor":1}')], [{}]],
  [{ type: 'object', additionalProperties: { type: 'number' } }, [{}, { a: 1 }], [{ a: 'x' }, JSON.parse('{"__proto__":"x"}')]],
] as const)('%j is told from what is not of it', (schema, of, others) => {
  const check = shapeOf(schema);
  expect(of.map((value) => check(value))).toEqual(of.map(() => true));
  expect(others.map((value) => check(value))).toEqual(others.map(() => false));
});

it('knows every keyword of the contract, and no other', () => {
  for (const schema of Object.values(schemas)) expect(() => shapeOf(schema)).not.toThrow();
  expect(() => shapeOf({ type: 'string', minLength: 1 } as object)).toThrow('minLength');
});
