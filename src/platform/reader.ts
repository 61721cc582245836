import type { Instant } from '../model/duration.ts'
import { plainText, withoutSecrets } from './plain-text.ts'
import { PlatformFailure } from './platform-failure.ts'
import { parseLatest, parseTime } from './wire-time.ts'

/** A JSON object of an answer, with what it takes to say where it came from. */
export interface Source {
  readonly record: Readonly<Record<string, unknown>>
  /** `GET /api/api-keys` */
  readonly call: string
  /** `key_abc`, where the object is known to be one. */
  readonly owner: string | null
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Own fields only: an answer may call a field `constructor`. Undefined where it is absent. */
export function fieldOf(source: Source, name: string): unknown {
  return Object.hasOwn(source.record, name) ? source.record[name] : undefined
}

/** The failure of an answer that came, and is not what the contract says. */
export function badAnswer(call: string, trouble: string): PlatformFailure {
  return new PlatformFailure('failed', withoutSecrets(`the answer to ${call} ${trouble}`), {
    // A write was carried out: only what it says of it is wrong.
    ambiguous: !call.startsWith('GET '),
    hints: ['The platform, or what stands before it, does not keep to the contract of its API.'],
  })
}

function bad(source: Source, name: string, expected: string): PlatformFailure {
  const on = source.owner === null ? '' : ` on ${source.owner}`
  return fieldOf(source, name) === undefined
    ? badAnswer(source.call, `lacks \`${name}\`${on}`)
    : badAnswer(source.call, `has a \`${name}\`${on} that is not ${expected}`)
}

/** The answer as an object. */
export function sourceOf(body: unknown, call: string): Source {
  if (!isRecord(body)) throw badAnswer(call, 'is not a JSON object')
  return { record: body, call, owner: null }
}

/** Text made safe to print, cut at `maximum` characters. */
export function readText(source: Source, name: string, maximum: number): string {
  const value = fieldOf(source, name)
  if (typeof value !== 'string') throw bad(source, name, 'text')
  return plainText(value, maximum)
}

/** The same for a field that may be null or absent. */
export function readOptionalText(source: Source, name: string, maximum: number): string | null {
  const value = fieldOf(source, name)
  return value === undefined || value === null ? null : readText(source, name, maximum)
}

/** Text as it came, for what is parsed further. */
export function readRawText(source: Source, name: string): string {
  const value = fieldOf(source, name)
  if (value === undefined || value === null) return ''
  if (typeof value !== 'string') throw bad(source, name, 'text')
  return value
}

export function readTime(source: Source, name: string, parse = parseTime): Instant {
  const value = fieldOf(source, name)
  const at = typeof value === 'string' ? parse(value) : null
  if (at === null) throw bad(source, name, 'a time in ISO 8601')
  return at
}

/** A time that may be null, but not absent. */
export function readNullableTime(source: Source, name: string): Instant | null {
  return fieldOf(source, name) === null ? null : readTime(source, name)
}

/** The same for a time of which only the last moment that it may mean counts. */
export function readNullableLatest(source: Source, name: string): Instant | null {
  return fieldOf(source, name) === null ? null : readTime(source, name, parseLatest)
}

export function readCount(source: Source, name: string): number {
  const value = fieldOf(source, name)
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw bad(source, name, 'a whole number')
  }
  return value
}

/** A list of names, each printable and none cut: names are compared. */
export function readNames(source: Source, name: string): readonly string[] {
  const value = fieldOf(source, name)
  if (!Array.isArray(value)) throw bad(source, name, 'a list of names')
  return value.map((item: unknown) => {
    if (typeof item !== 'string' || item === '' || item.length > 300)
      throw bad(source, name, 'a list of names')
    return plainText(item, 300)
  })
}

/** One of a few words. */
export function readWord<Word extends string>(source: Source, name: string, words: readonly Word[]): Word {
  const value = fieldOf(source, name)
  const word = words.find(each => each === value)
  if (word === undefined) throw bad(source, name, `one of ${words.join(', ')}`)
  return word
}

/** An object of names and numbers. */
export function readCounts(source: Source, name: string): ReadonlyMap<string, number> {
  const value = fieldOf(source, name)
  if (!isRecord(value)) throw bad(source, name, 'an object of names and numbers')
  const inner: Source = { ...source, record: value }
  return new Map(Object.keys(value).map(each => [plainText(each, 300), readCount(inner, each)]))
}

const identifier = /^[A-Za-z0-9][A-Za-z0-9_.:~-]{0,127}$/

/** Whether a text can be the id of a key. No id can leave its place in a path: none has a slash or begins with a dot. */
export function isKeyId(text: string): boolean {
  return identifier.test(text)
}

export function readKeyId(source: Source): string {
  const value = fieldOf(source, 'id')
  if (typeof value !== 'string' || !isKeyId(value)) throw bad(source, 'id', 'an id such as key_abc123')
  return value
}
