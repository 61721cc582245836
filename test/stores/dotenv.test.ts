import { fc } from '../support/properties.ts'
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import t from 'tap'
import { Failure } from '../../src/model/failure.ts'
import { fitsDotenv, readVariable, removeVariable, setVariable } from '../../src/stores/dotenv.ts'

const name = 'FLUXLOOP_API_KEY'
const set = (text: string, value = 'flux_ci_new'): string => setVariable(text, name, value, '.env')

t.test('changes nothing but the value', async t => {
  const K = name
  const cases: readonly (readonly [before: string, after: string, why: string])[] = [
    ['', `${K}=flux_ci_new\n`, 'an empty file'],
    ['A=1', `A=1\n${K}=flux_ci_new\n`, 'a last line without a break'],
    ['A=1\r\n', `A=1\r\n${K}=flux_ci_new\r\n`, 'CRLF'],
    [`${K}=old`, `${K}=flux_ci_new`, 'no break at the end'],
    [`${K}=old\r\nB=2\r\n`, `${K}=flux_ci_new\r\nB=2\r\n`, 'CRLF around it'],
    [
      `  export ${K}="old" # why\nB=2\n`,
      `  export ${K}="flux_ci_new" # why\nB=2\n`,
      'export, quotes, comment',
    ],
    [`${K}='old'\n`, `${K}='flux_ci_new'\n`, 'single quotes'],
    [`${K} = old  # why\n`, `${K}=flux_ci_new  # why\n`, 'blanks that no shell reads'],
    [`${K}= # why\n`, `${K}=flux_ci_new # why\n`, 'no value and a comment'],
    [`${K}=a#b\n`, `${K}=flux_ci_new\n`, 'a number sign in the value'],
    [`${K}=\n`, `${K}=flux_ci_new\n`, 'no value'],
    [`${K}="a\nb" # why\nB=2\n`, `${K}="flux_ci_new" # why\nB=2\n`, 'an old value of several lines'],
    [`${K}=1\nB=2\n${K}='2'\n`, `${K}=flux_ci_new\nB=2\n${K}='flux_ci_new'\n`, 'a name assigned twice'],
    [`# ${K}=old\n`, `# ${K}=old\n${K}=flux_ci_new\n`, 'a comment'],
    [`B="x\n${K}=inside\ny"\n`, `B="x\n${K}=inside\ny"\n${K}=flux_ci_new\n`, 'the name inside another value'],
    [`X${K}=1\n${K}_2=2\n`, `X${K}=1\n${K}_2=2\n${K}=flux_ci_new\n`, 'longer names'],
    [`A='a'b\n${K}=old\n`, `A='a'b\n${K}=flux_ci_new\n`, 'texts glued by a shell'],
    [`\u00EF\u00BB\u00BF${K}=old\n`, `\u00EF\u00BB\u00BF${K}=flux_ci_new\n`, 'a byte order mark'],
  ]
  for (const [before, after, why] of cases) t.equal(set(before), after, why)
  t.equal(set('', 'a b$c'), `${name}='a b$c'\n`, 'a value that needs quotes')
  t.equal(set(`${name}="x"\n`, 'a b'), `${name}='a b'\n`, 'a value that needs other quotes')
})

t.test('refuses a line on which a shell finds more than the value, and names it', async t => {
  const K = name
  const lines = [
    `${K}=old; B=2`,
    `${K}=old;B=2 # why`,
    `export ${K}=old && echo done`,
    `${K}=old B=2`,
    `B=2 ${K}=old`,
    `export A=1 ${K}="old" B=2`,
    `A=1; ${K}=old`,
    `A="1"; export ${K}=old`,
    `set -a; ${K}=old; set +a`,
    `${K}="old"; B="2"`,
    `${K}=old npm start`,
    `${K}=old | tee log`,
    `${K}=old\\`,
    `readonly ${K}=old`,
    `${K}+=more`,
    `if true; then ${K}=old; fi`,
    `${K}=$(cat a b) C=1`,
  ]
  for (const line of lines) {
    const expected = new Failure('failed', `.env, line 2: more than the value of ${K} stands there.`)
    const text = `# first\n${line}\nC=3\n`
    t.throws(() => set(text), expected, line)
    t.throws(() => readVariable(text, K, '.env'), expected, line)
    t.throws(() => removeVariable(text, K, '.env'), expected, line)
  }
})

t.test('takes for one value what is one for a shell, and for text what others say of the name', async t => {
  const K = name
  const cases: readonly (readonly [before: string, after: string])[] = [
    [`${K}=$(cat a; cat b)\n`, `${K}=flux_ci_new\n`],
    [`${K}=\`pass show "a b"\`\n`, `${K}=flux_ci_new\n`],
    [`${K}=\${A:-b c}'d e'f # why\n`, `${K}=flux_ci_new # why\n`],
    [`${K}=<your key here>\n`, `${K}=flux_ci_new\n`],
    [`${K}=a\\ b\n`, `${K}=flux_ci_new\n`],
    [`CMD="${K}=x run"\n${K}=old\n`, `CMD="${K}=x run"\n${K}=flux_ci_new\n`],
    [`echo '${K}=x' # ${K}=y\n${K}=old\n`, `echo '${K}=x' # ${K}=y\n${K}=flux_ci_new\n`],
    [`A=1; B=2\n${K}=old\nexport C=1 D=2\n`, `A=1; B=2\n${K}=flux_ci_new\nexport C=1 D=2\n`],
    [`URL=x?${K}=1\n${K}=old\n`, `URL=x?${K}=1\n${K}=flux_ci_new\n`],
    [`A=\\\n${K}=old\n`, `A=\\\n${K}=flux_ci_new\n`],
  ]
  for (const [before, after] of cases) t.equal(set(before), after)
})

