// Every page of the help, as it stands on a terminal, and the page of the reference that is made from the same definitions.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { answerTo } from '../../src/cli/answer.ts'
import { type Command, groups } from '../../src/cli/command.ts'
import { commands } from '../../src/cli/commands.ts'
import { helpOn } from '../../src/cli/help.ts'
import { builtHelpOn } from '../../src/cli/generated/help-pages.ts'
import { configurationPage } from '../../src/cli/configuration-help.ts'
import { topicNames } from '../../src/cli/topics.ts'
import { terminalWidth } from '../../src/render/text/terminal-width.ts'
import { renderHelp } from '../../src/render/text/help-text.ts'
import { paletteFor } from '../../src/render/text/palette.ts'
import { displayWidth } from '../../src/render/text/layout.ts'
import { golden } from '../render/golden.ts'
import { referencePage } from '../../scripts/reference.ts'
import { workplace } from '../support/program.ts'
import { openTerminal } from '../support/terminal.ts'

const families = [
  ...new Set(
    commands
      .map(({ name }) => name.split(' '))
      .filter(({ length }) => length > 1)
      .map(([first = '']) => first),
  ),
]

/** Every page there is, by the words after `help`. */
const asked: readonly string[] = ['', ...families, ...commands.map(({ name }) => name), ...topicNames]

function page(words: string, width: number, colour: boolean): string {
  if (words === 'configuration') return renderHelp(configurationPage, { palette: paletteFor(colour), width })
  const args = ['help', ...words.split(' ').filter(word => word !== '')]
  const env = { FORCE_COLOR: colour ? '1' : '0' }
  const answer = answerTo(args, '1.2.3', { isTTY: true, columns: width, env }, builtHelpOn)
  if (answer === null) throw new Error(`no page for help ${words}`)
  return answer
}

for (const [width, colour] of [
  [80, false],
  [80, true],
  [120, false],
  [120, true],
] as const) {
  t.test(`every page fits ${width} columns${colour ? ' in colour' : ''}`, async t => {
    const pages = asked.map(words => ({ words, text: page(words, width, colour) }))
    for (const { words, text } of pages) {
      const wide = text.split('\n').filter(line => displayWidth(line) > width)
      t.strictSame(wide, [], `help ${words}`)
      t.notMatch(text, / \n| $/, 'no line ends in a space')
    }
    const all = pages.map(({ words, text }) => `======== help ${words}\n\n${text}\n`).join('\n')
    golden(t, `help-${width}${colour ? '-colour' : ''}`, all, import.meta.url)
  })
}

t.test('takes a terminal without a width, as containers have it, for one of 80 columns', async t => {
  const screen = { isTTY: true, env: { FORCE_COLOR: '0' } }
  t.equal(answerTo(['help'], '1.2.3', { ...screen, columns: 0 }, builtHelpOn), page('', 80, false))
  t.equal(terminalWidth({ isTTY: true, columns: undefined }, 100), 80)
  t.equal(terminalWidth({ isTTY: true, columns: 0 }, 100), 80)
  t.equal(terminalWidth({ isTTY: true, columns: 30 }, 100), 30)
  t.equal(terminalWidth({ columns: 0 }, 100), 100, 'a pipe')
})

t.test('the overview has every command in its group, with its other names', async t => {
  const overview = page('', 80, false)
  let from = 0
  for (const group of groups) {
    const heading = `\n${group.charAt(0).toUpperCase()}${group.slice(1)}\n`
    const at = overview.indexOf(heading)
    t.ok(at > from, group)
    from = at
    const section = overview.slice(at + heading.length).split('\n\n')[0] ?? ''
    const words = section.split('\n').map(line => /^ {2}(\S+(?: \S+)?) {2,}/.exec(line)?.[1])
    t.strictSame(
      words.filter(word => word !== undefined),
      commands.filter(command => command.group === group).map(({ name }) => name),
    )
  }
  for (const { aliases = [] } of commands) for (const alias of aliases) t.match(overview, alias)
})

