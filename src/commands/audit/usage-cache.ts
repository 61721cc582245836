import { createHash } from 'node:crypto'
import { thinned } from '../../audit/merge-usage.ts'
import type { Cache } from '../../cache.ts'
import type { Instant } from '../../model/duration.ts'
import type { Counts, ObservedUsage } from '../../model/observed-usage.ts'

/** Looks at the usage of live keys, oldest first, by live id. */
export type Looks = Map<string, readonly ObservedUsage[]>

/** Whose keys they are: two accounts never share a file. */
export interface LooksOf {
  readonly origin: string
  readonly account: string
}

const version = 1

function fileName({ origin, account }: LooksOf): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([origin, account]))
    .digest('hex')
  return `usage-${digest.slice(0, 32)}.json`
}

const record = (counts: Counts) => Object.fromEntries(counts)

function toJson({
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

function fromJson(value: unknown): ObservedUsage {
  if (!isRecord(value) || !Number.isFinite(value['from']) || !Number.isFinite(value['to'])) throw broken
  const { byOperationAndProject: detailed, addresses } = value
  if (detailed !== null && !isRecord(detailed)) throw broken
  if (addresses !== null && !Array.isArray(addresses)) throw broken
  const list = addresses as readonly unknown[] | null
  return {
    from: value['from'] as number,
    to: value['to'] as number,
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

/** What was looked at before. A file that is broken, or somebody else's, is as none. */
export async function readLooks(cache: Cache, of: LooksOf): Promise<Looks> {
  const text = await cache.read(fileName(of))
  if (text === null) return new Map()
  try {
    const raw = JSON.parse(text) as unknown
    if (
      !isRecord(raw) ||
      raw['version'] !== version ||
      raw['origin'] !== of.origin ||
      raw['account'] !== of.account
    )
      return new Map()
    const { keys } = raw
    if (!isRecord(keys)) return new Map()
    return new Map(
      Object.entries(keys).map(([id, looks]) => [id, Array.isArray(looks) ? looks.map(fromJson) : []]),
    )
  } catch {
    return new Map()
  }
}

/** It holds figures, and no secret. That it cannot be written costs requests and nothing else. */
export async function writeLooks(cache: Cache, of: LooksOf, looks: Looks, now: Instant): Promise<void> {
  const keys = [...looks].flatMap(([id, each]) => {
    const kept = thinned(each, now)
    return kept.length === 0 ? [] : [[id, kept.map(toJson)] as const]
  })
  await cache.write(fileName(of), `${JSON.stringify({ version, ...of, keys: Object.fromEntries(keys) })}\n`)
}
