import { formatDuration } from '../../model/duration.ts'
import { type ConsumerStatus, type KeyUsers, type WhoReport, whyUnknown } from '../../model/key-users.ts'
import { plural } from '../../model/plural.ts'
import type { Palette } from '../text/palette.ts'
import { displayWidth, minimumWidth, pad, unbreakable, wrap } from '../text/layout.ts'
import { isoTime, relativeTime } from '../text/time.ts'
import { nameText, quotedName } from '../text/values.ts'
import { type UnknownUseJson, unknownUseText, unknownUseToJson } from './unknown-uses-text.ts'

interface WhoStyle {
  readonly palette: Palette
  readonly width: number
  /** Show addresses and user agents. */
  readonly personal: boolean
}

/** `who --json`, described in `schemas/who.schema.json`. */
export interface WhoJson {
  readonly format_version: '1.0'
  readonly stack: string
  readonly now: string
  readonly requests: number
  readonly keys: readonly {
    readonly key: string
    readonly name: string
    readonly ids: readonly string[]
    readonly window_days: number
    readonly gap: string | null
    readonly consumers: readonly {
      readonly name: string
      readonly every_seconds: number
      readonly status: ConsumerStatus['status']
      readonly why: string | null
    }[]
    readonly unknown: readonly UnknownUseJson[]
    readonly not_moved: readonly {
      readonly consumer: string | null
      readonly id: string
      readonly seen_at: string | null
      readonly certain: boolean
    }[]
  }[]
}

export function whoToJson({ stack, now, keys, requests }: WhoReport, personal: boolean): WhoJson {
  return {
    format_version: '1.0',
    stack,
    now: isoTime(now),
    requests,
    keys: keys.map(({ keyId, name, liveIds, windowDays, gap, consumers, unknown, notMoved }) => ({
      key: keyId,
      name,
      ids: liveIds,
      window_days: windowDays,
      gap,
      consumers: consumers.map(each => ({
        name: each.name,
        every_seconds: Math.round(each.every / 1000),
        status: each.status,
        why: each.why,
      })),
      unknown: unknown.map(use => unknownUseToJson(use, personal)),
      not_moved: notMoved.map(({ consumer, liveId, seenAt, certain }) => ({
        consumer,
        id: liveId,
        seen_at: seenAt === null ? null : isoTime(seenAt),
        certain,
      })),
    })),
  }
}

function statusText({ status, why, every }: ConsumerStatus): string {
  const period = formatDuration(every)
  switch (status) {
    case 'seen':
      return `seen in the last ${period}`
    case 'perhaps':
      return `perhaps seen in the last ${period}: another consumer may do the same`
    case 'silent':
      return `silent: not seen in the last ${period}`
    case 'unknown':
      return `unknown: ${why === null ? '' : whyUnknown[why]}`
  }
}

function paintStatus({ status }: ConsumerStatus, text: string, { green, red, yellow }: Palette): string {
  return { seen: green, perhaps: yellow, silent: red, unknown: yellow }[status](text)
}

function consumerLines({ consumers }: KeyUsers, { palette, width }: WhoStyle): readonly string[] {
  const column = Math.max(0, ...consumers.map(({ name }) => displayWidth(quotedName(name))))
  return consumers.flatMap(each => {
    const lead = `  ${pad(quotedName(each.name), column)}  `
    return wrap(paintStatus(each, statusText(each), palette), width, lead, '    ')
  })
}

