import { unseenReasons } from '../../model/audit.ts'
import type { ChangeLine } from '../../model/log.ts'
import type { AuditFindingJson, AuditJson } from '../audit/audit-json.ts'
import type { InventoryJson } from '../audit/inventory-json.ts'
import type { CalendarJson } from '../plan/key-calendar.ts'
import type { PlanJson } from '../plan/plan-json.ts'
import {
  type EventKind,
  type PageChange,
  type PageEvent,
  type PageFinding,
  type PagePast,
  type PageStack,
  eventKinds,
  timelineDays,
} from './page-data.ts'
import { labelOf, pageKey, seconds, stepsOf } from './page-keys.ts'
import type { PageText } from './page-text.ts'

/** What a page is made of: what the commands print as JSON. */
export interface PageSource {
  readonly audit: AuditJson & { readonly inventory: readonly InventoryJson[] }
  /** Null: nobody made a plan. */
  readonly plan: PlanJson | null
  /** Null: the timeline goes by what the audit knows of each key. */
  readonly calendar: CalendarJson | null
  /** Changes that runs made to keys of this stack, oldest first; null: nobody keeps a history. */
  readonly history?: readonly ChangeLine[] | null
}

/** Where the page has a key, by key id and by live id. */
interface Places {
  readonly of: (key: string | null, id: string | null) => { readonly index?: number }
}

function placesOf(inventory: readonly InventoryJson[]): Places {
  const declared = new Map<string, number>()
  const live = new Map<string, number>()
  for (const [index, entry] of inventory.entries()) {
    if (entry.key !== null) declared.set(entry.key, index)
    for (const { id } of entry.live) live.set(id, index)
  }
  return {
    of: (key, id) => {
      const index = (key === null ? undefined : declared.get(key)) ?? (id === null ? undefined : live.get(id))
      return index === undefined ? {} : { index }
    },
  }
}

function pageFinding(finding: AuditFindingJson, places: Places, text: PageText): PageFinding {
  const { key, id, name, position, suppressed_by: exception } = finding
  const { index } = places.of(key, id)
  return {
    ...(index === undefined ? {} : { at: index }),
    key: text(key ?? id ?? name),
    severity: finding.severity,
    rule: text(finding.rule),
    message: text(finding.message),
    remedy: text(finding.remedy),
    ...(position === null ? {} : { position: { file: text(position.file), line: position.line } }),
    ...(exception === null
      ? {}
      : { excepted: { until: seconds(exception.until), reason: text(exception.reason) } }),
  }
}

function calendarEvents({ entries }: CalendarJson, places: Places, text: PageText): readonly PageEvent[] {
  return entries.map(({ at, event, key, id, name, reasons }) => ({
    at: seconds(at),
    event,
    ...places.of(key, id),
    key: text(key ?? id ?? name),
    why: text(reasons.map(({ message }) => message).join('; ')),
  }))
}

/** What the audit alone knows of time to come: one rotation of each key, and the ends of keys that nothing rotates before. */
function knownEvents({ audit, plan }: PageSource, text: PageText): readonly PageEvent[] {
  const now = audit.at
  const own = audit.inventory.flatMap((entry, index): PageEvent[] => {
    const [head] = entry.live
    if (head === undefined) return []
    const key = text(labelOf(entry))
    const event = (kind: EventKind, at: string, why: string) => ({
      at: seconds(at),
      event: kind,
      index,
      key,
      why,
    })
    const { due_at: due } = entry
    const end = head.expires_at
    if (due !== null && (end === null || due <= end))
      return [event('rotates', due < now ? now : due, 'it is due by its age or its end')]
    return end === null || end < now ? [] : [event('expires', end, 'nothing renews it before')]
  })
  const places = placesOf(audit.inventory)
  const retiring = (plan?.retiring ?? []).flatMap(({ key, id, reason, wait }): PageEvent[] => {
    const { until } = wait
    if (until === undefined) return []
    return [
      {
        at: seconds(until),
        event: 'retires',
        ...places.of(key, id),
        key: text(key),
        why: text(reason.message),
      },
    ]
  })
  return [...own, ...retiring]
}

