/**
 * Whether a value has the shape that a schema of this contract asks for: the part of JSON Schema that schemas.ts uses, for
 * the page, whose content security policy forbids the code that validators make. Fields that a schema does not name may be
 * there all the same, since a later version may send more; beyond the schema, integers must be exact and times must be some.
 */
export interface Schema {
  readonly type?: TypeName | readonly TypeName[];
  readonly const?: string;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly format?: 'date-time';
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly maxItems?: number;
  readonly anyOf?: readonly Schema[];
  readonly description?: string;
}

type TypeName = 'string' | 'number' | 'integer' | 'boolean' | 'null' | 'object' | 'array';
type Check = (value: unknown) => boolean;
type Fields = Readonly<Record<string, unknown>>;

const types: Readonly<Record<TypeName, Check>> = {
  string: (value) => typeof value === 'string',
  number: Number.isFinite,
  integer: Number.isSafeInteger,
  boolean: (value) => typeof value === 'boolean',
  null: (value) => value === null,
  object: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  array: Array.isArray,
};

/** What each keyword asks for; those that bear on one type say nothing of values of another. */
const keywords: Readonly<Record<keyof Schema, (schema: Schema) => Check>> = {
  type: ({ type = [] }) => {
    const checks = [type].flat().map((name) => types[name]);
    return (value) => checks.some((check) => check(value));
  },
  const: (schema) => (value) => value === schema.const,
  enum: (schema) => (value) => schema.enum?.includes(value as string) === true,
  pattern: ({ pattern = '' }) => {
    const form = new RegExp(pattern, 'u');
    return (value) => typeof value !== 'string' || form.test(value);
  },
  format: () => (value) => typeof value !== 'string' || !Number.isNaN(Date.parse(value)),
  required: ({ required = [] }) => (value) => !types.object(value) || required.every((name) => Object.hasOwn(value as object, name)),
  properties: ({ properties = {} }) => {
    const checks = Object.entries(properties).map(([name, schema]) => [name, shapeOf(schema)] as const);
    return (value) => !types.object(value) || checks.every(([name, check]) => !Object.hasOwn(value as object, name) || check((value as Fields)[name]));
  },
  additionalProperties: ({ additionalProperties, properties = {} }) => {
    if (typeof additionalProperties !== 'object') return () => true;
    const check = shapeOf(additionalProperties);
    return (value) => !types.object(value) || Object.keys(value as Fields).every((name) => Object.hasOwn(properties, name) || check((value as Fields)[name]));
  },
  items: ({ items = {} }) => {
    const check = shapeOf(items);
    return (value) => !Array.isArray(value) || value.every(check);
  },
  maxItems: ({ maxItems = 0 }) => (value) => !Array.isArray(value) || value.length <= maxItems,
  anyOf: ({ anyOf = [] }) => {
    const checks = anyOf.map(shapeOf);
    return (value) => checks.some((check) => check(value));
  },
  description: () => () => true,
};

/** @throws Error for a keyword that is not among these */
export function shapeOf(schema: Schema): Check {
  const checks = (Object.keys(schema) as (keyof Schema)[]).map((name) => {
    if (!Object.hasOwn(keywords, name)) throw new Error(`shape.ts knows no keyword "${name}"`);
    return keywords[name](schema);
  });
  return (value) => checks.every((check) => check(value));
}
