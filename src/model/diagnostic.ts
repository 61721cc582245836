/** Everything that can be wrong with a configuration, by stage: files, YAML, shape, meaning. */
export type DiagnosticCode =
  | 'no-files'
  | 'missing-file'
  | 'unreadable-file'
  | 'too-large'
  | 'binary'
  | 'not-utf-8'
  | 'empty-file'
  | 'syntax'
  | 'several-documents'
  | 'custom-tag'
  | 'merge-key'
  | 'bad-alias'
  | 'too-many-aliases'
  | 'duplicate-property'
  | 'wrong-type'
  | 'unknown-property'
  | 'missing-property'
  | 'unknown-value'
  | 'bad-value'
  | 'missing-stack'
  | 'missing-version'
  | 'conflicting-blocks'
  | 'duplicate-key'
  | 'duplicate-role'
  | 'undeclared-role'
  | 'nested-role'
  | 'unknown-permission'
  | 'wildcard-with-others'
  | 'all-with-projects'
  | 'missing-expiry'
  | 'no-such-day'
  | 'date-past'
  | 'renewal-too-early'
  | 'age-beyond-expiry'
  | 'description-too-long'
  | 'marker-in-description'
  | 'unknown-placeholder'
  | 'bad-variable-name'
  | 'reserved-variable'
  | 'reserved-service'
  | 'unusual-env-file'
  | 'variable-in-path'
  | 'variable-in-text'
  | 'age-file-without-key'
  | 'bad-recipient'
  | 'preset-target'
  | 'preset-setting'
  | 'store-clash'
  | 'bad-rename'
  | 'policy-source'
  | 'policy-cycle'
  | 'policy-alone'
  | 'unknown-rule'
  | 'rule-taken'
  | 'bad-expression'
  | 'bad-test-case'
  | 'exception-too-long'
  | 'bad-address'
  | 'consumer-twice'
  | 'grant-without-effect'
  | 'grant-leaves-nothing'
  | 'no-keys'

/** These are worth a look and stop nothing; all others are errors. */
export const warningCodes: ReadonlySet<DiagnosticCode> = new Set([
  'age-beyond-expiry',
  'no-keys',
  'unusual-env-file',
  'variable-in-text',
])

/** A second place that a diagnostic speaks of, such as the first of two declarations. */
export interface RelatedPlace {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly sourceLine: string | null
}

/**
 * What is wrong with a configuration, and where. Lines and columns count from 1, columns and lengths in UTF-16 units;
 * a diagnostic about a whole file stands at 1:1 with no source line. It may quote the file, so a configuration is
 * not the place for a secret. Of a file outside the repository it quotes nothing, and the source line is empty.
 */
export interface Diagnostic {
  /** Relative to the working directory where it lies below it, else absolute. */
  readonly file: string
  readonly line: number
  readonly column: number
  readonly length: number
  readonly code: DiagnosticCode
  readonly message: string
  /** What to do about it. */
  readonly hint: string | null
  readonly sourceLine: string | null
  readonly related: readonly RelatedPlace[]
}
