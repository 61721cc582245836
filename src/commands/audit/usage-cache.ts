import { createHash } from 'node:crypto'
import { thinned } from '../../audit/merge-usage.ts'
import type { Cache } from '../../runtime/cache.ts'
import type { Instant } from '../../model/duration.ts'
import type { Counts, ObservedUsage } from '../../model/observed-usage.ts'

/** Looks at the usage of live keys, oldest first, by live id. */
export type Looks = Map<string, readonly ObservedUsage[]>

/** Whose keys they are: two accounts never share a file. */
export interface LooksOf {
  readonly origin: string
  readonly account: string
}

const version = 2
/** A look a day over the time that looks are kept, and more. */
const maximumLooks = 1_000

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

function fileName({ origin, account }: LooksOf): string {
  return `usage-${sha256(JSON.stringify([origin, account])).slice(0, 32)}.json`
}

const record = (counts: Counts) => Object.fromEntries(counts)

/** One look, as JSON keeps it. */
export function lookToJson({
  from,
  to,
  byDay,
  byOperation,
  byProject,
  byOperationAndProject,
  addresses,
}: ObservedUsage) {
  return {
    from,
    to,
    byDay: record(byDay),
    byOperation: record(byOperation),
    byProject: record(byProject),
    byOperationAndProject:
      byOperationAndProject &&
      Object.fromEntries([...byOperationAndProject].map(([name, counts]) => [name, record(counts)])),
    addresses,
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whoever reads the file takes it as none. */
const broken = new Error('not a file of ours')

function counts(value: unknown): Counts {
  if (!isRecord(value)) throw broken
  const entries = Object.entries(value)
  if (!entries.every(([, count]) => Number.isSafeInteger(count) && (count as number) >= 0)) throw broken
  return new Map(entries as [string, number][])
}

function isInstant(value: unknown): value is Instant {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function fromJson(value: unknown): ObservedUsage {
  if (!isRecord(value)) throw broken
  const { from, to, byOperationAndProject: detailed, addresses } = value
  if (!isInstant(from) || !isInstant(to) || from > to) throw broken
  if (detailed !== null && !isRecord(detailed)) throw broken
  if (addresses !== null && !Array.isArray(addresses)) throw broken
  const list = addresses as readonly unknown[] | null
  return {
    from,
    to,
    byDay: counts(value['byDay']),
    byOperation: counts(value['byOperation']),
    byProject: counts(value['byProject']),
    byOperationAndProject:
      detailed && new Map(Object.entries(detailed).map(([name, each]) => [name, counts(each)])),
    addresses:
      list &&
      list.map(one => {
        if (!isRecord(one) || typeof one['ip'] !== 'string' || !Number.isSafeInteger(one['requests']))
          throw broken
        return { ip: one['ip'], requests: one['requests'] as number }
      }),
  }
}

/** Null where it is none of ours. */
export function lookFromJson(value: unknown): ObservedUsage | null {
  try {
    return fromJson(value)
  } catch {
    return null
  }
}

function looksFromJson(looks: unknown): readonly ObservedUsage[] {
  if (!Array.isArray(looks) || looks.length > maximumLooks) throw broken
  return looks.map(fromJson)
}

/** What was looked at before. A file that is broken, damaged, of another version or somebody else's is as none. */
export async function readLooks(cache: Cache, of: LooksOf): Promise<Looks> {
  const text = await cache.read(fileName(of))
  if (text === null) return new Map()
  try {
    const raw = JSON.parse(text) as unknown
    if (!isRecord(raw) || !isRecord(raw['keys'])) return new Map()
    const { keys, ...head } = raw
    const expected = { version, ...of, digest: sha256(JSON.stringify(keys)) }
    if (JSON.stringify(head) !== JSON.stringify(expected)) return new Map()
    return new Map(Object.entries(keys as object).map(([id, looks]) => [id, looksFromJson(looks)]))
  } catch {
    return new Map()
  }
}

/** Null where no text can be as long as that. */
function textOf(of: LooksOf, looks: Looks): string | null {
  try {
    const body = JSON.stringify(
      Object.fromEntries([...looks].map(([id, each]) => [id, each.map(lookToJson)])),
    )
    const head = JSON.stringify({ version, ...of, digest: sha256(body) })
    return `${head.slice(0, -1)},"keys":${body}}\n`
  } catch {
    return null
  }
}

/**
 * It holds figures, and no secret. That it cannot be written costs requests and nothing else. Where it would be too large, older
 * looks are forgotten.
 */
export async function writeLooks(cache: Cache, of: LooksOf, looks: Looks, now: Instant): Promise<void> {
  const kept = [...looks].map(([id, each]) => [id, thinned(each, now)] as const)
  for (const most of [maximumLooks, 4, 1]) {
    const newest = kept.map(([id, each]) => [id, each.slice(-most)] as const)
    const text = textOf(of, new Map(newest.filter(([, each]) => each.length > 0)))
    if (text !== null && (await cache.write(fileName(of), text))) return
  }
}