function valueText(value: string | boolean | null | readonly string[]): string {
  if (value === null) return 'none'
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'string') return value
  return value.length === 0 ? 'none' : value.join(', ')
}

function pageChanges({ changes, deferred, retiring }: PlanJson, places: Places, text: PageText) {
  return [
    ...changes.map((change): PageChange => ({
      action: change.action,
      ...places.of(change.key, change.id ?? null),
      key: text(change.key),
      reasons: change.reasons.map(({ message }) => text(message)),
      fields: change.fields.map(({ field, current, desired, cause, widens }) => ({
        field,
        current: text(valueText(current)),
        desired: text(valueText(desired)),
        drift: cause === 'drift' || cause === 'both',
        widens,
      })),
    })),
    ...deferred.map(({ key, id, message }): PageChange => ({
      action: 'deferred',
      ...places.of(key, id),
      key: text(key),
      reasons: [text(message)],
      fields: [],
    })),
    ...retiring.map(({ key, id, reason, wait }): PageChange => ({
      action: 'retiring',
      ...places.of(key, id),
      key: text(key),
      reasons: [text(`${id}: ${reason.message}; ${wait.message}`)],
      fields: [],
    })),
  ]
}

function pastWords({ action, outcome }: ChangeLine): string {
  switch (outcome.status) {
    case 'done':
      return outcome.done
    case 'failed':
      return `failed to ${action}`
    case 'held':
      return `held back: ${action}`
    case 'not_started':
      return `not begun: ${action}`
  }
}

/** More of one stack says nothing of now. */
const mostPast = 1_000

function pagePast(history: readonly ChangeLine[], places: Places, text: PageText): readonly PagePast[] {
  return history
    .slice(-mostPast)
    .map(line => {
      const failed = line.outcome.status === 'failed' ? [line.outcome.message] : []
      const why = [...line.reasons.map(({ message }) => message), ...failed].join('; ')
      return {
        at: seconds(line.at),
        ...places.of(line.key, line.id),
        what: text(pastWords(line)),
        why: text(why),
      }
    })
    .reverse()
}

const whyUnseen: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(unseenReasons).map(([code, words]) => [code.replaceAll('-', '_'), words]),
)

/** Throws a TypeError where a source is not of the shape that it claims. */
export function pageStack(source: PageSource, text: PageText): PageStack {
  const { audit, plan, calendar } = source
  const places = placesOf(audit.inventory)
  const at = seconds(audit.at)
  const use = stepsOf(at, audit.window_days)
  const until = at + timelineDays * 86_400
  const events = calendar === null ? knownEvents(source, text) : calendarEvents(calendar, places, text)
  return {
    stack: text(audit.stack),
    platform: audit.platform === null ? null : text(audit.platform),
    account: audit.account === null ? null : text(audit.account),
    ...{ at, use },
    windowDays: audit.window_days,
    keys: audit.inventory.map(entry => {
      const key = pageKey(entry, use, text)
      const { unseen } = key
      return unseen === undefined ? key : { ...key, unseen: whyUnseen[unseen] ?? unseen }
    }),
    findings: audit.findings.map(finding => pageFinding(finding, places, text)),
    events: events
      .filter(event => event.at <= until && eventKinds.includes(event.event))
      .sort((a, b) => a.at - b.at || (a.key < b.key ? -1 : 1)),
    changes: plan === null ? [] : pageChanges(plan, places, text),
    ...(source.history == null ? {} : { past: pagePast(source.history, places, text) }),
    plan:
      plan === null
        ? null
        : {
            refused: plan.refused,
            notes: plan.findings.map(({ severity, message, hint }) => ({
              severity,
              message: text(message),
              hint: text(hint),
            })),
          },
    notLookedAt: audit.not_looked_at.map(({ rules, why, ids }) => ({
      rules: rules.map(text),
      why: text(whyUnseen[why] ?? why),
      keys: ids.length,
    })),
  }
}