function keySection(key: KeyUsers, { now }: WhoReport, style: WhoStyle): readonly string[] {
  const { palette, personal } = style
  const width = Math.max(minimumWidth, style.width)
  const { keyId, liveIds, windowDays, gap, consumers, unknown, notMoved } = key
  const isDeclared = consumers.length > 0
  const figures = gap === null ? `use of the last ${plural(windowDays, 'day')}` : `no use: ${whyUnknown[gap]}`
  const title = isDeclared
    ? 'Not by any declared consumer:'
    : 'Seen (the key declares no `consumers`, so nothing is compared):'
  const moved = notMoved.map(
    ({ consumer, liveId, seenAt, certain }) =>
      `${consumer === null ? 'An undeclared consumer' : quotedName(consumer)} ${certain ? 'still uses' : 'may still use'} ${nameText(liveId)}${seenAt === null ? '' : `, ${relativeTime(seenAt, now)}`}`,
  )
  return [
    ...wrap(
      `${palette.bold(nameText(keyId))}: ${plural(liveIds.length, 'live key')}, ${figures}`,
      width,
      '',
      '  ',
    ),
    ...(isDeclared ? consumerLines(key, { ...style, width }) : []),
    ...(unknown.length === 0 ? [] : wrap(isDeclared ? palette.red(title) : title, width, '  ')),
    ...unknown.flatMap(use => wrap(`• ${unknownUseText(use, now, personal)}`, width, '    ', '      ')),
    ...(moved.length === 0 ? [] : wrap('Has not read the new secret:', width, '  ')),
    ...moved.flatMap(text => wrap(`• ${text}`, width, '    ', '      ')),
  ]
}

function summary({ keys, requests }: WhoReport): string {
  const compared = keys.filter(({ consumers }) => consumers.length > 0)
  const unknown = compared.filter(each => each.unknown.length > 0).length
  const silent = compared.reduce(
    (sum, { consumers }) => sum + consumers.filter(({ status }) => status === 'silent').length,
    0,
  )
  const counts = `${plural(unknown, 'key')} with an unknown consumer, ${plural(silent, 'silent consumer')}`
  return `${counts}; ${plural(requests, 'request')} made.`
}

/** Who used each key, in full. Ends without a line break. */
export function renderWho(report: WhoReport, style: WhoStyle): string {
  const width = Math.max(minimumWidth, style.width)
  const hidden = report.keys.some(({ unknown }) => unknown.some(({ kind }) => kind !== 'operation'))
  return [
    ...report.keys.map(key => keySection(key, report, style).join('\n')),
    [
      ...(hidden && !style.personal
        ? wrap(
            `Addresses and user agents are shown on a terminal, and with ${unbreakable('--show-personal')}.`,
            width,
          )
        : []),
      ...wrap(style.palette.bold(summary(report)), width),
    ].join('\n'),
  ].join('\n\n')
}

const headings = ['Key', 'Consumers', 'Seen', 'Silent', 'Unknown uses', 'Not moved'] as const

function cells({ keyId, consumers, unknown, notMoved, gap }: KeyUsers): readonly string[] {
  const seen = consumers.filter(({ status }) => status === 'seen' || status === 'perhaps').length
  const silent = consumers.filter(({ status }) => status === 'silent').map(({ name }) => quotedName(name))
  if (consumers.length === 0) return [nameText(keyId), 'none declared', '', '', '', '']
  return [
    nameText(keyId),
    String(consumers.length),
    String(seen),
    silent.length === 0 ? '-' : silent.join(', '),
    gap === null ? (unknown.length === 0 ? '-' : String(unknown.length)) : 'no figures',
    notMoved.length === 0
      ? '-'
      : notMoved.map(({ consumer }) => (consumer === null ? '?' : quotedName(consumer))).join(', '),
  ]
}

/** A row a key. Ends without a line break. */
export function renderWhoTable(report: WhoReport, style: WhoStyle): string {
  const { palette } = style
  const width = Math.max(minimumWidth, style.width)
  const rows = report.keys.map(cells)
  const widths = headings.map((title, column) =>
    Math.max(displayWidth(title), ...rows.map(row => displayWidth(row[column] ?? ''))),
  )
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => pad(cell, (widths[column] ?? 0) + 2))
      .join('')
      .trimEnd()
  return [
    ...wrap(palette.bold(line(headings)), width, '', '    '),
    ...rows.flatMap(row => wrap(line(row), width, '', '    ')),
    '',
    ...wrap(palette.bold(summary(report)), width),
  ].join('\n')
}
