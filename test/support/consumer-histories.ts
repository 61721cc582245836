import { BlockList } from 'node:net'
import type { Consumer, SeenUse } from '../../src/model/consumer.ts'
import { type Instant, day, hour } from '../../src/model/duration.ts'
import type { ObservedUsage } from '../../src/model/observed-usage.ts'
import { fractions } from './random.ts'

/** One request with a key's secret, and who made it: what the platform does not know. */
export interface HistoryEvent {
  readonly at: Instant
  /** The name of a declared consumer, `thief`, or `ourselves`: a look at a new secret. */
  readonly by: string
  readonly operation: string
  readonly project: string | null
  readonly ip: string
  readonly userAgent: string
}

export interface History {
  readonly now: Instant
  readonly consumers: readonly Consumer[]
  /** In the order of time. */
  readonly events: readonly HistoryEvent[]
}

const acts = ['Pull scenarios', 'Upload results', 'View results', 'Create scenarios', 'List projects']
const projects = ['bot', 'assistant', 'pilot']

/** A month of a key with two to four consumers, hourly, weekly or silent ones, and in every other history a thief. */
export function historyOf(seed: number): History {
  const random = fractions(seed)
  const below = (count: number) => Math.floor(random() * count)
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T
  const some = <T>(list: readonly T[]): readonly T[] => {
    const chosen = list.filter(() => random() < 0.5)
    return chosen.length === 0 ? [pick(list)] : chosen
  }
  const now = Date.UTC(2026, 10, 22, below(24), below(60))
  const consumers = Array.from({ length: 2 + below(3) }, (_, index): Consumer => {
    return {
      name: `consumer-${index}`,
      userAgent: random() < 0.5 ? `agent-${index}/*` : null,
      addresses: random() < 0.8 ? [`203.0.${below(4)}.0/24`, `2001:db8:${index}::/48`] : null,
      projects: random() < 0.5 ? some(projects) : null,
      operations: random() < 0.7 ? some(acts) : null,
      every: pick([7, 14]) * day,
    }
  })
  const one = (by: string, index: number, at: Instant, of: Partial<Consumer>): HistoryEvent => {
    const operation = pick(of.operations ?? acts)
    const network = of.addresses?.[0]?.replace(/0\/24$/, '') ?? `198.51.${below(3)}.`
    return {
      at,
      by,
      operation,
      project: operation === 'List projects' ? null : pick(of.projects ?? projects),
      ip:
        of.addresses !== null && random() < 0.3
          ? `2001:db8:${index}::${1 + below(9)}`
          : `${network}${1 + below(9)}`,
      userAgent: of.userAgent?.replace('*', '2.1') ?? pick(['curl/8', 'agent-0/1', 'agent-1/1']),
    }
  }
  const events = consumers.flatMap((consumer, index) => {
    const every = pick([hour, 7 * day - hour])
    const stops = random() < 0.3 ? now - (1 + below(30)) * day : now
    const times: Instant[] = []
    for (let at = now - 40 * day + below(hour); at < stops; at += every) times.push(at)
    return times.map(at => one(consumer.name, index, at, consumer))
  })
  const looks = Array.from({ length: 1 + below(3) }, (): HistoryEvent => {
    const at = now - below(40 * day)
    const ip = pick(['192.0.2.9', '203.0.1.1'])
    return {
      at,
      by: 'ourselves',
      operation: 'Check identity',
      project: null,
      ip,
      userAgent: 'fluxloop-keys/1 (proof)',
    }
  })
  const like = pick(consumers)
  const thief: Partial<Consumer> = {
    addresses: random() < 0.3 ? like.addresses : null,
    userAgent: random() < 0.5 ? like.userAgent : 'python-requests/2',
    operations: random() < 0.5 ? like.operations : [pick([...acts, 'Delete scenarios'])],
    projects: random() < 0.5 ? like.projects : null,
  }
  const stolen = Array.from({ length: seed % 2 === 0 ? 0 : 1 + below(12) }, () =>
    one('thief', 9, now - below(20 * day), thief),
  )
  return { now, consumers, events: [...events, ...looks, ...stolen].sort((a, b) => a.at - b.at) }
}

/** The first moment of the window of `days` days that the platform's figures are of. */
export function windowOf(now: Instant, days: number): Instant {
  return now - (now % day) - (days - 1) * day
}

/** What the platform would show of a history: counts, as `GET /api/api-keys/{id}/usage?days=` has them. */
export function figuresOf({ now, events }: History, days: number): ObservedUsage {
  const from = windowOf(now, days)
  const seen = events.filter(({ at }) => at >= from)
  const count = (names: readonly string[]) => {
    const counts = new Map<string, number>()
    for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
    return counts
  }
  const inProjects = seen.filter(({ project }) => project !== null)
  return {
    from,
    to: now,
    byDay: count(seen.map(({ at }) => new Date(at).toISOString().slice(0, 10))),
    byOperation: count(seen.map(({ operation }) => operation)),
    byProject: count(inProjects.map(({ project }) => project ?? '')),
    byOperationAndProject: new Map(
      acts
        .concat('Delete scenarios')
        .map(name => [
          name,
          count(inProjects.filter(({ operation }) => operation === name).map(({ project }) => project ?? '')),
        ]),
    ),
    addresses: [...count(seen.map(({ ip }) => ip))].map(([ip, requests]) => ({ ip, requests })),
  }
}

/** The last use as the list of keys tells it: nobody's where our own look was the last. */
export function lastUseOf({ events }: History): readonly SeenUse[] {
  const last = events.at(-1)
  if (last === undefined || last.by === 'ourselves') return []
  return [{ liveId: 'key_1', at: last.at, ip: last.ip, userAgent: last.userAgent }]
}

const known = new Map<string, boolean>()

function isInside(ranges: readonly string[] | null, ip: string): boolean {
  if (ranges === null) return true
  const name = `${ranges.join()} ${ip}`
  const before = known.get(name)
  if (before !== undefined) return before
  const list = new BlockList()
  for (const range of ranges) {
    const [address = '', length = ''] = range.split('/')
    list.addSubnet(address, Number(length), address.includes(':') ? 'ipv6' : 'ipv4')
  }
  const isIn = list.check(ip, ip.includes(':') ? 'ipv6' : 'ipv4')
  known.set(name, isIn)
  return isIn
}

/** Could a consumer have made this very request? Said by the events themselves, not by the program. */
export const could = {
  callFrom: ({ addresses }: Consumer, { ip }: HistoryEvent) => isInside(addresses, ip),
  do: ({ operations, projects: of }: Consumer, { operation, project }: HistoryEvent) =>
    (operations?.includes(operation) ?? true) && (project === null || (of?.includes(project) ?? true)),
  callAs: ({ userAgent }: Consumer, event: HistoryEvent) =>
    userAgent === null || event.userAgent.startsWith(userAgent.replace('*', '')),
}