t.test('ends a new line as the line before it ends, whatever others end with', async t => {
  t.equal(set('A=1\r\nB=2\nC=3\n'), `A=1\r\nB=2\nC=3\n${name}=flux_ci_new\n`)
  t.equal(set('A=1\nB=2\r\n'), `A=1\nB=2\r\n${name}=flux_ci_new\r\n`)
  t.equal(set('A=1\nB=2\r\nC=3'), `A=1\nB=2\r\nC=3\r\n${name}=flux_ci_new\r\n`)
})

t.test('takes its lines out and leaves the rest', async t => {
  const before = `A=1\n${name}=x # why\nB="\n${name}=inside"\n${name}='y\nz'\nC=3`
  t.equal(removeVariable(before, name, '.env'), `A=1\nB="\n${name}=inside"\nC=3`)
})

t.test('refuses a text with a quote that never closes, and names its line', async t => {
  for (const text of [`A=1\nB="open\n${name}=x\n`, `A=1\n${name}='open`]) {
    t.throws(() => set(text), new Failure('failed', '.env, line 2: a quote is opened and not closed.'))
  }
})

t.test('finds no value in an empty or missing assignment, and the last one elsewhere', async t => {
  t.equal(readVariable(`${name}=\n`, name, '.env'), null)
  t.equal(readVariable('A=1\n', name, '.env'), null)
  t.equal(readVariable(`${name}=a\n${name}="b\\"c"\n`, name, '.env'), 'b"c')
})

t.test('knows the values that readers would not agree on', async t => {
  for (const value of ['', 'a\nb', "it's", 'a\\b', '\u0000']) t.notOk(fitsDotenv(value))
  for (const value of ['flux_ci_Ab-9', 'a b', 'a"b', '#a', '$a', 'ä']) t.ok(fitsDotenv(value))
})

/** Lines on which Node, a shell and we agree; quotes closed, no glued texts. */
const other = fc.oneof(
  fc.constantFrom('', '  ', '# a comment', `# ${name}=x`, 'export E=1', 'Q="a b"', "S='a b' # c", 'M="a\nb"'),
  fc.stringMatching(/^[A-E]_?[A-E]=[A-Za-z0-9_:/.-]{0,12}$/),
  fc.stringMatching(/^# [ -~]{0,20}$/),
)
const own = fc.constantFrom(
  `${name}=old`,
  `export ${name}="old"`,
  `${name}='o l d' # note`,
  `  ${name}=old # note`,
  `${name}=`,
  `${name}="o\nld"`,
)
const secret = fc.oneof(
  fc.stringMatching(/^flux_(ci|dev)_[A-Za-z0-9_-]{1,40}$/),
  fc.string().filter(fitsDotenv),
)
const file = fc.record({
  lines: fc.array(fc.oneof({ weight: 5, arbitrary: other }, { weight: 1, arbitrary: own }), {
    maxLength: 12,
  }),
  lineBreak: fc.constantFrom('\n', '\r\n'),
  ends: fc.boolean(),
})

t.test('leaves all other bytes alone, and gives back what it set, whatever the file', async t => {
  fc.assert(
    fc.property(file, secret, ({ lines, lineBreak, ends }, secretText) => {
      const text = lines.join(lineBreak) + (ends ? lineBreak : '')
      const value = Buffer.from(secretText, 'utf8').toString('latin1')
      const after = set(text, value)
      assert.equal(readVariable(after, name, '.env'), value)
      assert.equal(set(after, value), after, 'setting it again changes nothing')
      const rest = removeVariable(text, name, '.env')
      const ended = rest === '' || rest.endsWith('\n')
      assert.ok(
        [rest, ended ? rest : rest + lineBreak, `${rest}\n`].includes(removeVariable(after, name, '.env')),
      )
    }),
  )
  t.pass()
})

t.test('is read by Node and by a shell as it was set', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'dotenv-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const path = join(folder, '.env')
  fc.assert(
    fc.property(file, fc.stringMatching(/^flux_(ci|dev)_[A-Za-z0-9_-]{1,40}$/), ({ lines, ends }, value) => {
      // Node 20 misreads what follows a line of blanks (it takes the line break into the name).
      const trimmed = lines.map(line => (line.trim() === '' ? '' : line))
      const after = set(trimmed.join('\n') + (ends ? '\n' : ''), value)
      writeFileSync(path, after)
      assert.equal(parseEnv(after)[name], value)
      assert.equal(execFileSync('sh', ['-c', `. "$0"; printf %s "$${name}"`, path]).toString(), value)
    }),
    { numRuns: 40 },
  )
  t.pass()
})
