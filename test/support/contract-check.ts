/** Whether an answer is what the contract says, checked with the validator that fastify brings along. */
import AjvCompiler from '@fastify/ajv-compiler';

/** Null when `value` satisfies the schema, otherwise what is wrong. Nothing is coerced and nothing removed. */
export function contractFault(schema: object, value: unknown): string | null {
  const compile = AjvCompiler()({}, { customOptions: { strict: false, coerceTypes: false, removeAdditional: false, useDefaults: false } });
  const validate = compile({ schema });
  return validate(value) === true ? null : JSON.stringify(validate.errors);
}
