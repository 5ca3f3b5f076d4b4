/** The layer rules of docs/ARCHITECTURE.md, executable. */
import path from 'node:path';
import importX from 'eslint-plugin-import-x';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import vue from 'eslint-plugin-vue';
import tseslint from 'typescript-eslint';
import vueParser from 'vue-eslint-parser';

const coreGlobals = [
  'Date', 'performance', 'process', 'Buffer', 'setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'Promise', 'console', 'crypto',
  'fetch', 'window', 'document', 'globalThis', 'structuredClone', 'require',
].map((name) => ({ name, message: 'The core has no clock, no platform and nothing asynchronous: let the shell hand it in.' }));

/** Adapters of the node: joined by compose.ts, never by one another. */
const adapters = ['identity', 'certificates', 'transport', 'discovery', 'kubernetes', 'telemetry', 'history', 'api', 'observability'];

const root = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', '**/*.d.ts', 'test-results/**'] },
  {
    files: ['**/*.ts', '**/*.vue'],
    extends: [tseslint.configs.recommended],
    plugins: { 'import-x': importX },
    settings: { 'import-x/resolver-next': [createTypeScriptImportResolver({ conditionNames: ['source', 'import', 'default'], project: [] })] },
    rules: {
      'import-x/no-cycle': ['error', { maxDepth: 12, ignoreExternal: true }],
      'no-console': 'error',
      'max-lines': ['error', 300],
      eqeqeq: 'error',
      'prefer-const': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-restricted-imports': ['error', { patterns: [{ regex: '^(node:)?events$', message: 'No EventEmitter: hand in a listener.' }] }],
    },
  },
  {
    files: ['services/*/src/**/*.ts', 'test/simulator/**/*.ts'],
    ignores: ['**/*.test.ts', '**/*.fixture.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: root } },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
    },
  },
  {
    files: ['services/gossip/src/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-globals': ['error', ...coreGlobals],
      'no-restricted-properties': ['error', { object: 'Math', property: 'random', message: 'Randomness is handed in.' }],
      'no-restricted-syntax': [
        'error',
        { selector: 'FunctionDeclaration[async=true], FunctionExpression[async=true], ArrowFunctionExpression[async=true], AwaitExpression', message: 'Nothing in the core is asynchronous.' },
      ],
      'no-restricted-imports': ['error', { patterns: [{ regex: '^[^.]', message: 'The core imports nothing but itself.' }] }],
    },
  },
  ...adapters.map((adapter) => ({
    files: [`services/node/src/${adapter}/**/*.ts`],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { regex: `^\\.\\./(${adapters.filter((other) => other !== adapter).join('|')}|driver)/`, message: 'Adapters do not know one another: compose.ts joins them.' },
            { regex: '^(node:)?events$', message: 'No EventEmitter: hand in a listener.' },
          ],
        },
      ],
    },
  })),
  {
    files: ['services/cli/**/*.ts', 'test/**/*.ts', '**/*.test.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['**/*.vue'],
    extends: [vue.configs['flat/recommended']],
    languageOptions: { parser: vueParser, parserOptions: { parser: tseslint.parser, sourceType: 'module' } },
    rules: { 'vue/max-attributes-per-line': 'off', 'vue/singleline-html-element-content-newline': 'off', 'vue/html-self-closing': 'off', 'vue/html-indent': 'off', 'vue/multi-word-component-names': 'off' },
  },
);
