import type { Position } from '../../model/position.ts'
import type { Palette } from '../text/palette.ts'
import { escapeControls, redactSecrets } from '../text/escape.ts'
import { minimumWidth, wrap } from '../text/layout.ts'
import { plural } from '../text/values.ts'

/** What came of one test case of one of the policy's own rules. */
export interface RuleTest {
  readonly rule: string
  readonly name: string
  readonly position: Position
  readonly passed: boolean
  /** Null where it passed. */
  readonly why: string | null
}

/** What `audit --test --json` prints. */
export function ruleTestsToJson(tests: readonly RuleTest[], untested: readonly string[]): object {
  return {
    format_version: '1.0',
    ok: tests.every(({ passed }) => passed),
    tests: tests.map(({ why, ...test }) => ({ ...test, why: why === null ? null : redactSecrets(why) })),
    untested,
  }
}

const safe = (text: string) => escapeControls(redactSecrets(text))

export function renderRuleTests(
  tests: readonly RuleTest[],
  untested: readonly string[],
  { palette, width }: { readonly palette: Palette; readonly width: number },
): string {
  const { green, red, dim } = palette
  const columns = Math.max(minimumWidth, width)
  const lines = tests.flatMap(({ rule, name, position, passed, why }) => [
    ...wrap(
      `${passed ? green('ok    ') : red('FAILED')} ${safe(rule)}: ${safe(name)}`,
      columns,
      '',
      '       ',
    ),
    ...(why === null
      ? []
      : wrap(
          `${safe(why)} ${dim(`(${safe(position.file)}:${position.line})`)}`,
          columns,
          '       ',
          '       ',
        )),
  ])
  const failed = tests.filter(({ passed }) => !passed).length
  const without = untested.length === 0 ? '' : ` Without test cases: ${untested.map(safe).join(', ')}.`
  const summary = `${tests.length - failed} of ${plural(tests.length, 'test case')} passed.${without}`
  return [...lines, ...wrap(summary, columns, '', '  ')].join('\n')
}
