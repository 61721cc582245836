import type { Change } from '../model/change.ts'
import { type RowOptions, rowsOf } from './change-rows.ts'
import type { Palette } from './palette.ts'
import { reasonsOf } from './reasons.ts'
import { paintMark, renderRows } from './rows.ts'
import { escapeControls, wrap } from './text.ts'
import { nameText } from './values.ts'

/** The symbol of each kind of change and what the legend calls it; Terraform's where it has one. */
export const symbols = {
  create: { mark: '+', words: 'create' },
  update: { mark: '~', words: 'update in place' },
  rotate: { mark: '+/-', words: 'rotate: create a successor, revoke the old key once it is out of use' },
  heal: { mark: '!', words: 'heal or deliver again' },
  deliver: { mark: '!', words: 'heal or deliver again' },
  revoke: { mark: '-', words: 'revoke' },
} as const satisfies Record<Change['kind'], { readonly mark: string; readonly words: string }>

interface BlockOptions extends RowOptions {
  readonly width: number
}

/** One change: what will happen, why, and the fields it is about. */
export function changeBlock(change: Change, options: BlockOptions): string[] {
  const { palette, width, now } = options
  const key = nameText(change.keyId)
  const live =
    'live' in change ? ` (${nameText(change.live.id)}, ${escapeControls(change.live.maskedKey)})` : ''
  const mark = symbols[change.kind].mark
  const lead = `${' '.repeat(3 - mark.length)}${paintMark(mark, palette)} `
  return [
    ...wrap(`${palette.bold(`# ${key}`)} ${header(change, palette)}`, width, '  ', '    '),
    ...reasonsOf(change, now).flatMap(reason => wrap(`# ${reason.text}`, width, '  ', '  #   ')),
    ...wrap(`${key}${live === '' ? '' : palette.dim(live)}`, width, lead, '      '),
    ...renderRows(rowsOf(change, options), palette, width),
  ]
}

function header(change: Change, { bold, red }: Palette): string {
  switch (change.kind) {
    case 'create':
      return bold('will be created')
    case 'update':
      return change.superseded ? bold('is retiring and will be narrowed') : bold('will be updated in place')
    case 'rotate':
      return bold('will be rotated')
    case 'deliver':
      return change.rotates ? bold('will be rotated, to be delivered again') : bold('will be delivered again')
    case 'heal':
      return bold('will be healed')
    case 'revoke':
      return `${bold('will be')} ${bold(red('revoked'))}`
  }
}
