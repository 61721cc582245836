import { structuredPatch } from 'diff'
import assert from 'node:assert/strict'
import t from 'tap'
import { lineDiff } from '../../src/model/line-diff.ts'
import { fc } from '../support/properties.ts'

const line = fc.oneof(
  fc.nat(30).map(number => `line ${number}`),
  fc.constantFrom('', '  - read', '  scope: all', 'ends in \r'),
)

t.test('finds what the library finds, whatever changed', async t => {
  const edit = fc.record({ at: fc.nat(), remove: fc.nat(2), insert: fc.array(line, { maxLength: 2 }) })
  fc.assert(
    fc.property(
      fc.uniqueArray(line, { maxLength: 30 }),
      fc.array(edit, { maxLength: 4 }),
      fc.tuple(fc.constantFrom('', '\n'), fc.constantFrom('', '\n')),
      (old, edits, [oldEnd, newEnd]) => {
        const desired = [...old]
        for (const { at, remove, insert } of edits)
          desired.splice(at % (desired.length + 1), remove, ...insert)
        const [before, after] = [old.join('\n') + oldEnd, desired.join('\n') + newEnd]
        const { hunks } = structuredPatch('', '', before, after, '', '', { context: 3 })
        const found = lineDiff(before, after)
        const size = (lines: readonly string[]) => lines.filter(each => /^[+-]/.test(each)).length
        // A line that stands twice may be matched otherwise: with as few changes.
        assert.ok(
          size(found.flatMap(({ lines }) => lines)) <= size(hunks.flatMap(({ lines }) => lines)) + 4,
          JSON.stringify({ before, after, found }),
        )
        assert.equal(patched(before, found), after)
      },
    ),
    { numRuns: 500 },
  )
  t.pass()
})

/** The text after its hunks. */
function patched(text: string, hunks: ReturnType<typeof lineDiff>): string {
  const lines = text.split('\n').map(each => `${each}\n`)
  const last = lines.pop()?.slice(0, -1) ?? ''
  if (last !== '') lines.push(last)
  let result = ''
  let at = 0
  for (const { oldStart, oldLines, lines: shown } of hunks) {
    const start = oldLines === 0 ? oldStart : oldStart - 1
    result += lines.slice(at, start).join('')
    for (const [index, each] of shown.entries()) {
      if (/^[ +]/.test(each)) result += each.slice(1) + (shown[index + 1]?.startsWith('\\') ? '' : '\n')
    }
    at = start + oldLines
  }
  return result + lines.slice(at).join('')
}

t.test('compares ten thousand changes of a large file without comparing all with all', async t => {
  const keys = Array.from(
    { length: 10_000 },
    (_, index) => `  key-${index}:\n    scope: all\n    expires: 1y\n`,
  )
  const before = `keys:\n${keys.join('')}`
  const found = lineDiff(before, before.replaceAll('scope: all', 'scope: [bot]'))
  t.equal(found.flatMap(({ lines }) => lines.filter(each => each.startsWith('-'))).length, 10_000)
  t.equal(lineDiff('', before).length, 1)
  // Nothing in common that stands once: it is shown as replaced.
  const [a, b] = ['a\nb\n'.repeat(5_000), 'b\na\n'.repeat(5_001)]
  t.match(lineDiff(a, b), [{ oldLines: 10_000, newLines: 10_002 }])
})
