/** One seed for every property, so that a run can be repeated: another one by STARLING_TEST_PROPERTY_SEED. */
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env['STARLING_TEST_PROPERTY_SEED'] ?? 1) });
