import type { Adopt, Change, Deliver, Heal, Plan, Rotate, Update } from '../../model/change.ts'
import type { DesiredKey } from '../../model/desired.ts'
import type { Instant } from '../../model/duration.ts'
import { endOfLife } from '../../model/lifetime.ts'
import { type LiveKey, shownEnvironment } from '../../model/live-key.ts'
import { accessWords, paintAccess } from '../keys/access-words.ts'
import { fieldDiff, looksDifferent, shortDiff } from '../keys/field-diff.ts'
import { ownerOf } from '../keys/owner-text.ts'
import type { Palette } from '../text/palette.ts'
import { type ProgramJson, lineText, removalPrograms, storePrograms } from './programs.ts'
import { causeText } from './reasons.ts'
import type { Row } from '../text/rows.ts'
import { dateTime, durationInWords } from '../text/time.ts'
import { escapeControls, quote } from '../text/escape.ts'
import { type WrittenField, finishedInstead, narrowedThen, writtenFields } from './written-fields.ts'
import {
  endText,
  lastUseClause,
  lastUseLong,
  listText,
  nameText,
  plural,
  quotedName,
  storeText,
} from '../text/values.ts'

export interface RowOptions {
  readonly palette: Palette
  /** Also what stays as it is. */
  readonly detailed: boolean
  readonly now: Instant
  readonly keychain: Plan['keychain']
}

/** The fields that a change is about, and what happens to its secret. */
export function rowsOf(change: Change, options: RowOptions): readonly Row[] {
  switch (change.kind) {
    case 'create':
      return [...declaredRows(change.desired, '+', options.now), ...storeRows(change.desired, options)]
    case 'adopt':
      return adoptRows(change, options)
    case 'update':
      return updateRows(change, options)
    case 'rotate':
      return rotateRows(change, options)
    case 'deliver':
      return [
        row('how', deliverWords(change)),
        ...fieldRows(writtenFields(change, options.now), options),
        ...detail(change.desired, options),
        ...storeRows(change.desired, options),
        ...removalRows(change),
        ...retiringRows(change, change.rotates ? '' : ', where a new key takes its place'),
        ...narrowedRows(change, options),
      ]
    case 'heal':
      return [
        ...healRows(change),
        ...fieldRows(writtenFields(change, options.now), options),
        ...finishedRows(change, options),
        ...detail(change.desired, options),
        ...storeRows(change.desired, options),
        ...removalRows(change),
        ...retiringRows(change, ''),
        ...narrowedRows(change, options),
      ]
    case 'release':
    case 'revoke':
      return liveRows(change.live, change.generation, options, change.kind === 'revoke' ? '-' : '<')
  }
}

function row(label: string, value: string, mark = ' ', notes: readonly string[] = []): Row {
  return { mark, label, value, notes }
}

function detail(desired: DesiredKey, { detailed, now }: RowOptions): readonly Row[] {
  return detailed ? declaredRows(desired, ' ', now) : []
}

/** A key as its declaration will make it. */
function declaredRows(desired: DesiredKey, mark: string, now: Instant): readonly Row[] {
  return [
    row('name', quotedName(desired.name), mark),
    ...(desired.description === '' ? [] : [row('description', quote(desired.description), mark)]),
    ...(desired.owner === null ? [] : [row('owner', quote(desired.owner), mark)]),
    ...(desired.environment === null ? [] : [row('environment', desired.environment, mark)]),
    row('scope', listText(desired.scope), mark),
    row('permissions', listText(desired.permissions), mark),
    row('expires', endText(endOfLife(desired.expires, now), now), mark),
    ...(desired.protect ? [row('protect', 'true', mark)] : []),
  ]
}

function storeRows({ stores }: DesiredKey, { keychain }: RowOptions): readonly Row[] {
  return stores.flatMap(({ spec }) => [
    row('secret to', storeText(spec, keychain)),
    ...programRows(storePrograms(spec)),
  ])
}

