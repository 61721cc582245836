import type { RuleTestFacts } from '../../model/audit-policy.ts'
import { formatDate, parseDate } from '../../model/duration.ts'
import { closest } from '../../model/suggest.ts'
import {
  type FactGroup,
  type FieldType,
  type Value,
  fields,
  fieldsOf,
  toCel,
  usualNow,
} from './rule-fields.ts'

/** What is wrong with one fact of a test case. */
export interface FactProblem {
  readonly path: readonly string[]
  /** It is about the name, not about the value. */
  readonly onKey: boolean
  readonly message: string
}

interface Form {
  readonly words: string
  /** Undefined where the fact is none. */
  readonly read: (value: unknown) => Value | undefined
}

const text: Form = { words: 'text', read: value => (typeof value === 'string' ? value : undefined) }
const number: Form = {
  words: 'a whole number',
  read: value => (typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined),
}
const time: Form = {
  words: 'a date such as 2026-01-31',
  read: value => (typeof value === 'string' ? (parseDate(value) ?? undefined) : undefined),
}
const orNull = ({ words, read }: Form): Form => ({
  words: `${words}, or null`,
  read: value => (value === null ? null : read(value)),
})

const forms: Readonly<Record<FieldType, Form>> = {
  text,
  'text?': orNull(text),
  texts: {
    words: 'a list of texts',
    read: value => (Array.isArray(value) && value.every(one => typeof one === 'string') ? value : undefined),
  },
  flag: { words: 'true or false', read: value => (typeof value === 'boolean' ? value : undefined) },
  number,
  'number?': orNull(number),
  time,
  'time?': orNull(time),
  counts: {
    words: 'a map of whole numbers',
    read: value => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
      const entries = Object.entries(value)
      return entries.every(([, count]) => Number.isSafeInteger(count))
        ? new Map(entries as [string, number][])
        : undefined
    },
  },
}

/** A test case's facts as the library takes them, and what is wrong with them. */
export function readFacts(given: RuleTestFacts): {
  readonly facts: Readonly<Record<string, unknown>>
  readonly problems: readonly FactProblem[]
} {
  const problems: FactProblem[] = []
  const facts: Record<string, unknown> = {}
  for (const group of Object.keys(fields) as readonly FactGroup[]) {
    const known = fieldsOf(group)
    const said = given[group]
    for (const name of Object.keys(said)) {
      if (known.has(name)) continue
      const near = closest(name, [...known.keys()])
      const meant = near === null ? '' : `; did you mean ${near}?`
      problems.push({
        path: [group, name],
        onKey: true,
        message: `There is no fact ${group}.${name}${meant}`,
      })
    }
    facts[group] = Object.fromEntries(
      [...known].map(([name, { type, usual }]) => {
        if (!Object.hasOwn(said, name)) return [name, toCel(type, usual)]
        const { words, read } = forms[type]
        const value = read(said[name])
        if (value === undefined)
          problems.push({ path: [group, name], onKey: false, message: `${group}.${name} is ${words}` })
        return [name, toCel(type, value ?? null)]
      }),
    )
  }
  const now = given.now === null ? usualNow : parseDate(given.now)
  if (now === null)
    problems.push({
      path: ['now'],
      onKey: false,
      message: `Invalid date "${given.now ?? ''}"; the usual one is ${formatDate(usualNow)}`,
    })
  return { facts: { ...facts, now: new Date(now ?? usualNow) }, problems }
}
