import { formatDate } from '../../model/duration.ts'
import {
  type JudgedSecret,
  type LeakReport,
  type UseOfLeaked,
  type Verdict,
  isContained,
} from '../../model/leak.ts'
import { plural } from '../../model/plural.ts'
import type { Palette } from '../text/palette.ts'
import { escapeControls, redactSecrets } from '../text/escape.ts'
import { minimumWidth, unbreakable, wrap } from '../text/layout.ts'
import { isoTime } from '../text/time.ts'
import { nameText, quotedName } from '../text/values.ts'
import { type UnknownUseJson, unknownUseText, unknownUseToJson } from './unknown-uses-text.ts'

interface LeakStyle {
  readonly palette: Palette
  readonly width: number
  /** Show addresses and user agents. */
  readonly personal: boolean
}

/** `leak --json`, described in `schemas/leak.schema.json`. A secret shows by its end alone. */
export interface LeakJson {
  readonly format_version: '1.0'
  readonly stack: string
  readonly now: string
  readonly since: string
  readonly dry_run: boolean
  readonly contained: boolean
  readonly requests: number
  readonly found: readonly {
    readonly end: string
    readonly places: readonly string[]
    readonly verdict: Verdict['kind']
    readonly key: string | null
    readonly id: string | null
    readonly works: boolean | null
    readonly contained: boolean
  }[]
  readonly uses: readonly {
    readonly key: string
    readonly consumers_declared: boolean
    readonly known: boolean
    readonly unknown: readonly UnknownUseJson[]
  }[]
  /** What `plan --json` prints with --dry-run, and `apply --json` without; null where there was nothing to do. */
  readonly done: unknown
}

/** As much as masked keys show. */
const shownEnd = 4

const endOf = ({ secret }: JudgedSecret) => secret.end(shownEnd)
const safe = (text: string) => escapeControls(redactSecrets(text))

function liveOf(verdict: Verdict): string | null {
  return 'live' in verdict ? verdict.live.id : null
}

export function leakToJson(report: LeakReport, done: unknown, personal: boolean): LeakJson {
  const { stack, now, since, dryRun, found, uses, requests } = report
  return {
    format_version: '1.0',
    stack,
    now: isoTime(now),
    since: isoTime(since),
    dry_run: dryRun,
    contained: found.every(isContained),
    requests,
    found: found.map(one => ({
      end: endOf(one),
      places: one.places.map(redactSecrets),
      verdict: one.verdict.kind,
      key: one.verdict.kind === 'declared' ? one.verdict.keyId : null,
      id: one.verdict.kind === 'dead' ? null : liveOf(one.verdict),
      works: one.works,
      contained: isContained(one),
    })),
    uses: uses.map(each => ({
      key: each.keyId,
      consumers_declared: !each.undeclared,
      known: each.uses !== null,
      unknown: (each.uses ?? []).map(use => unknownUseToJson(use, personal)),
    })),
    done,
  }
}

function verdictText(verdict: Verdict): string {
  switch (verdict.kind) {
    case 'declared':
      return `works: it is the secret of ${nameText(verdict.keyId)} (${nameText(verdict.live.id)})`
    case 'not-declared': {
      const { id, name } = verdict.live
      return `works: it is the secret of ${quotedName(name)} (${nameText(id)}), which this configuration does not declare. End it: ${unbreakable(`fluxloop-keys apikeys delete ${escapeControls(id)}`)}`
    }
    case 'dead':
      return `dead: it ends like ${nameText(verdict.live.id)}, and the platform does not accept it`
    case 'unknown':
      return 'unknown to the platform: no live key ends like it, so it was not sent there'
    case 'user-token':
      return 'works: it is the login of a person. End that login in the web platform'
    case 'unclear':
      return `unclear: ${safe(verdict.why)}`
  }
}

/** What was found, a line a secret, each by its end. */
export function renderFound(
  found: readonly JudgedSecret[],
  { palette, width: columns }: { readonly palette: Palette; readonly width: number },
): string {
  const width = Math.max(minimumWidth, columns)
  if (found.length === 0) return 'No secret was found in what was given.'
  return found
    .flatMap(one => {
      const harmless = one.verdict.kind === 'dead' || one.verdict.kind === 'unknown'
      const paint = harmless ? palette.green : palette.red
      const first = `${palette.bold(`...${escapeControls(endOf(one))}`)}  ${paint(verdictText(one.verdict))}`
      const places = one.places.slice(0, 5).map(safe)
      const more = one.places.length - places.length
      return [
        ...wrap(first, width, '', '  '),
        ...places.flatMap(place => wrap(`found in ${place}`, width, '    ', '      ')),
        ...(more === 0 ? [] : wrap(`and in ${plural(more, 'more place')}`, width, '    ')),
      ]
    })
    .join('\n')
}

function usesLines(
  { keyId, undeclared, uses }: UseOfLeaked,
  { now, since }: LeakReport,
  { width, personal }: LeakStyle,
): readonly string[] {
  const who = undeclared
    ? 'by anybody (it declares no `consumers`)'
    : 'by nobody whom it declares as a consumer'
  const title = `Use of ${nameText(keyId)} since ${formatDate(since)} ${who}:`
  if (uses === null) return wrap(`${title} unknown, the platform gave no figures.`, width, '', '  ')
  if (uses.length === 0) return wrap(`${title} none that the platform's figures show.`, width, '', '  ')
  return [
    ...wrap(title, width, '', '  '),
    ...uses.flatMap(use => wrap(`• ${unknownUseText(use, now, personal)}`, width, '  ', '    ')),
  ]
}

function summary({ found, requests, dryRun }: LeakReport, { bold, green, red }: Palette): string {
  const open = found.filter(one => !isContained(one)).length
  const made = `${plural(requests, 'request')} made.`
  if (found.length === 0) return made
  if (open === 0) return `${bold(green('Contained.'))} No found secret opens anything; ${made}`
  const what = `${open} of ${plural(found.length, 'found secret')} ${open === 1 ? 'is' : 'are'} not known to be dead`
  return `${bold(red('Not contained.'))} ${what}${dryRun ? ', since this was a dry run' : ''}; ${made}`
}

/** Who else used the keys, and whether the found secrets still open anything. Ends without a line break. */
export function renderLeak(report: LeakReport, style: LeakStyle): string {
  const width = Math.max(minimumWidth, style.width)
  const hidden = report.uses.some(({ uses }) => (uses ?? []).some(({ kind }) => kind !== 'operation'))
  return [
    ...report.uses.map(each => usesLines(each, report, { ...style, width }).join('\n')),
    [
      ...(hidden && !style.personal
        ? wrap(
            `Addresses and user agents are shown on a terminal, and with ${unbreakable('--show-personal')}.`,
            width,
          )
        : []),
      ...wrap(summary(report, style.palette), width),
    ].join('\n'),
  ].join('\n\n')
}