function programRows(programs: readonly ProgramJson[]): readonly Row[] {
  return programs.map(({ command, line }) => row(`  ${command}`, lineText(line)))
}

/** What becomes of the secret in stores that left the declaration. */
function removalRows({
  removal: { from, forgotten },
  desired,
}: Update | Rotate | Deliver | Heal): readonly Row[] {
  const stays = plural(forgotten.length, 'store')
  const words = desired.keepRemoved
    ? `${stays} that left its declaration: its secret stays there (keepRemoved)`
    : `${stays}, whose place is another declared store's by now`
  return [
    ...from.flatMap(({ spec }) => [
      row('secret out of', storeText(spec, null), '-'),
      ...programRows(removalPrograms(spec)),
    ]),
    ...(forgotten.length === 0 ? [] : [row('left alone', words)]),
  ]
}

function fieldRows(fields: readonly WrittenField[], { palette }: RowOptions): readonly Row[] {
  return fields.filter(looksDifferent).map(change => {
    const cause = change.cause === null ? [] : [palette.dim(`# ${causeText(change.cause)}`)]
    const access = accessWords([change]).map(word => paintAccess(`# ${word}`, word, palette))
    return row(change.field, fieldDiff(change, palette), '~', [...cause, ...access])
  })
}

function updateRows(update: Update, options: RowOptions): readonly Row[] {
  const { fields, live, superseded } = update
  // A superseded key is narrowed for its successor's sake: how it came to differ does not matter.
  const written = superseded ? fields.map(field => ({ ...field, cause: null })) : fields
  const changed = fieldRows(written, options)
  const names: readonly string[] = fields.map(change => change.field)
  const unchanged = liveFieldRows(live, options.now).filter(({ label }) => !names.includes(label))
  return [...changed, ...(options.detailed ? unchanged : []), ...removalRows(update)]
}

/** What the key is, and what the same request changes of it. */
function adoptRows({ fields, live }: Adopt, options: RowOptions): readonly Row[] {
  const names: readonly string[] = fields.map(change => change.field)
  const kept = liveFieldRows(live, options.now).filter(({ label }) => !names.includes(label))
  return [
    ...fieldRows(fields, options),
    ...(options.detailed ? kept : kept.filter(({ label }) => label === 'name')),
    row('last used', lastUseLong(live, options.now)),
  ]
}

function rotateRows(change: Rotate, options: RowOptions): readonly Row[] {
  const { palette, detailed, now } = options
  const { desired, live, generation } = change
  const differing = writtenFields(change, now).filter(looksDifferent)
  const names: readonly string[] = differing.map(({ field }) => field)
  const former = ownerOf(live)?.generation
  return [
    row('generation', former === undefined ? String(generation) : `${former} → ${generation}`, '~'),
    ...fieldRows(differing, options),
    ...environmentRow(desired, live, palette),
    ...(detailed ? liveFieldRows(live, now).filter(({ label }) => !names.includes(label)) : []),
    ...storeRows(desired, options),
    ...removalRows(change),
    ...retiringRows(change, ''),
    ...leakedRows(change),
    oldKeyRow(change, now),
  ]
}

/** The keys that are marked as retiring before any store gets the new secret; the one that the change is about goes without saying. */
function retiringRows(change: Rotate | Deliver | Heal, where: string): readonly Row[] {
  const live = change.kind === 'rotate' ? change.live.id : null
  const others = change.predecessors.filter(({ id }) => id !== live)
  if (others.length === 0) return []
  const label = change.kind === 'rotate' ? 'retires too' : 'retires'
  return [row(label, `${others.map(({ id }) => nameText(id)).join(', ')}${where}`)]
}

