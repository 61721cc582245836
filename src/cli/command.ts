import sade from 'sade'
import type { Context } from '../context.ts'
import { plainFlags, requirePassed, requireWords, usage } from './arguments.ts'
import { splitAtDashes } from './split-at-dashes.ts'
import { type FlagSet, type NamedFlag, type ValuesOf, namedFlags, toggle } from './flags.ts'

/** What commands are for, in the order of the help. */
export const groups = [
  'keys as code',
  'policy',
  'secrets',
  'by hand',
  'access',
  'many stacks',
  'trying out',
] as const
export type Group = (typeof groups)[number]

/** Every command has these. */
const commonFlags = {
  verbose: toggle('Show every request, on standard error'),
  noColor: toggle('Print without colour'),
} satisfies FlagSet

type CommonFlags = typeof commonFlags

/** What stands after a command's name: one word, perhaps one, or several. */
type ArgumentOf<Takes> = Takes extends `${string}...>` | `${string}...]`
  ? readonly string[]
  : Takes extends `<${string}`
    ? string
    : Takes extends `[${string}`
      ? string | null
      : null

/** What a command begins with. */
interface Given<Flags extends FlagSet, Takes> {
  readonly flags: ValuesOf<Flags & CommonFlags>
  readonly argument: ArgumentOf<Takes>
  /** What stands after `--`, where the command passes it on. */
  readonly passed: readonly string[]
}

interface Described {
  /** One word or two: `plan`, `apikeys list`. */
  readonly name: string
  /** One line. */
  readonly summary: string
  /** What else there is to know, a paragraph each. */
  readonly about?: readonly string[]
  readonly group: Group
  /** What stands after `--`, which is required then and reaches the command as it is: `<command...>`. */
  readonly passes?: string
  /** Other names, whole. */
  readonly aliases?: readonly string[]
  /** Without the program's name. */
  readonly examples: readonly string[]
}

/** The one place that says what a command is; help, completion and the reference are made from it. */
interface Definition<Flags extends FlagSet, Takes extends string | undefined> extends Described {
  /** As the help shows it: `<key-id>` is required, `[plan]` is not, `<key...>` may repeat. */
  readonly takes?: Takes
  readonly flags: Flags
  /** Resolves to the exit code. */
  readonly run: (given: Given<Flags, Takes>, context: Context) => Promise<number>
}

/** A command whose line was read. */
export interface Begun {
  readonly noColor: boolean
  readonly run: (context: Context) => Promise<number>
}

export interface Command extends Described {
  readonly takes?: string
  /** In the order of the help, those of every command last. */
  readonly flags: readonly NamedFlag[]
  /** Reads what stands after the command's name. Throws a usage `Failure` with a suggestion. */
  readonly begin: (args: readonly string[]) => Begun
}

type Raw = Readonly<Record<string, unknown>>

function valuesOf(raw: Raw, { name }: NamedFlag): readonly unknown[] {
  // To the parser --no-color says that color is off.
  if (name.startsWith('no-')) return raw[name.slice('no-'.length)] === false ? [true] : []
  const value = raw[name]
  if (value === undefined) return []
  return Array.isArray(value) ? value : [value]
}

/** Splits a command line that `plainFlags` made plain. */
function parse(name: string, flags: readonly NamedFlag[], args: readonly string[]): Raw {
  const named = (valued: boolean) =>
    flags.filter(({ value }) => (value !== undefined) === valued).map(flag => flag.name)
  const tree = sade('fluxloop-keys')
    .command(name)
    .action(() => undefined)
  const { args: parsed } = tree.parse(['', '', ...name.split(' '), ...args], {
    lazy: true,
    string: named(true),
    boolean: named(false),
  })
  return parsed.at(-1) as unknown as Raw
}

export function defineCommand<
  const Flags extends FlagSet,
  const Takes extends string | undefined = undefined,
>(definition: Definition<Flags, Takes>): Command {
  const { run, flags: own, takes, ...described } = definition
  const { name } = described
  const flags = namedFlags({ ...own, ...commonFlags })
  const known = { ...described, ...(takes === undefined ? {} : { takes }), flags }
  return {
    ...known,
    begin: args => {
      const { own: before, rest } = splitAtDashes(args)
      // First of all: without the dashes that command's own flags are taken for ours.
      const passed = known.passes === undefined ? [] : requirePassed(known, before, rest)
      const raw = parse(name, flags, plainFlags(before, known))
      const plain = (raw['_'] as readonly unknown[]).map(String)
      const words = requireWords(known, known.passes === undefined ? [...plain, ...(rest ?? [])] : plain)
      const values = Object.fromEntries(
        flags.map(flag => {
          const refuse = (message: string, hints?: readonly string[]) => usage(message, name, hints)
          const given = { flag: `--${flag.name}`, values: valuesOf(raw, flag), refuse }
          return [flag.property, flag.read(given)]
        }),
      ) as ValuesOf<Flags & CommonFlags>
      const several = takes?.includes('...') ?? false
      const argument = (several ? words : (words[0] ?? null)) as ArgumentOf<Takes>
      return {
        noColor: values.noColor === true,
        run: context => run({ flags: values, argument, passed }, context),
      }
    },
  }
}
