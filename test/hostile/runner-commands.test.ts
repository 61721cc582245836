// A CI runner reads commands in what a step prints. Whoever may name a key, write a file of the repository or answer in the
// platform's place must not be able to give it one: `##[stop-commands]` switches masking off, and the next secret is in the log.
import t, { type Test } from 'tap'
import { jsonText } from '../../src/render/text/json.ts'
import { guarded, logGuard } from '../../src/render/text/log-guard.ts'
import { paletteFor } from '../../src/render/text/palette.ts'
import { excerpt } from '../../src/render/text/source-excerpt.ts'
import { escapeControls } from '../../src/render/text/escape.ts'
import { pieces, wrap } from '../../src/render/text/layout.ts'
import { quotedName } from '../../src/render/text/values.ts'
import { cases } from '../support/fuzz.ts'
import { hostileText, runnerCommands } from '../support/hostile-texts.ts'
import { fc } from '../support/properties.ts'
import { commandsIn } from '../support/runners.ts'

function requireNone(t: Test, output: string, name: string, options = {}): void {
  t.strictSame(commandsIn(output, options), [], name)
}

t.test('the parsers of the runners find every command in a text that no door broke up', async t => {
  for (const command of runnerCommands) t.equal(commandsIn(command).length > 0, true, command)
  t.match(commandsIn('CI ##[stop-commands]tok'), [{ command: 'stop-commands', data: 'tok' }])
  t.match(commandsIn(' \u00a0::stop-commands::tok'), [{ command: 'stop-commands', data: 'tok' }])
  t.match(commandsIn('x ##vso[task.setsecret]x'), [{ runner: 'Azure', command: 'task.setsecret' }])
  requireNone(t, 'a::b 2001:db8::1 # #[x] ---- ## [x]', 'ordinary text')
})

t.test('foreign text can be read and turned back, and ordinary text stays as it is', async t => {
  t.equal(escapeControls('CI ##[stop-commands]tok'), 'CI ##\\u005bstop-commands]tok')
  t.equal(escapeControls('::stop-commands::tok'), ':\\u003astop-commands::tok')
  t.equal(escapeControls('##vso[a.b]c'), '##vso\\u005ba.b]c')
  for (const text of ['2001:db8::1', '::1', 'a::b::c', '#1 [x]', '## Heading [link]', '--- a', '[::1]:80'])
    t.equal(escapeControls(text), text)
  for (const text of [hostileText, ...runnerCommands]) {
    const name = { name: text, [text]: [text] }
    t.strictSame(JSON.parse(jsonText(name)), name, 'JSON keeps its value')
    requireNone(t, jsonText(name), 'JSON')
    requireNone(t, escapeControls(text).replaceAll(/^(?:[-+~]{3}|\^{3})/g, ''), 'one line of text')
  }
})

t.test('no colour, and nothing that is not seen, hides a command', async t => {
  for (const unseen of ['\u001b[31m', '\u001b[0m', '\u00ad', '\u200d'])
    for (const command of ['travis_fold:start:x', 'section_end:1:x'])
      for (const at of Array.from(command, (_, index) => index).slice(1, command.indexOf(':') + 1)) {
        const hidden = `${command.slice(0, at)}${unseen}${command.slice(at)}`
        requireNone(t, guarded(`${hidden}\n`).replaceAll(unseen, ''), JSON.stringify(hidden))
      }
})

t.test('the carets below a source line stand below its column, whatever of it is broken up', async t => {
  const { text, carets } = excerpt('a: ##[group]x b', 14, 1, 80)
  t.equal(text, 'a: ##\\u005bgroup]x b')
  t.equal(carets, `${' '.repeat(18)}^`)
})

const piece = fc.oneof(
  fc.constantFrom(
    ...runnerCommands,
    '#',
    '##',
    '[',
    ':',
    '::',
    '-',
    '--',
    '+',
    '~',
    '^^^',
    'vso[',
    'a]',
    'x::y',
    'travis_',
    'fold:',
  ),
  fc.constantFrom(
    '\n',
    '\r',
    '\r\n',
    '\t',
    '\u2028',
    '\u0085',
    '\u00a0',
    '\u200d',
    '\u00ad',
    '\u001b[1m',
    '\u001b[0K',
    '\0',
    ' ',
  ),
  fc.string({ maxLength: 5 }),
)
const foreign = fc.array(piece, { minLength: 1, maxLength: 12 }).map(parts => parts.join(''))

t.test('no command survives wrapping, cutting, colours and indentation', async () => {
  const { bold, red } = paletteFor(true)
  const inLog = (lines: readonly string[]) => {
    const log = guarded(`${lines.join('\n')}\n`)
    return commandsIn(log).length === 0
  }
  fc.assert(
    fc.property(foreign, fc.constantFrom(1, 3, 7, 40, 80, 100, 400), fc.nat(9), (text, width, indent) => {
      const safe = escapeControls(text)
      return (
        inLog(wrap(bold(`Name: ${red(safe)} ${bold(safe)}`), width, ' '.repeat(indent))) &&
        inLog(wrap(safe, width)) &&
        inLog(pieces(safe, width)) &&
        inLog([`${safe}${red(safe)}`, `#${quotedName(text)}`]) &&
        // What a command forgot to send through the door of foreign text.
        inLog([text, bold(text), `  ${red(text)}`])
      )
    }),
    { numRuns: cases(400) },
  )
})

t.test('no command is put together from two writes, or from the two streams of one log', async () => {
  const write = fc.record({ to: fc.constantFrom('stdout', 'stderr'), text: foreign, line: fc.boolean() })
  fc.assert(
    fc.property(fc.array(write, { minLength: 1, maxLength: 6 }), writes => {
      const both = { text: null }
      const guards = { stdout: logGuard({ text: null }, both), stderr: logGuard({ text: null }, both) }
      const logs = { stdout: '', stderr: '', both: '' }
      for (const { to, text, line } of writes) {
        const written = guards[to].text(line ? `${text}\n` : text)
        logs[to] += written
        logs.both += written
      }
      return Object.values(logs).every(log => commandsIn(log).length === 0)
    }),
    { numRuns: cases(400) },
  )
})

t.test('our own command is found whatever was written before it, and nothing else is', async t => {
  fc.assert(
    fc.property(foreign, fc.boolean(), (text, line) => {
      const guard = logGuard({ text: null })
      const log = `begun by others: ${guard.text(line ? `${text}\n` : text)}${guard.command('::add-mask::s')}${guard.text(text)}`
      return (
        JSON.stringify(commandsIn(log).filter(({ command }) => command !== '+++')) ===
        JSON.stringify(
          [{ runner: 'GitHub ::', command: 'add-mask', data: 's' }].flatMap(found =>
            log.includes('\u001b') ? [found, found] : [found],
          ),
        )
      )
    }),
    { numRuns: cases(200) },
  )
  t.equal(logGuard({ text: null }).command('::add-mask::s'), '\n::add-mask::s\n')
})
