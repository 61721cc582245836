import { type AddressRange, contains } from './address-range.ts'
import type { Instant, Milliseconds } from './duration.ts'
import { fitsGlob } from './glob.ts'

/** Who uses a key, as its declaration says; null: it does not say, so any. */
export interface Consumer {
  readonly name: string
  /** With `*` and `?`. */
  readonly userAgent: string | null
  readonly addresses: readonly AddressRange[] | null
  readonly projects: readonly string[] | null
  /** By the platform's names of them. */
  readonly operations: readonly string[] | null
  /** It works at least once in that time. */
  readonly every: Milliseconds
}

/** The last use of a live key by somebody else than this program; what the platform does not say is null. */
export interface SeenUse {
  readonly liveId: string
  readonly at: Instant
  readonly ip: string | null
  readonly userAgent: string | null
}

/** May this consumer call from there? */
export function mayCallFrom({ addresses }: Pick<Consumer, 'addresses'>, ip: string): boolean {
  return addresses === null || addresses.some(range => contains(range, ip))
}

/** May this consumer do that? A use that is about no project fits every consumer that does the operation. */
export function mayDo(
  { operations, projects }: Pick<Consumer, 'operations' | 'projects'>,
  operation: string | null,
  project: string | null,
): boolean {
  const does = operations === null || operation === null || operations.includes(operation)
  return does && (projects === null || project === null || projects.includes(project))
}

/** May a use have been this consumer's? What the platform does not say contradicts nothing. */
export function mayBe(consumer: Consumer, { ip, userAgent }: Pick<SeenUse, 'ip' | 'userAgent'>): boolean {
  const pattern = consumer.userAgent
  return (
    (ip === null || mayCallFrom(consumer, ip)) &&
    (userAgent === null || pattern === null || fitsGlob(pattern, userAgent))
  )
}
