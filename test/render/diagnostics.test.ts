import t from 'tap'

import type { Diagnostic } from '../../src/model/diagnostic.ts'
import { diagnosticStyle, renderDiagnostics } from '../../src/render/text/diagnostics.ts'
import { paletteFor } from '../../src/render/text/palette.ts'
import { displayWidth } from '../../src/render/text/layout.ts'

function diagnostic(
  sourceLine: string | null,
  column: number,
  length: number,
  more: Partial<Diagnostic> = {},
): Diagnostic {
  return {
    file: 'a.yaml',
    line: 7,
    column,
    length,
    code: 'bad-value',
    message: 'It is wrong',
    hint: null,
    sourceLine,
    related: [],
    ...more,
  }
}

/** The source row and the caret row of one drawing. */
function rows(one: Diagnostic): readonly [string, string] {
  const [, source = '', carets = ''] = renderDiagnostics([one]).split('\n')
  return [source, carets]
}

/** The columns that stand before the first caret, and the number of carets. */
function caretAt(carets: string): readonly [number, number] {
  return [carets.indexOf('^'), carets.split('^').length - 1]
}

t.test('draws place, message, line, carets, second place and hint', t => {
  const first = diagnostic('    expires: -5d', 14, 3, { hint: 'Write 90d.' })
  const second = diagnostic('  ci: {}', 3, 2, {
    line: 10,
    message: 'Twice',
    related: [{ file: 'b.yaml', line: 3, column: 3, sourceLine: '  ci:' }],
  })
  const whole = diagnostic(null, 1, 1, {
    file: 'c.yaml',
    message: 'The file is empty',
    hint: 'Write something.',
  })
  t.equal(
    renderDiagnostics([first, second, whole]),
    [
      'a.yaml:7:14: error: It is wrong',
      ' 7 |     expires: -5d',
      '   |              ^^^',
      '   = Write 90d.',
      '',
      'a.yaml:10:3: error: Twice',
      ' 10 |   ci: {}',
      '    |   ^^',
      '    = see b.yaml:3:3',
      '  3 |   ci:',
      '',
      'c.yaml: error: The file is empty',
      '   = Write something.',
    ].join('\n'),
  )
  t.equal(renderDiagnostics([]), '')
  t.end()
})

t.test('styles with the palette that it gets, and calls warnings warnings', t => {
  const text = renderDiagnostics([diagnostic('x: y', 4, 1, { code: 'age-beyond-expiry' })], {
    bold: inner => `<b>${inner}</b>`,
    red: inner => `<r>${inner}</r>`,
  })
  t.equal(text, '<b>a.yaml:7:4</b>: <r>warning:</r> <b>It is wrong</b>\n 7 | x: y\n   | <r>   ^</r>')
  t.end()
})

for (const { title, line, word } of [
  { title: 'tabs', line: '\tname:\tword', word: 'word' },
  { title: 'ideographs', line: 'name: [漢字, かな, word]', word: 'word' },
  { title: 'emoji of several code points', line: 'name: "👩‍👩‍👧 🇩🇪 word"', word: 'word' },
  { title: 'letters with combining marks', line: 'name: e\u0301e\u0301 word', word: 'word' },
  { title: 'control characters', line: 'name: \u001b[31m word', word: 'word' },
]) {
  t.test(`puts the caret under the word after ${title}`, t => {
    const [source, carets] = rows(diagnostic(line, line.indexOf(word) + 1, word.length))
    const [before, count] = caretAt(carets)
    t.equal(before, displayWidth(source.slice(0, source.indexOf(word))))
    t.equal(count, word.length)
    t.notMatch(source, /[\u0000-\u001f]/)
    t.end()
  })
}

t.test('marks wide characters over their whole width', t => {
  const line = 'name: 漢字'
  t.same(caretAt(rows(diagnostic(line, 7, 2))[1]), [5 + 6, 4])
  t.end()
})

t.test('cuts a long line around the column, so that nothing is wider than 80 columns', t => {
  for (const filler of ['x', '漢', '👩‍👩‍👧', '\t']) {
    for (const [before, after] of [
      [0, 300],
      [300, 0],
      [300, 300],
      [60, 60],
      [5_000, 5_000],
    ] as const) {
      const line = `${filler.repeat(before)}word${filler.repeat(after)}`
      const at = filler.length * before + 1
      const [source, carets] = rows(diagnostic(line, at, 4))
      const [start, count] = caretAt(carets)
      t.ok(displayWidth(source) <= 80, source)
      t.ok(carets.length <= 80, carets)
      t.equal(start, displayWidth(source.slice(0, source.indexOf('word'))), `${filler} ${before}`)
      t.equal(count, 4)
      const [, wide] = rows(diagnostic(line, at, line.length))
      t.ok(wide.length <= 80)
    }
  }
  t.end()
})

t.test('points behind the last character, where something is missing there', t => {
  t.same(caretAt(rows(diagnostic('a: [x', 6, 1))[1]), [10, 1])
  t.end()
})

t.test('shows no secret and no escape sequence, wherever they come from', t => {
  const secret = 'flux_ci_0123456789abcdefghij'
  const text = renderDiagnostics([
    diagnostic(`name: ${secret}`, 7, 3, {
      file: 'a\u001b[2J.yaml',
      message: `"${secret}" \u001b[31mis wrong`,
      hint: secret,
      related: [{ file: 'b.yaml', line: 1, column: 1, sourceLine: `x: ${secret}` }],
    }),
  ])
  t.notMatch(text, '0123456789')
  t.notMatch(text, '\u001b')
  t.end()
})

t.test('keeps words to the width of a terminal, and to one line each for the programs that read them', t => {
  const hint = `Did you mean \`read\`? Known here: ${Array.from({ length: 30 }, (_, at) => `word_${at}`).join(', ')}.`
  const one = diagnostic('key: value', 1, 3, { hint, message: 'x'.repeat(30).replaceAll('xxx', 'xx ') })
  const output = { palette: paletteFor(false), width: 40 }
  const narrow = renderDiagnostics([one], diagnosticStyle({ ...output, isTerminal: true })).split('\n')
  t.ok(narrow.length > 8)
  t.strictSame(
    narrow.filter(line => displayWidth(line) > 40),
    [],
  )
  t.match(narrow.at(-1), /^ {5}\S/, 'what goes on stands below its beginning')
  const piped = renderDiagnostics([one], diagnosticStyle({ ...output, isTerminal: false })).split('\n')
  t.equal(piped.length, 4)
  t.equal(piped.at(-1), `   = ${hint}`)
  t.end()
})
