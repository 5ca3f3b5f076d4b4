import { defineConfig } from 'vitest/config';

/** One project for each kind of test; docs/TESTING.md says what belongs where. */
const source = { resolve: { conditions: ['source', 'module', 'node', 'default'] }, ssr: { resolve: { conditions: ['source', 'module', 'node', 'default'] } } };
const project = (name: string, include: string[], limits: { timeoutMs: number; serial?: boolean; properties?: boolean }) => ({
  ...source,
  test: {
    name,
    include,
    environment: 'node',
    testTimeout: limits.timeoutMs,
    hookTimeout: limits.timeoutMs,
    setupFiles: limits.properties === true ? ['test/support/fast-check.ts'] : [],
    fileParallelism: limits.serial !== true,
  },
});

export default defineConfig({
  test: {
    projects: [
      project('unit', ['services/*/src/**/*.test.ts', 'ui/src/**/*.test.ts', 'test/documents/**/*.test.ts'], { timeoutMs: 20_000, properties: true }),
      project('property', ['test/property/**/*.test.ts', 'test/vectors/**/*.test.ts', 'test/fuzz/**/*.test.ts'], { timeoutMs: 60_000, properties: true }),
      project('simulation', ['test/simulation/**/*.test.ts', 'test/scenarios/**/*.test.ts'], { timeoutMs: 180_000 }),
      project('conformance', ['test/conformance/**/*.test.ts'], { timeoutMs: 60_000, serial: true }),
      project('integration', ['test/integration/**/*.test.ts'], { timeoutMs: 180_000, serial: true }),
      project('ui', ['test/ui/**/*.test.ts'], { timeoutMs: 180_000, serial: true }),
      project('chart', ['test/chart/**/*.test.ts'], { timeoutMs: 120_000 }),
      project('kubernetes', ['test/kubernetes/**/*.test.ts'], { timeoutMs: 900_000, serial: true }),
    ],
  },
});
