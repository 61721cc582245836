import type { FieldValues } from '../../model/field-change.ts'
import { narrows } from '../../model/narrowing.ts'
import type { Palette } from '../text/palette.ts'

/** A field's values, and whether they grant more. */
type JudgedField = FieldValues & { readonly widens: boolean }

type AccessWord = 'widens access' | 'loses access' | 'ends earlier'

/** What a change of fields does to those who use the key. A shorter life that a successor gets by its declaration is told by its dates. */
export function accessWords(fields: readonly JudgedField[]): readonly AccessWord[] {
  const isLost = (field: JudgedField) => field.field !== 'expires' && narrows(field)
  const endsEarlier = (field: JudgedField) => field.field === 'expires' && narrows(field)
  return [
    ...(fields.some(({ widens }) => widens) ? ['widens access' as const] : []),
    ...(fields.some(isLost) ? ['loses access' as const] : []),
    ...(fields.some(endsEarlier) ? ['ends earlier' as const] : []),
  ]
}

/** Widening and loss stand out alike: one grants what nobody may have meant, the other breaks who uses the key. */
export function paintAccess(text: string, word: AccessWord, { bold, yellow, red }: Palette): string {
  return bold(word === 'widens access' ? yellow(text) : red(text))
}
