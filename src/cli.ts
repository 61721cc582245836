import sade from 'sade'
import { auth } from './cli/auth.ts'
import { type Command, commonFlags } from './cli/command.ts'
import { type Flag, readFlags } from './cli/flags.ts'
import { keysAsCode } from './cli/keys-as-code.ts'
import { secrets } from './cli/secrets.ts'
import { tryingOut } from './cli/trying-out.ts'
import type { Context } from './context.ts'
import { Failure } from './model/failure.ts'
import { closest } from './model/suggest.ts'

const commands: readonly Command[] = [...keysAsCode, ...auth, ...secrets, ...tryingOut]

const pitch =
  'FluxLoop API keys as code: plan, apply, rotate without outage, and keep every secret in a store.'

const helpWords = ['-h', '--help', '-v', '--version']

function flagsOf(command: Command): readonly Flag[] {
  return [...command.flags, ...commonFlags]
}

/** The tree that prints help and splits a command line. What a command takes stands in its help only: sade exits by itself where it is missing. */
function buildTree(version: string, shown: readonly Command[], forHelp: boolean): sade.Sade {
  const tree = sade('fluxloop-keys').version(version).describe(pitch)
  for (const command of shown) {
    tree.command(
      forHelp && command.takes !== undefined ? `${command.name} ${command.takes}` : command.name,
      command.text,
    )
    for (const { name, short, value, text } of flagsOf(command)) {
      tree.option(
        [short === undefined ? '' : `-${short},`, `--${name}`].join(' ').trim(),
        value === undefined ? text : `${value} ${text}`,
      )
    }
    for (const example of command.examples) tree.example(example)
    tree.action(command.run)
  }
  return tree
}

/** Every way to call a command: its name, and its name with another last word. */
function spellings({ name, aliases = [] }: Command): readonly string[] {
  const group = name.includes(' ') ? `${name.split(' ')[0] ?? ''} ` : ''
  return [name, ...aliases.map(alias => group + alias)]
}

function groupOf(word: string): readonly Command[] {
  return commands.filter(({ name }) => name.startsWith(`${word} `))
}

function unknownCommand(asked: string, choices: readonly Command[]): Failure {
  const near = closest(asked, choices.flatMap(spellings))
  const hints = [`The commands: ${choices.map(({ name }) => name).join(', ')}`]
  return new Failure('usage', `Unknown command \`${asked}\``, {
    hints: near === null ? hints : [`Did you mean ${near}?`, ...hints],
  })
}

type Asked =
  | { readonly kind: 'help'; readonly of: readonly Command[]; readonly args: readonly string[] }
  | { readonly kind: 'command'; readonly command: Command; readonly args: readonly string[] }

/** Finds the command of a command line, so that sade, which exits by itself, never has to complain. */
function find(args: readonly string[]): Asked {
  const [first, second] = args
  if (first === undefined || helpWords.includes(first))
    return { kind: 'help', of: commands, args: args.slice(0, 1) }
  if (first.startsWith('-')) {
    throw new Failure('usage', `The command comes first, then its flags: \`${first}\``, {
      hints: [`The commands: ${commands.map(({ name }) => name).join(', ')}`],
    })
  }
  const exact = (words: number) =>
    commands.find(command => spellings(command).includes(args.slice(0, words).join(' ')))
  const one = exact(1)
  if (one !== undefined) return { kind: 'command', command: one, args: args.slice(1) }
  const group = groupOf(first)
  if (group.length === 0) throw unknownCommand(first, commands)
  if (second === undefined || helpWords.includes(second))
    return { kind: 'help', of: group, args: args.slice(1, 2) }
  const two = exact(2)
  if (two === undefined) throw unknownCommand(`${first} ${second}`, group)
  return { kind: 'command', command: two, args: args.slice(2) }
}

export type Invocation =
  /** The help or the version was printed, and there is nothing to do. */
  | { readonly kind: 'answered' }
  | {
      readonly kind: 'command'
      readonly noColor: boolean
      readonly run: (context: Context) => Promise<number>
    }

/** Reads a command line (without node and script). Throws a usage `Failure`. */
export function readCommandLine(args: readonly string[], version: string): Invocation {
  const asked = find(args)
  if (asked.kind === 'help') {
    buildTree(version, asked.of, true).parse(
      ['', '', ...(asked.args.length === 0 ? ['--help'] : asked.args)],
      { lazy: true },
    )
    return { kind: 'answered' }
  }
  const { command } = asked
  const flags = flagsOf(command)
  const long = new Map(
    flags.flatMap(({ name, short }) => (short === undefined ? [] : [[`-${short}`, `--${name}`]])),
  )
  const spelled = asked.args.map(arg => long.get(arg) ?? arg)
  const names = (valued: boolean) =>
    flags.filter(({ value }) => (value !== undefined) === valued).map(({ name }) => name)
  const forHelp = spelled.some(arg => helpWords.includes(arg))
  const parsed = buildTree(version, [command], forHelp).parse(
    ['', '', ...command.name.split(' '), ...spelled],
    {
      lazy: true,
      string: names(true),
      boolean: names(false),
    },
  ) as sade.LazyOutput | undefined
  if (parsed === undefined) return { kind: 'answered' }
  const raw = parsed.args.at(-1) as unknown as Readonly<Record<string, unknown>>
  const read = readFlags(command.name, command.takes ?? '', flags, raw)
  return { kind: 'command', noColor: read.refused('color'), run: context => command.run(read, context) }
}
