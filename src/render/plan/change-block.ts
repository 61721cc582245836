import type { Change, Update } from '../../model/change.ts'
import { isRename } from '../../model/field-change.ts'
import { type RowOptions, rowsOf } from './change-rows.ts'
import type { Palette } from '../text/palette.ts'
import { reasonsOf } from './reasons.ts'
import { type Row, paintMark, renderRows } from '../text/rows.ts'
import { escapeControls } from '../text/escape.ts'
import { wrap } from '../text/layout.ts'
import { nameText } from '../text/values.ts'

/** The symbol of each kind of change and what the legend calls it; Terraform's where it has one. */
export const symbols = {
  create: { mark: '+', words: 'create' },
  adopt: { mark: '>', words: 'adopt: manage from now on, with the secret that others hold' },
  update: { mark: '~', words: 'update in place' },
  rotate: { mark: '+/-', words: 'rotate: create a successor, revoke the old key once it is out of use' },
  'in-place': { mark: '-/+', words: 'rotate in place: its users fail until they read the new secret' },
  heal: { mark: '!', words: 'heal or deliver again' },
  deliver: { mark: '!', words: 'heal or deliver again' },
  release: { mark: '<', words: 'release: give up, for another stack to adopt' },
  revoke: { mark: '-', words: 'revoke' },
} as const satisfies Record<Change['kind'] | 'in-place', { readonly mark: string; readonly words: string }>

/** What a change is shown as: its kind, or how it rotates. */
export function appearance(change: Change): keyof typeof symbols {
  return change.kind === 'rotate' && change.strategy === 'in-place' ? 'in-place' : change.kind
}

interface BlockOptions extends RowOptions {
  readonly width: number
  /** It is shown as something that happened on the platform, not as something to do. */
  readonly drift: boolean
  readonly callingKeyId: string | null
}

/** One change: what will happen, why, and the fields it is about. */
export function changeBlock(change: Change, options: BlockOptions): string[] {
  const { palette, width, now, drift, callingKeyId } = options
  const key = nameText(change.keyId)
  const live =
    'live' in change ? ` (${nameText(change.live.id)}, ${escapeControls(change.live.maskedKey)})` : ''
  const { mark } = symbols[appearance(change)]
  const lead = `${' '.repeat(3 - mark.length)}${paintMark(mark, palette)} `
  return [
    ...wrap(
      `${palette.bold(`# ${key}`)} ${drift ? palette.bold('has drifted') : header(change, palette)}`,
      width,
      '  ',
      '    ',
    ),
    ...reasonsOf(change, now).flatMap(reason => wrap(`# ${reason.text}`, width, '  ', '  #   ')),
    ...wrap(`${key}${live === '' ? '' : palette.dim(live)}`, width, lead, '      '),
    ...renderRows([...rowsOf(change, options), ...orderRows(change, callingKeyId)], palette, width),
  ]
}

/** The key that the run calls with gets its successor last, and hands over to it. */
function orderRows(change: Change, callingKeyId: string | null): readonly Row[] {
  if (change.kind !== 'rotate' || change.keyId !== callingKeyId) return []
  const value = 'last of all: this run calls with it, and goes on with the new secret'
  return [{ mark: ' ', label: 'order', value, notes: [] }]
}

function updateHeader({ superseded, fields }: Update): string {
  if (fields.length > 0 && fields.every(isRename)) return 'will be renamed'
  if (!superseded) return 'will be updated in place'
  return fields.some(isRename)
    ? 'is retiring, and will be renamed and narrowed'
    : 'is retiring and will be narrowed'
}

function header(change: Change, { bold, red }: Palette): string {
  switch (change.kind) {
    case 'create':
      return bold('will be created')
    case 'adopt':
      return bold('will be adopted')
    case 'update':
      return bold(updateHeader(change))
    case 'rotate':
      return bold(change.strategy === 'in-place' ? 'will be rotated in place' : 'will be rotated')
    case 'deliver':
      return change.rotates ? bold('will be rotated, to be delivered again') : bold('will be delivered again')
    case 'heal':
      return bold('will be healed')
    case 'release':
      return bold('will be released')
    case 'revoke':
      return `${bold('will be')} ${bold(red('revoked'))}`
  }
}