t.test('common flags stand before rare ones, and those of every command at the end', async t => {
  const order = (command: Command) => {
    const text = page(command.name, 80, false)
    return command.flags.map(flag => ({
      flag,
      at: text.search(new RegExp(`^ +(-\\w, )?--${flag.name}( |$)`, 'm')),
    }))
  }
  for (const command of commands) {
    const places = order(command)
    t.notOk(
      places.some(({ at }) => at === -1),
      command.name,
    )
    const rare = places.filter(({ flag }) => flag.rare === true)
    const common = places.filter(({ flag }) => flag.rare !== true)
    for (const { at } of rare)
      t.ok(
        common.every(other => other.at < at),
        command.name,
      )
  }
})

t.test('what the build keeps of the pages is what the commands say', async t => {
  const words = [
    ...asked,
    ...commands.flatMap(({ aliases = [] }) => aliases),
    'pln',
    '__proto__',
    'apikeys foo',
  ]
  for (const each of words) t.strictSame(builtHelpOn(each), helpOn(each, commands), each)
})

t.test('help is asked for in all the usual ways', async t => {
  const screen = { isTTY: true, columns: 80, env: {} }
  const answer = (line: string) => answerTo(line === '' ? [] : line.split(' '), '1.2.3', screen, builtHelpOn)
  const plan = answer('help plan')
  for (const line of ['plan --help', 'plan -h', 'plan --json --help', 'plan -h -c a.yaml'])
    t.equal(answer(line), plan, line)
  const overview = answer('')
  for (const line of ['help', '--help', '-h']) t.equal(answer(line), overview, line)
  for (const line of ['apikeys', 'apikeys --help', 'apikeys -h'])
    t.equal(answer(line), answer('help apikeys'), line)
  t.equal(answer('status --help'), answer('help auth status'))
  t.equal(answer('apikeys revoke --help'), answer('help apikeys delete'))
  for (const line of ['version', '--version', '-v']) t.equal(answer(line), 'fluxloop-keys, 1.2.3', line)
  for (const line of [
    'plan',
    'apply -auto-approve',
    'apply -v',
    'apply --version',
    'exec ci -- foo --help',
    'pln --help',
    'help pln',
    'help configuration',
    'apikeys help',
  ])
    t.equal(answer(line), null, line)
})

t.test('the built program answers on standard output, and knows what it does not know', async t => {
  const place = await workplace(t)
  for (const line of [
    'help plan',
    'plan --help',
    'help environment',
    'help exit-codes',
    'help configuration',
    'version',
  ]) {
    const { code, stdout, stderr } = await place.run(line.split(' '))
    t.match({ code, stderr }, { code: 0, stderr: '' }, line)
    t.ok(
      stdout.split('\n').every(text => displayWidth(text) <= 100),
      line,
    )
  }
  t.match((await place.run(['help', 'configuration'])).stdout, /In a key\n\s+name {2,}/)
  t.match(await place.run(['help', 'pln']), {
    code: 2,
    stderr: /No help on `pln`[^]*Did you mean help plan\?/,
  })
  t.match(await place.run(['apply', '-auto-approve']), {
    code: 2,
    stdout: '',
    stderr: /Unknown flag -auto-approve[^]*Did you mean --auto-approve\?/,
  })
})

t.test('on a terminal of 80 columns no line of any page is longer', async t => {
  const place = await workplace(t)
  for (const line of ['help', 'help plan', 'help apikeys create', 'help configuration']) {
    const terminal = openTerminal(t, place, line, {})
    t.equal(await terminal.ended, 0)
    const lines = terminal
      .seen()
      .replaceAll(/\u001b\[\d+m/g, '')
      .split(/\r?\n/)
    t.ok(lines.length > 10, line)
    t.strictSame(
      lines.filter(each => displayWidth(each) > 80),
      [],
      line,
    )
  }
})

t.test('the reference is made from the definitions', async t => {
  const written = readFileSync(new URL('../../docs/reference.md', import.meta.url), 'utf8')
  t.equal(written, await referencePage(), 'run npm run reference')
})
