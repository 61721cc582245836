// The reader of plain YAML and the library read the same, or it leaves the text to the library.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import t from 'tap'
import { readPlainYaml } from '../../src/config/plain-yaml.ts'
import { readAnyYaml, readYaml } from '../../src/config/read-yaml.ts'
import { cases, mutatedText } from '../support/fuzz.ts'
import { fc } from '../support/properties.ts'

const sample = `# A comment
version: 1
stack: acme
roles:
  runner: [read_scenarios, 'upload_results' , "x"]

keys:
  ci-pipeline: { name: CI 1, scope: [a, b: c], store: {env-file: { path: 'x/{key}.env', name: KEY }} } # why
  other:   # a block
    name: Other: one
    owner: team #1
    note: "a # b" # c
    expires: 2027-01-31
    permissions:
    - role:runner
    - read_results
    store:
      - keychain
      -   env-file: { path: ~/x.env, name: [A, B] }
          more: [[], {}]
    protect: true
    empty: {}
limits: { revoke: 25%, always: 2.5, never: .5 }
`

/** As the library reads it; with all that a text can be told by. */
function asRead(text: string): string | null {
  const reading = readAnyYaml(text)
  return reading.ok ? JSON.stringify(reading.document.root) : null
}

/** Null where it is left to the library; throws where the two differ. */
function compared(text: string): unknown {
  const plain = readPlainYaml(text)
  if (plain === null) return null
  const { root } = plain
  const any = readAnyYaml(text)
  assert(any.ok, text)
  assert.deepEqual(root, any.document.root)
  // The order of names too.
  assert.equal(JSON.stringify(root), JSON.stringify(any.document.root))
  const own = readYaml(text)
  assert(own.ok)
  for (const [block, inner] of Object.entries(root)) {
    if (typeof inner !== 'object' || inner === null) continue
    for (const name of Object.keys(inner))
      assert.deepEqual(own.document.keySpan([block, name]), any.document.keySpan([block, name]), name)
  }
  return root
}

t.test('plain YAML is read as the library reads it, name by name and in its places', async t => {
  const plain = sample.replace('b: c', 'b').replace('Other: one', 'Other')
  t.not(compared(plain), null)
  t.not(compared(`---\n${plain}`.trimEnd()), null)
  const example = await readFile(new URL('../../examples/fluxloop-keys.yaml', import.meta.url), 'utf8')
  t.not(compared(example), null, 'the example is plain')
})

t.test('lists that are written alike are one list, and none that only looks like another', async t => {
  const names = ['[a, b]', '[a, b ]', '["a]", b]', '["a]", c]', "['[a, b]']", '[1, 2]', '[[a, b]]']
  const blocks = ['\n    - a\n    - b', "\n    - '[a, b]'", '\n    - a\n    - - b', '\n    - 1']
  const lists = [...names.map(list => ` ${list}`), ...blocks]
  const text = [...lists, ...lists].map((list, index) => `  k${index}:${list}\n`).join('')
  compared(`keys:\n${text}`)
  const block = lists.filter(list => !list.includes('- -'))
  const alike = block.map((list, index) => `  k${index}:${list}\n  again${index}:${list}\n`).join('')
  t.not(compared(`keys:\n${alike}`), null)
  const { keys } = readPlainYaml(`keys:\n${alike}`)?.root as { keys: Record<string, unknown> }
  t.equal(keys['k0'], keys['again0'])
  t.equal(keys['k7'], keys['again7'])
})

t.test('a text that was changed anywhere is read as the library reads it, or by the library', async t => {
  const example = await readFile(new URL('../../examples/fluxloop-keys.yaml', import.meta.url), 'utf8')
  const plain = sample.replace('b: c', 'b').replace('Other: one', 'Other')
  let taken = 0
  let left = 0
  const property = fc.property(mutatedText([plain, example]), text => {
    if (compared(text) === null) left += 1
    else taken += 1
  })
  fc.assert(property, { numRuns: cases(3_000) })
  t.ok(taken > 0 && left > 0, `${taken} taken, ${left} left`)
})

/** Pieces of which YAML has rules of its own. */
const pieces = [
  ...['a', 'b', 'name', '1', '0x1F', 'null', '~', 'true', '<<', '__proto__', 'ä', '\u00a0', '\u2003'],
  ...[
    ': ',
    ':',
    ':\n',
    '\n',
    '\n  ',
    '\n    ',
    '\n- ',
    '\n  - ',
    '- ',
    '-',
    ' ',
    '  ',
    '\t',
    '\r\n',
    '\u0085',
  ],
  ...[
    '[',
    ']',
    '{',
    '}',
    ', ',
    ',',
    "'",
    '"',
    '\\',
    '#',
    ' # c',
    ' #',
    '&a ',
    '*a',
    '!x ',
    '|',
    '>',
    '|\n',
    '%',
  ],
  ...[
    '? ',
    '---\n',
    '\n---\n',
    '...\n',
    '@',
    '`',
    '\u2028',
    '\ufeff',
    '\u{1f600}',
    '.',
    '.5',
    '-1',
    '=',
    'a: b',
  ],
  ...['a: [x, y]\n', 'b: { c: d }\n', "'x y'", '"x"', 'k:\n  l: m\n', 'k:\n- l: m\n  n: o\n'],
]

t.test('whatever is put together of pieces of YAML is read alike', async t => {
  const property = fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 14 }), parts => {
    compared(parts.join(''))
    compared(`a: ${parts.join('')}`)
    compared(`a:\n  ${parts.join('')}\n`)
    compared(`a: [x, ${parts.join('')}]\n`)
  })
  fc.assert(property, { numRuns: cases(5_000) })
  t.pass()
})

t.test('what only the library reads is left to it', async t => {
  for (const text of [
    '',
    'text',
    '- a',
    'a: b: c',
    'a: b\n  c',
    'a: |\n  b',
    'a: &b c',
    'a: *b',
    'a: !x b',
    "a: 'it''s'",
    'a: "\\n"',
    'a: b\na: c',
    'a: { b: 1, b: 2 }',
    'a:',
    'a: b\n--- \nc: d',
    'a: [b,\n  c]',
    "'a': b",
    'a: b\n\tc: d',
    `a: ${'['.repeat(100)}${']'.repeat(100)}`,
    `${'a'.repeat(2_000)}: b`,
  ])
    t.equal(readPlainYaml(text), null, JSON.stringify(text.slice(0, 40)))
  t.equal(asRead('a: b\na: c'), null)
})
