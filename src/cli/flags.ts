import { type Milliseconds, parseDuration } from '../model/duration.ts'
import type { Failure } from '../model/failure.ts'
import { suggestUnit } from '../model/suggest-unit.ts'
import { closest } from '../model/suggest.ts'

/** What the command line says of one flag. */
export interface GivenFlag {
  /** As it is written: `--auto-approve`. */
  readonly flag: string
  /** In their order; empty where the flag is absent. */
  readonly values: readonly unknown[]
  readonly refuse: (message: string, hints?: readonly string[]) => Failure
}

/** How a flag shows in help and completion. */
interface FlagLook {
  readonly text: string
  /** The name of its value in the help: `<path>`. A switch has none. */
  readonly value?: string
  readonly short?: string
  /** Needed so seldom that help lists it last. */
  readonly rare?: boolean
  /** The only words that it takes. */
  readonly choices?: readonly string[]
}

/** One flag of a command, and what it gives to `run`. Its name is that of its property, with dashes: `autoApprove` is `--auto-approve`. */
export interface Flag<Value> extends FlagLook {
  /** Throws a usage `Failure`. */
  readonly read: (given: GivenFlag) => Value
}

export type FlagSet = Readonly<Record<string, Flag<unknown>>>

/** What `run` gets, inferred from the flags. */
export type ValuesOf<Flags extends FlagSet> = {
  readonly [Name in keyof Flags]: Flags[Name] extends Flag<infer Value> ? Value : never
}

/** A flag as help, completion and the parser know it. */
export interface NamedFlag extends Flag<unknown> {
  /** The property of what `run` gets. */
  readonly property: string
  /** `auto-approve` */
  readonly name: string
}

export function namedFlags(flags: FlagSet): readonly NamedFlag[] {
  return Object.entries(flags).map(([property, flag]) => ({
    ...flag,
    property,
    name: property.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`),
  }))
}

type More = Partial<Pick<FlagLook, 'short' | 'rare'>>

function texts({ flag, values, refuse }: GivenFlag): readonly string[] {
  return values.map(value => {
    if (typeof value === 'string' && value !== '') return value
    throw refuse(`${flag} needs a value`)
  })
}

function lastText(given: GivenFlag): string | null {
  return texts(given).at(-1) ?? null
}

/** Off where it is absent. Of a name that begins with `no`: was it given? */
export function toggle(text: string, more: More = {}): Flag<boolean> {
  return { ...more, text, read: ({ values }) => values.at(-1) === true }
}

/** The last one counts; null where it is absent. */
export function text(value: string, about: string, more: More = {}): Flag<string | null> {
  return { ...more, value, text: about, read: lastText }
}

/** The same, and an empty value is one: it clears. */
export function textOrEmpty(value: string, about: string, more: More = {}): Flag<string | null> {
  return {
    ...more,
    value,
    text: about,
    read: ({ values }) => (values.length === 0 ? null : String(values.at(-1))),
  }
}

/** May be given several times. */
export function list(value: string, about: string, more: More = {}): Flag<readonly string[]> {
  return { ...more, value, text: `${about}; may be repeated`, read: texts }
}

function countOf(given: GivenFlag): number | null {
  const last = lastText(given)
  if (last === null) return null
  if (/^\d{1,9}$/.test(last)) return Number(last)
  throw given.refuse(`${given.flag} takes a whole number, not \`${last}\``)
}

/** A whole number, zero or more; null where it is absent. */
export function count(value: string, about: string, more: More = {}): Flag<number | null> {
  return { ...more, value, text: about, read: countOf }
}

/** The same; `usual` where it is absent. */
export function countOr(usual: number, value: string, about: string, more: More = {}): Flag<number> {
  return { ...more, value, text: `${about} (default ${usual})`, read: given => countOf(given) ?? usual }
}

/** A duration such as 90d, in milliseconds; null where it is absent. */
export function duration(value: string, about: string, more: More = {}): Flag<Milliseconds | null> {
  const read = (given: GivenFlag) => {
    const last = lastText(given)
    if (last === null) return null
    const length = parseDuration(last)
    if (length !== null) return length
    throw given.refuse(
      `${given.flag} takes a duration such as 90d, 2w or 36h, not \`${last}\``,
      suggestUnit(last, 'd'),
    )
  }
  return { ...more, value, text: about, read }
}

/** One of some words; null where it is absent. `meant`: what people write for one of them (`bash` for `sh`). */
export function choice<const Choices extends readonly string[]>(
  value: string,
  choices: Choices,
  about: string,
  more: More & { readonly meant?: Readonly<Record<string, Choices[number]>> } = {},
): Flag<Choices[number] | null> {
  const { meant = {}, ...look } = more
  const read = (given: GivenFlag): Choices[number] | null => {
    const last = lastText(given)
    if (last === null) return null
    const found = choices.find(each => each === last)
    if (found !== undefined) return found
    const near = Object.hasOwn(meant, last) ? meant[last] : closest(last, choices)
    throw given.refuse(`${given.flag} takes ${choices.join(', ')}, not \`${last}\``, [
      ...(near === undefined || near === null ? [] : [`Did you mean ${near}?`]),
    ])
  }
  return { ...look, value, text: about, choices, read }
}
