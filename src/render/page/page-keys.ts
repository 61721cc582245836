import { day } from '../../model/duration.ts'
import type { PermissionUse } from '../../model/inventory.ts'
import type { InventoryJson } from '../audit/inventory-json.ts'
import {
  type PageGeneration,
  type PageKey,
  type PageStack,
  type PageUse,
  type PermissionLetter,
  type Seconds,
  permissionUses,
} from './page-data.ts'
import type { PageText } from './page-text.ts'

export function seconds(iso: string): Seconds {
  return Math.floor(Date.parse(iso) / 1000)
}

type Steps = PageStack['use']

const daySeconds = day / 1000
/** More steps than that neither show in a chart nor fit a page of 5,000 keys. */
const mostDays = 45

/** The steps of a window: days, or weeks where there were too many. */
export function stepsOf(at: Seconds, windowDays: number): Steps {
  const step = windowDays > mostDays ? 7 : 1
  const steps = Math.ceil(windowDays / step)
  const tomorrow = at - (at % daySeconds) + daySeconds
  return { from: tomorrow - steps * step * daySeconds, step: step * daySeconds, steps }
}

function useOf(
  byDay: Readonly<Record<string, number>>,
  { from, step, steps }: Steps,
): readonly number[] | null {
  const figures = Array.from({ length: steps }, () => 0)
  let total = 0
  for (const [name, count] of Object.entries(byDay)) {
    const index = Math.floor((seconds(`${name}T00:00:00Z`) - from) / step)
    const before = figures[index]
    if (before === undefined || !Number.isFinite(count)) continue
    figures[index] = before + count
    total += count
  }
  return total === 0 ? null : figures
}

function letterOf(use: PermissionUse): PermissionLetter {
  const letters = Object.keys(permissionUses) as PermissionLetter[]
  return letters.find(letter => permissionUses[letter] === use) ?? 'q'
}

function lastUseOf({ last_use: { kind, at } }: InventoryJson['live'][number]): PageUse {
  if (kind === 'never') return null
  if (kind === 'used' && at !== null) return seconds(at)
  return kind === 'hidden' ? 'hidden' : 'unknown'
}

function generationOf(live: InventoryJson['live'][number], text: PageText): PageGeneration {
  return {
    id: text(live.id),
    generation: live.generation,
    state: live.state,
    masked: text(live.masked_key),
    created: seconds(live.created_at),
    ends: live.expires_at === null ? null : seconds(live.expires_at),
    lastUse: lastUseOf(live),
  }
}

const states: Readonly<Record<string, string>> = { external: 'adopted' }

function stateOf({ key, live: [head] }: InventoryJson): string {
  if (key === null) return head?.state === 'unmanaged' ? 'unmanaged' : 'undeclared'
  return head === undefined ? 'not created' : (states[head.state] ?? head.state)
}

/** What a key was used at last by any of its live keys. */
function latest(uses: readonly PageUse[]): PageUse {
  const [first = null, ...rest] = uses
  return rest.reduce<PageUse>((known, use) => {
    if (typeof known === 'string' || use === null) return known
    return typeof use === 'string' || known === null ? use : Math.max(known, use)
  }, first)
}

/** The name under which a page shows a key. */
export function labelOf({ key, live, name }: InventoryJson): string {
  return key ?? live[0]?.id ?? name
}

export function pageKey(entry: InventoryJson, steps: Steps, text: PageText): PageKey {
  const { scope, live, owner, position, use } = entry
  const [head] = live
  const generations = live.map(each => generationOf(each, text))
  const figures = useOf(use.by_day, steps)
  return {
    key: text(labelOf(entry)),
    ...(entry.key === null ? { undeclared: true as const } : {}),
    name: text(entry.name),
    ...(entry.description === '' ? {} : { description: text(entry.description) }),
    ...(owner === null ? {} : { owner: text(owner) }),
    ...(entry.environment === null ? {} : { environment: text(entry.environment) }),
    ...(scope === 'all' ? {} : { projects: scope.map(text) }),
    permissions: Object.fromEntries(
      Object.entries(use.permissions).map(([name, used]) => [text(name), letterOf(used)]),
    ),
    state: stateOf(entry),
    ...(entry.protected ? { protected: true as const } : {}),
    ...(head === undefined ? {} : { made: seconds(head.secret_made_at) }),
    ...(head?.expires_at == null ? {} : { ends: seconds(head.expires_at) }),
    ...(entry.max_age_seconds === null ? {} : { maxAge: entry.max_age_seconds }),
    ...(head === undefined ? {} : { lastUse: latest(generations.map(({ lastUse }) => lastUse)) }),
    ...(position === null ? {} : { position: { file: text(position.file), line: position.line } }),
    ...(entry.stores.length === 0 ? {} : { stores: entry.stores.map(text) }),
    ...(generations.length === 0 ? {} : { generations }),
    ...(figures === null ? {} : { use: figures }),
    ...(use.unseen === null ? {} : { unseen: text(use.unseen) }),
  }
}
