import type { Adopt, Change, Update } from '../../model/change.ts'
import type { Instant } from '../../model/duration.ts'
import { endOfLife } from '../../model/lifetime.ts'
import { type Permissions, everyPermission } from '../../model/permission.ts'
import type { Scope } from '../../model/scope.ts'
import { widenedFields } from '../../model/widening.ts'
import { accessWords, paintAccess } from '../keys/access-words.ts'
import { appearance, symbols } from './change-block.ts'
import { looksDifferent, shortDiff } from '../keys/field-diff.ts'
import type { Palette } from '../text/palette.ts'
import { isDrift, isOutage } from './plan-summary.ts'
import { reasonWords } from './reason-words.ts'
import { retiringText } from './reasons.ts'
import { paintMark } from '../text/rows.ts'
import { displayWidth, pad, unbreakable, wrap } from '../text/layout.ts'
import { date } from '../text/time.ts'
import { enumerate, nameText, plural, quotedName } from '../text/values.ts'
import { writtenFields } from './written-fields.ts'

/** What is made first, what ends last. */
const order: readonly Change['kind'][] = [
  'create',
  'adopt',
  'update',
  'deliver',
  'heal',
  'rotate',
  'release',
  'revoke',
]

/** The order in which a plan is read: by kind, revocations last, then as the plan has them. */
export function readingOrder(changes: readonly Change[]): readonly Change[] {
  return order.flatMap(kind => changes.filter(change => change.kind === kind))
}

/** It grants more, or it ends a key: no table leaves it out. */
function isGrave(change: Change): boolean {
  return change.kind === 'revoke' || widenedFields(change).length > 0
}

/** At most this many rows of one kind are listed, and beyond that those that widen access or revoke a key. */
const rowsOfKind = 50

interface TableOptions {
  readonly palette: Palette
  readonly width: number
  readonly now: Instant
  readonly drift: boolean
  /** All rows, however many. */
  readonly full: boolean
}

function shownRows(changes: readonly Change[], full: boolean): readonly Change[] {
  if (full) return changes
  const seen = new Map<Change['kind'], number>()
  return changes.filter(change => {
    const before = seen.get(change.kind) ?? 0
    seen.set(change.kind, before + 1)
    return before < rowsOfKind || isGrave(change)
  })
}

/** One row a key, ordered by kind; revocations last and red. Of very many rows of a kind the first ones, and how many are left out. */
export function planTable(changes: readonly Change[], options: TableOptions): string[] {
  const ordered = readingOrder(changes)
  const shown = shownRows(ordered, options.full)
  const keyWidth = Math.min(
    Math.max(...shown.map(({ keyId }) => displayWidth(nameText(keyId)))),
    Math.max(12, Math.floor(options.width / 3)),
  )
  return order.flatMap(kind => {
    const all = ordered.filter(change => change.kind === kind)
    const rows = shown.filter(change => change.kind === kind)
    const left = all.length - rows.length
    return [
      ...rows.flatMap(change => tableRow(change, keyWidth, options)),
      ...(left === 0 ? [] : wrap(`      and ${left} more to ${kind}; --full lists them`, options.width)),
    ]
  })
}

/** Narrower than this, the last column stands on lines of its own. */
const roomy = 60
const actionWidth = 'release'.length

function tableRow(change: Change, keyWidth: number, options: TableOptions): string[] {
  const { palette, width, drift } = options
  const isRevoked = change.kind === 'revoke'
  const { mark } = symbols[appearance(change)]
  const key = nameText(change.keyId)
  const action = drift ? 'drifted' : change.kind
  const lead = `${' '.repeat(3 - mark.length)}${isRevoked ? mark : paintMark(mark, palette)} ${pad(action, actionWidth)} `
  const notes = rowNotes(change, options)
  const what = `${rowText(change, options)}${notes.length === 0 ? '' : ` ${unbreakable('# ')}${notes.join(', ')}`}`
  const indent = `${lead}${pad(key, keyWidth)}  `
  const isTight = width < roomy || displayWidth(key) > keyWidth
  const hanging = ' '.repeat(width < roomy ? 6 : displayWidth(lead) + keyWidth + 2)
  const lines = isTight
    ? [...wrap(palette.bold(key), Infinity, lead), ...wrap(what, width, hanging)]
    : wrap(what, width, `${lead}${palette.bold(pad(key, keyWidth))}  `, ' '.repeat(displayWidth(indent)))
  return isRevoked ? lines.map(line => palette.red(line)) : lines
}

