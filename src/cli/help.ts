import { Failure } from '../model/failure.ts'
import { closest } from '../model/suggest.ts'
import type { HelpPage, HelpRow } from '../render/text/help-text.ts'
import { type Command, type Group, groups } from './command.ts'
import type { NamedFlag } from './flags.ts'
import { topicNames, topics } from './topics.ts'

const pitch =
  'FluxLoop API keys as code: plan, apply, rotate without outage, and keep every secret in a store.'

/** Every way to call a command. */
export function spellings({ name, aliases = [] }: Pick<Command, 'name' | 'aliases'>): readonly string[] {
  return [name, ...aliases]
}

/** The commands of two words whose first is `word`. */
export function groupOf(word: string, commands: readonly Command[]): readonly Command[] {
  return commands.filter(({ name }) => name.startsWith(`${word} `))
}

function title(group: Group): string {
  return group.charAt(0).toUpperCase() + group.slice(1)
}

function commandRow({ name, summary, aliases = [] }: Command): HelpRow {
  return { term: name, text: aliases.length === 0 ? summary : `${summary} (also: ${aliases.join(', ')})` }
}

function flagRow({ name, short, value, text, choices }: NamedFlag): HelpRow {
  const long = value === undefined ? `--${name}` : `--${name} ${value}`
  const words = choices === undefined ? '' : `: ${choices.join(', ')}`
  return {
    term: short === undefined ? `    ${long}` : `-${short}, ${long}`,
    text: choices === undefined ? text : text.replace(/( \(default[^)]*\))?$/, `${words}$1`),
  }
}

function overview(commands: readonly Command[]): HelpPage {
  return {
    title: 'fluxloop-keys',
    summary: pitch,
    about: [],
    usage: ['COMMAND [flags]'],
    sections: [
      ...groups.map(group => ({
        title: title(group),
        rows: commands.filter(command => command.group === group).map(commandRow),
      })),
      {
        title: 'More help',
        rows: [
          {
            term: 'help COMMAND',
            text: 'Its flags and examples; also: COMMAND --help',
          },
          { term: 'help configuration', text: 'What a configuration may say' },
          { term: 'help environment', text: 'Variables that fluxloop-keys reads' },
          { term: 'help exit-codes', text: 'How a command ended, as scripts see it' },
        ],
      },
    ],
  }
}

function groupPage(word: string, members: readonly Command[]): HelpPage {
  return {
    title: word,
    summary: `The commands of ${word}.`,
    about: [],
    usage: [`${word} COMMAND [flags]`],
    sections: [
      { title: 'Commands', rows: members.map(commandRow) },
      { title: 'More help', rows: [{ term: `help ${word} COMMAND`, text: 'Its flags and examples' }] },
    ],
  }
}

const helpRow: HelpRow = { term: '-h, --help', text: 'Show this page' }

export function commandPage(command: Command): HelpPage {
  const { name, takes, passes, aliases = [], flags, summary, about = [], examples } = command
  const parts = [takes, '[flags]', passes === undefined ? undefined : `-- ${passes}`]
  const after = parts.filter(part => part !== undefined).join(' ')
  const rare = flags.filter(flag => flag.rare === true)
  return {
    title: name,
    summary,
    about,
    usage: [`${name} ${after}`, ...aliases.map(alias => `${alias} ${after}`)],
    sections: [
      { title: 'Flags', rows: [...flags.filter(flag => !rare.includes(flag)).map(flagRow), helpRow] },
      ...(rare.length === 0 ? [] : [{ title: 'Rarely needed', rows: rare.map(flagRow) }]),
      { title: 'Examples', examples },
    ],
  }
}

/** A page, and what the words that it is asked with are. */
export interface HelpEntry {
  readonly kind: 'overview' | 'topic' | 'command' | 'group'
  readonly page: HelpPage
}

/** Null where there is no such command or group, and for `configuration`, which is loaded apart. */
export function helpOn(words: string, commands: readonly Command[]): HelpEntry | null {
  if (words === '') return { kind: 'overview', page: overview(commands) }
  const topic = Object.hasOwn(topics, words) ? topics[words] : undefined
  if (topic !== undefined) return { kind: 'topic', page: topic }
  const command = commands.find(each => spellings(each).includes(words))
  if (command !== undefined) return { kind: 'command', page: commandPage(command) }
  const members = groupOf(words, commands)
  return members.length === 0 ? null : { kind: 'group', page: groupPage(words, members) }
}

/** What `help` may be asked about. */
export function unknownPage(asked: string, commands: readonly Command[]): Failure {
  const near = closest(asked, [...commands.flatMap(spellings), ...topicNames])
  return new Failure('usage', `No help on \`${asked}\``, {
    hints: [
      ...(near === null ? [] : [`Did you mean help ${near}?`]),
      `The topics besides commands: ${topicNames.join(', ')}`,
      'fluxloop-keys help lists the commands.',
    ],
  })
}
