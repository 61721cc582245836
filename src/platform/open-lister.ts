import { setImmediate } from 'node:timers/promises'
import type { Instant } from '../model/duration.ts'
import type { LiveKey } from '../model/live-key.ts'
import type { ListingDoubts, UnreadableKey } from '../model/listing-doubts.ts'
import type { Answer } from './call.ts'
import { contradictionOf, descriptionWatch, unreadableKey } from './find-doubts.ts'
import { PlatformFailure } from './platform-failure.ts'
import { badAnswer, fieldOf, sourceOf } from './reader.ts'
import { toLiveKey } from './to-model.ts'
import type { Listing } from './types.ts'

/** What we ask for; the platform may give less. Where the platform refuses that, it is asked for less, and at last for whatever it likes. */
const pageSizes: readonly (number | null)[] = [1_000, 500, 100, null]
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
function pageQuery(pageSize: number | null, cursor: string | null): string {
  const query = new URLSearchParams(pageSize === null ? {} : { limit: String(pageSize) })
  if (cursor !== null) query.set('cursor', cursor)
  return query.toString()
}

function refusesPageSize(cause: unknown): boolean {
  return cause instanceof PlatformFailure && [400, 413, 422].includes(cause.status ?? 0)
}

type FetchPage = (query: string) => Promise<Answer>

/** Fetches the first page, as long as the platform allows; `from` is the index of the first size to try. */
async function firstPage(
  fetchPage: FetchPage,
  from: number,
): Promise<{ readonly answer: Answer; readonly size: number }> {
  const refusals: unknown[] = []
  for (let size = from; size < pageSizes.length; size++) {
    try {
      return { answer: await fetchPage(pageQuery(pageSizes[size] ?? null, null)), size }
    } catch (cause) {
      refusals.push(cause)
      if (!refusesPageSize(cause)) break
    }
  }
  throw refusals[0]
}

/** Reads the keys of a page into `keys` and `unreadable`. False where a key comes twice. */
function takeKeys(page: Page, keys: Map<string, LiveKey>, unreadable: UnreadableKey[]): boolean {
  let isNew = true
  for (const each of page.keys) {
    try {
      const key = toLiveKey(each, call)
      isNew &&= !keys.has(key.id)
      keys.set(key.id, key)
    } catch (cause) {
      if (!(cause instanceof PlatformFailure)) throw cause
      unreadable.push(unreadableKey(each, call, cause))
    }
  }
  return isNew
}

/** Lists all keys; remembers the length of pages that the platform allows, and whether it knows pages at all. */
export function openLister(localClock: () => Instant): {
  readonly list: (fetchPage: FetchPage, maximum?: number) => Promise<Listing>
  readonly isPaged: () => boolean
} {
  let size = 0
  let paged = true
  return {
    isPaged: () => paged,
    list: async (fetchPage, maximum = maximumPages) => {
      const first = await firstPage(fetchPage, size)
      ;({ size } = first)
      paged = readPage(first.answer.body).next !== undefined
      return await listAll(first.answer, query => fetchPage(query), {
        pageSize: pageSizes[size] ?? null,
        local: localClock(),
        maximum,
      })
    },
  }
}

/** A request that is on its way: Node sends it once nothing else is to be done. */
async function begun(answer: Promise<Answer>): Promise<{ readonly answer: Promise<Answer> }> {
  // Whoever waits for it, later, learns of its failure.
  answer.catch(() => undefined)
  await setImmediate()
  return { answer }
}

/**
 * Reads all pages. A listing that may lack a key is not an error but incomplete, which the planner heeds: an id that comes twice
 * (keys moved between pages), a cursor that comes twice, pages that do not end, and a list without paging that is
 * just as long as the page we asked for.
 */
async function listAll(
  first: Answer,
  fetchPage: FetchPage,
  { pageSize, local, maximum }: { pageSize: number | null; local: Instant; maximum: number },
): Promise<Listing> {
  const keys = new Map<string, LiveKey>()
  const unreadable: UnreadableKey[] = []
  const descriptions = descriptionWatch()
  const cursors = new Set<string>()
  const clock: Pick<Listing, 'now' | 'clock'> =
    first.date === null ? { now: local, clock: 'local' } : { now: first.date, clock: 'server' }
  let complete = true
  let answer = first
  for (let pages = 1; ; pages++) {
    const page = readPage(answer.body)
    const { next } = page
    const goesOn = typeof next === 'string' && !cursors.has(next) && pages < maximum
    if (goesOn) cursors.add(next)
    // The platform works on the next page while this one is read.
    const following = goesOn ? await begun(fetchPage(pageQuery(pageSize, next))) : null
    descriptions.look(page.keys)
    complete = takeKeys(page, keys, unreadable) && complete
    if (following === null) {
      if (next === undefined) complete &&= page.keys.length !== pageSize
      else if (next !== null) complete = false
      break
    }
    answer = await following.answer
  }
  const listed = [...keys.values()]
  const doubts: ListingDoubts = {
    unreadable,
    clock: contradictionOf(listed, { now: clock.now, local }),
    lacksDescriptions: descriptions.areLacking(),
  }
  return { keys: listed, ...clock, complete, doubts }
}