function rowNotes(change: Change, { palette, now }: TableOptions): readonly string[] {
  const words = accessWords(writtenFields(change, now))
  return [
    ...words
      .filter(word => word !== 'ends earlier' || !isReplaced(change))
      .map(word => paintAccess(word, word, palette)),
    ...(isDrift(change, now) ? [palette.yellow('drift')] : []),
    ...(isOutage(change) ? [palette.bold(palette.red('outage'))] : []),
  ]
}

/** What a change is about, in as few words as tell it from others. */
function rowText(change: Change, options: TableOptions): string {
  const { now } = options
  switch (change.kind) {
    case 'create': {
      const { scope, permissions, expires } = change.desired
      const end = endOfLife(expires, now)
      const last = end === null ? 'never ends' : `ends ${date(end)}`
      return `${countText(permissions, 'permission')} in ${countText(scope, 'project')}, ${last}`
    }
    case 'adopt':
    case 'update': {
      const stores = change.kind === 'update' ? removedStores(change) : []
      const texts = [...markTexts(change), ...fieldTexts(change, options), ...stores]
      return texts.length === 0 ? 'as it is' : texts.join(', ')
    }
    case 'rotate':
    case 'deliver': {
      const reasons = change.reasons.map(({ code }) => reasonWords[code])
      return [...reasons, ...fieldTexts(change, options), ...removedStores(change)].join(', ')
    }
    case 'heal':
      return `never delivered: ${enumerate(change.pending.map(({ live }) => live.id))}`
    case 'release':
      return `${nameText(change.live.id)}: for another stack to adopt`
    case 'revoke':
      return change.live.id === change.keyId
        ? retiringText(change)
        : `${nameText(change.live.id)}: ${retiringText(change)}`
  }
}

/** `3 permissions`, `all projects`; one is named. */
function countText(list: Scope | Permissions, noun: string): string {
  if (list === 'all' || list.includes(everyPermission)) return `all ${noun}s`
  const [first] = list
  return list.length === 1 && first !== undefined ? nameText(first) : plural(list.length, noun)
}

/** A successor has an end of its own, which its declaration tells. */
function isReplaced({ kind }: Change): boolean {
  return kind === 'rotate' || kind === 'deliver'
}

function fieldTexts(change: Change, { palette, now }: TableOptions): readonly string[] {
  const replaced = isReplaced(change)
  return writtenFields(change, now)
    .filter(
      field => looksDifferent(field) && !(replaced && field.field === 'expires' && field.desired !== null),
    )
    .map(field => shortDiff(field, palette))
}

/** What an update is for beyond its fields. */
function markTexts(change: Adopt | Update): readonly string[] {
  if (change.kind === 'adopt') return [nameText(change.live.id)]
  if (change.mark.event === 'retired') return [`retires, since ${nameText(change.mark.successor)} is in use`]
  if (change.mark.event === 'granted') return [`break-glass: ${quotedName(change.mark.reason)}`]
  if (change.mark.event === 'recognised') return ['its marker is written anew']
  return change.superseded ? [`narrowed while ${nameText(change.live.id)} retires`] : []
}

function removedStores({ removal }: Extract<Change, { readonly removal: unknown }>): readonly string[] {
  const count = removal.from.length + removal.forgotten.length
  return count === 0 ? [] : [`${plural(count, 'store')} removed`]
}