/** Other keys that are marked as leaked at once, and revoked with the one that the change is about. */
function leakedRows({ leaked, live }: Rotate): readonly Row[] {
  const others = leaked.filter(({ id }) => id !== live.id)
  return others.length === 0
    ? []
    : [row('revoked too', `${others.map(({ id }) => nameText(id)).join(', ')}, which leaked`, '-')]
}

/** What an older pending key gets where that is the one that can be finished. */
function finishedRows(change: Heal, { palette }: RowOptions): readonly Row[] {
  return finishedInstead(change).map(({ live, fields }) => {
    const written = fields.map(field => shortDiff(field, palette)).join(', ')
    return row('or finished', `${nameText(live.id)}: ${written}`, '~')
  })
}

/** What other live keys lose where a new key takes their place after all. */
function narrowedRows(change: Deliver | Heal, { palette }: RowOptions): readonly Row[] {
  return narrowedThen(change).map(({ live, fields }) => {
    const lost = fields.map(field => shortDiff(field, palette)).join(', ')
    return row('narrowed then', `${nameText(live.id)}: ${lost}`, '~')
  })
}

/** What becomes of those who use the key now. */
function oldKeyRow({ desired, live, strategy, reasons }: Rotate, now: Instant): Row {
  const { grace, quiet } = desired.rotation
  if (strategy === 'in-place') return row('outage', 'whoever uses it fails until it reads the new secret')
  if (reasons.some(({ code }) => code === 'leaked')) {
    const lastUse = lastUseClause(live, now)
    return row('outage', `revoked as soon as its successor is delivered; what uses it breaks: ${lastUse}`)
  }
  const words = `works for ${durationInWords(grace)} after the delivery, and until nobody used it for ${durationInWords(quiet)}`
  return row('old key', words)
}

function environmentRow({ environment }: DesiredKey, live: LiveKey, { red, green }: Palette): readonly Row[] {
  if (environment === null || live.environment === undefined || environment === live.environment) return []
  return [row('environment', `${red(live.environment ?? 'none')} → ${green(environment)}`, '~')]
}

function deliverWords({ rotates, generation }: Deliver): string {
  return rotates
    ? `no store of it can be read, so a new key (generation ${generation}) takes its place`
    : `from a readable store whose secret the platform accepts, else by a new key (generation ${generation})`
}

function healRows({ pending, excess, generation }: Heal): readonly Row[] {
  return [
    ...pending.map(({ live }) =>
      row(
        'pending',
        `${nameText(live.id)} (${escapeControls(live.maskedKey)}), made ${dateTime(live.createdAt)}`,
      ),
    ),
    row(
      'how',
      `finished where a readable store or the platform's answer still has the secret, else ${
        generation === null
          ? 'left alone: too many are pending to add another'
          : `replaced by a new key (generation ${generation})`
      }`,
    ),
    ...(excess.length === 0
      ? []
      : [row('revoked then', `${excess.map(({ id }) => nameText(id)).join(', ')}, which nobody used`)]),
  ]
}

function environmentRows(live: LiveKey): readonly Row[] {
  const environment = shownEnvironment(live)
  return environment === null ? [] : [row('environment', environment)]
}

function liveFieldRows(live: LiveKey, now: Instant): readonly Row[] {
  return [
    row('name', quotedName(live.name)),
    ...(live.description === '' ? [] : [row('description', quote(live.description))]),
    ...environmentRows(live),
    row('scope', listText(live.scope)),
    row('permissions', listText(live.permissions)),
    row('expires', endText(live.expiresAt, now)),
  ]
}

function liveRows(
  live: LiveKey,
  generation: number,
  { detailed, now }: RowOptions,
  mark: string,
): readonly Row[] {
  const fields = liveFieldRows(live, now)
  return [
    ...(generation === 0 ? [] : [row('generation', String(generation))]),
    ...(detailed ? fields : fields.filter(({ label }) => label === 'name')),
    row('created', dateTime(live.createdAt)),
    row('last used', lastUseLong(live, now)),
  ].map(each => ({ ...each, mark }))
}
