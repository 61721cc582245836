import type { Instant } from '../model/duration.ts'
import type { LiveKey } from '../model/live-key.ts'
import type { Answer } from './call.ts'
import { badAnswer, fieldOf, sourceOf } from './reader.ts'
import { toLiveKey } from './to-model.ts'
import type { Listing } from './types.ts'

/** What we ask for; the platform may give less. */
const pageSize = 1_000
/** At the platform's own default of 100 keys a page these are 100,000 keys, and all requests of an hour. */
const maximumPages = 1_000

const call = 'GET /api/api-keys'

interface Page {
  readonly keys: readonly unknown[]
  /** Null: the last page; undefined: the answer knows no paging. */
  readonly next: string | null | undefined
}

function readPage(body: unknown): Page {
  if (Array.isArray(body)) return { keys: body, next: undefined }
  const source = sourceOf(body, call)
  const keys = fieldOf(source, 'api_keys')
  const next = fieldOf(source, 'next_cursor')
  if (!Array.isArray(keys)) throw badAnswer(call, 'lacks the list `api_keys`')
  if (next === undefined || next === null) return { keys, next }
  if (typeof next !== 'string' || next === '' || next.length > 4_096) {
    throw badAnswer(call, 'has a `next_cursor` that is not text')
  }
  return { keys, next }
}

/** `limit=1000&cursor=...` */
function pageQuery(cursor: string | null): string {
  const query = new URLSearchParams({ limit: String(pageSize) })
  if (cursor !== null) query.set('cursor', cursor)
  return query.toString()
}

/**
 * Reads all pages. A listing that may lack a key is not an error but incomplete, which the planner heeds: an id that comes twice
 * (keys moved between pages), a cursor that comes twice, pages that do not end, and a list without paging that is
 * just as long as the page we asked for.
 */
export async function listAll(
  fetchPage: (query: string) => Promise<Answer>,
  localClock: () => Instant,
  maximum = maximumPages,
): Promise<Listing> {
  const keys = new Map<string, LiveKey>()
  const cursors = new Set<string>()
  let complete = true
  let clock: Pick<Listing, 'now' | 'clock'> | null = null
  let cursor: string | null = null
  for (let pages = 1; ; pages++) {
    const answer: Answer = await fetchPage(pageQuery(cursor))
    clock ??=
      answer.date === null ? { now: localClock(), clock: 'local' } : { now: answer.date, clock: 'server' }
    const page = readPage(answer.body)
    for (const each of page.keys) {
      const key = toLiveKey(each, call)
      if (keys.has(key.id)) complete = false
      keys.set(key.id, key)
    }
    if (page.next === null) break
    if (page.next === undefined) {
      complete &&= page.keys.length !== pageSize
      break
    }
    if (cursors.has(page.next) || pages >= maximum) {
      complete = false
      break
    }
    cursors.add(page.next)
    cursor = page.next
  }
  return { keys: [...keys.values()], ...clock, complete }
}
