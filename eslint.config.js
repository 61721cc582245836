import { rules as regexp } from 'eslint-plugin-regexp'
import tseslint from 'typescript-eslint'

// Rules that know types. A lost await loses a secret, and a forgotten kind of change loses a key.
export default tseslint.config(
  {
    ignores: [
      '**/dist/',
      'build/',
      'action/',
      '.tap/',
      '.demo/',
      'node_modules/',
      'src/cli/generated/',
      'src/config/generated/',
      'fleet/src/file/generated/',
      'src/render/page/generated/',
      'eslint.config.js',
      '**/*.mjs',
    ],
  },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { requireDefaultForNonUnion: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-import-type-side-effects': 'error',
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true, named: true } }],
    },
  },
  {
    // What a regular expression takes longer than linear time for, a server or a file can make take hours.
    files: ['src/**/*.ts', 'fleet/src/**/*.ts'],
    plugins: { regexp: { rules: regexp } },
    rules: {
      'regexp/no-super-linear-backtracking': ['error', { report: 'certain' }],
      'regexp/no-super-linear-move': ['error', { report: 'certain', ignorePartial: false }],
    },
  },
  {
    // tap's own `t.test` returns a promise that the runner awaits.
    files: ['test/**/*.ts', 'fleet/test/**/*.ts'],
    rules: { '@typescript-eslint/no-floating-promises': 'off', '@typescript-eslint/require-await': 'off' },
  },
  {
    // Its seed would change from run to run.
    files: ['test/**/*.ts', 'fleet/test/**/*.ts'],
    ignores: ['test/support/properties.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: [
            {
              name: 'fast-check',
              message: 'Import fc from test/support/properties.ts, which fixes the seed.',
            },
          ],
        },
      ],
    },
  },
)
