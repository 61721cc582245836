import type sade from 'sade'
import { type Command, commonFlags } from './cli/command.ts'
import { commands, groupOf } from './cli/commands.ts'
import { type Flag, readFlags, requireNoInherited, splitAtDashes } from './cli/flags.ts'
import { helpWords, printOverview, program, usageOf } from './cli/overview.ts'
import type { Context } from './context.ts'
import { Failure } from './model/failure.ts'
import { closest } from './model/suggest.ts'

function flagsOf(command: Command): readonly Flag[] {
  return [...command.flags, ...commonFlags]
}

/** sade takes a word that begins with neither < nor [ for a part of a command's name, so `--` gets into the usage behind its back. */
function showPassed(tree: sade.Sade, name: string, passes: string): void {
  const { tree: entries } = tree as unknown as { tree: Record<string, { usage: string } | undefined> }
  const entry = entries[name]
  if (entry !== undefined) entry.usage += ` -- ${passes}`
}

/** The tree that prints a command's help and splits its command line. What it takes stands in its help only: sade exits by itself where it is missing. */
function treeOf(command: Command, version: string, forHelp: boolean): sade.Sade {
  const tree = program(version).command(forHelp ? usageOf(command) : command.name, command.text)
  for (const { name, short, value, text } of flagsOf(command)) {
    tree.option(
      [short === undefined ? '' : `-${short},`, `--${name}`].join(' ').trim(),
      value === undefined ? text : `${value} ${text}`,
    )
  }
  if (forHelp && command.passes !== undefined) showPassed(tree, command.name, command.passes)
  for (const example of command.examples) tree.example(example)
  return tree.action(command.run)
}

/** Every way to call a command: its name, and its name with another last word. */
function spellings({ name, aliases = [] }: Command): readonly string[] {
  const group = name.includes(' ') ? `${name.split(' ')[0] ?? ''} ` : ''
  return [name, ...aliases.map(alias => group + alias)]
}

function unknownCommand(asked: string, choices: readonly Command[]): Failure {
  const near = closest(asked, choices.flatMap(spellings))
  const hints = [`The commands: ${choices.map(({ name }) => name).join(', ')}`]
  return new Failure('usage', `Unknown command \`${asked}\``, {
    hints: near === null ? hints : [`Did you mean ${near}?`, ...hints],
  })
}

/** Finds the command of a command line, so that sade, which exits by itself, never has to complain. */
function find(args: readonly string[]): { readonly command: Command; readonly args: readonly string[] } {
  const [first = '', second = ''] = args
  if (first.startsWith('-')) {
    throw new Failure('usage', `The command comes first, then its flags: \`${first}\``, {
      hints: [`The commands: ${commands.map(({ name }) => name).join(', ')}`],
    })
  }
  const exact = (words: number) =>
    commands.find(command => spellings(command).includes(args.slice(0, words).join(' ')))
  const one = exact(1)
  if (one !== undefined) return { command: one, args: args.slice(1) }
  const group = groupOf(first)
  if (group.length === 0) throw unknownCommand(first, commands)
  const two = exact(2)
  if (two === undefined) throw unknownCommand(`${first} ${second}`, group)
  return { command: two, args: args.slice(2) }
}

export type Invocation =
  /** The help or the version was printed, and there is nothing to do. */
  | { readonly kind: 'answered' }
  | {
      readonly kind: 'command'
      readonly noColor: boolean
      readonly run: (context: Context) => Promise<number>
    }

/** What the scripts of `completion` call: in no help, and free to have any words after it. */
function completing(words: readonly string[]): Invocation {
  return {
    kind: 'command',
    noColor: true,
    run: async context => {
      const [{ completionOf }, { runComplete }] = await Promise.all([
        import('./cli/complete.ts'),
        import('./commands/completion/complete.ts'),
      ])
      return await runComplete(completionOf(words, commands), context)
    },
  }
}

/** Reads a command line (without node and script). Throws a usage `Failure`. */
export function readCommandLine(args: readonly string[], version: string): Invocation {
  if (printOverview(args, version)) return { kind: 'answered' }
  if (args[0] === '__complete') return completing(args.slice(1))
  const { command, args: after } = find(args)
  const { own, rest } = splitAtDashes(after)
  requireNoInherited(own, command.name)
  const flags = flagsOf(command)
  const long = new Map(
    flags.flatMap(({ name, short }) => (short === undefined ? [] : [[`-${short}`, `--${name}`]])),
  )
  const spelled = own.map(arg => long.get(arg) ?? arg)
  const names = (valued: boolean) =>
    flags.filter(({ value }) => (value !== undefined) === valued).map(({ name }) => name)
  const forHelp = spelled.some(arg => helpWords.includes(arg))
  const parsed = treeOf(command, version, forHelp).parse(['', '', ...command.name.split(' '), ...spelled], {
    lazy: true,
    string: names(true),
    boolean: names(false),
  }) as sade.LazyOutput | undefined
  if (parsed === undefined) return { kind: 'answered' }
  const raw = parsed.args.at(-1) as unknown as Readonly<Record<string, unknown>>
  const read = readFlags(command, flags, raw, rest)
  return { kind: 'command', noColor: read.refused('color'), run: context => command.run(read, context) }
}
