import { Failure } from '../model/failure.ts'
import { closest } from '../model/suggest.ts'

/** One flag of a command. Without `value` it is a switch. */
export interface Flag {
  readonly name: string
  readonly short?: string
  /** The name of its value in the help: `<path>`. */
  readonly value?: string
  readonly text: string
}

/** The flags that somebody gave, as what they mean. */
export interface Flags {
  /** The words after the command's name. */
  readonly words: readonly string[]
  /** What stands after `--`, where the command passes it on; else it is among the words. */
  readonly passed: readonly string[]
  /** Is the switch on? `--no-NAME` turns it off, and off is what it is from the start. */
  on(name: string): boolean
  text(name: string): string | null
  list(name: string): readonly string[]
  /** A whole number, zero or more. */
  count(name: string): number | null
  /** Was `--no-NAME` given? */
  refused(name: string): boolean
}

type Raw = Readonly<Record<string, unknown>>

/** Of a command: its name, and what stands after that. */
interface Takes {
  readonly name: string
  readonly takes?: string
  readonly passes?: string
}

function usage(message: string, command: string, hints: readonly string[] = []): Failure {
  return new Failure('usage', message, { hints: [...hints, `See fluxloop-keys ${command} --help`] })
}

function valuesOf(raw: Raw, name: string): readonly unknown[] {
  const value = raw[name]
  if (value === undefined) return []
  return Array.isArray(value) ? (value as readonly unknown[]) : [value]
}

/** What may stand on a command line for these flags, as the parser names it: `--no-color` is `color`. */
function knownNames(flags: readonly Flag[]): ReadonlySet<string> {
  return new Set(
    flags.flatMap(({ name, short }) => [name.replace(/^no-/, ''), ...(short === undefined ? [] : [short])]),
  )
}

/** Checks the words after a command's name against what it takes: `<key-id>`, `[plan]`, `<key...>`. */
function requireWords(command: string, takes: string, words: readonly string[]): readonly string[] {
  const places = takes === '' ? [] : takes.split(' ')
  const missing = places.find((place, index) => place.startsWith('<') && words[index] === undefined)
  if (missing !== undefined) throw usage(`${command} needs ${missing}`, command)
  const endless = places.at(-1)?.includes('...') ?? false
  const extra = words[places.length]
  if (extra !== undefined && !endless) throw usage(`Unexpected argument \`${extra}\``, command)
  return words
}

/** What stands around a `--`. */
export interface Split {
  readonly own: readonly string[]
  /** Null where there is no `--`. */
  readonly rest: readonly string[] | null
}

export function splitAtDashes(args: readonly string[]): Split {
  const at = args.indexOf('--')
  return at < 0 ? { own: args, rest: null } : { own: args.slice(0, at), rest: args.slice(at + 1) }
}

/** Checks the words after `--` of a command that runs them. `words`: those before it. */
function requirePassed(
  { name, passes }: { readonly name: string; readonly passes: string },
  words: readonly string[],
  rest: readonly string[] | null,
): readonly string[] {
  if (rest === null) {
    const [first = '<key>'] = words
    throw usage(`${name} needs -- before the command that it runs`, name, [
      `As in: fluxloop-keys ${name} ${first} -- npm test`,
    ])
  }
  if (rest[0] === undefined || rest[0] === '') throw usage(`${name} needs ${passes} after --`, name)
  return rest
}

/** Refuses what the parser would take for flags that were given before: names that every object has. */
export function requireNoInherited(args: readonly string[], command: string): void {
  for (const arg of args) {
    const [, name = ''] = /^-+(?:no-)?([^=]*)/.exec(arg) ?? []
    if (name in Object.prototype) throw usage(`Unknown flag --${name}`, command)
  }
}

/**
 * Checks what sade parsed, and what stands after `--` (`rest`), against what a command takes. Throws a usage `Failure` with a
 * suggestion.
 */
export function readFlags(
  { name: command, takes = '', passes }: Takes,
  flags: readonly Flag[],
  raw: Raw,
  rest: readonly string[] | null,
): Flags {
  const plain = valuesOf(raw, '_').map(String)
  // First of all: without it the command's own flags are taken for ours.
  const passed = passes === undefined ? [] : requirePassed({ name: command, passes }, plain, rest)
  const known = knownNames(flags)
  for (const name of Object.keys(raw)) {
    if (name === '_' || known.has(name) || raw[name] === undefined) continue
    const near = closest(
      name,
      flags.map(flag => flag.name),
    )
    const hints = near === null ? [] : [`Did you mean --${near}?`]
    throw usage(`Unknown flag ${name.length === 1 ? '-' : '--'}${name}`, command, hints)
  }

  const texts = (name: string): readonly string[] =>
    valuesOf(raw, name).map(value => {
      if (typeof value === 'string' && value !== '') return value
      throw usage(`--${name} needs a value`, command)
    })
  return {
    words: requireWords(command, takes, passes === undefined ? [...plain, ...(rest ?? [])] : plain),
    passed,
    on: name => valuesOf(raw, name).at(-1) === true,
    refused: name => valuesOf(raw, name).at(-1) === false,
    text: name => texts(name).at(-1) ?? null,
    list: texts,
    count: name => {
      const text = texts(name).at(-1)
      if (text === undefined) return null
      if (!/^\d{1,9}$/.test(text)) throw usage(`--${name} takes a whole number, not \`${text}\``, command)
      return Number(text)
    },
  }
}
