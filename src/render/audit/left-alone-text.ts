import type { LeftAlone } from '../../model/fix.ts'
import { escapeControls } from '../text/escape.ts'

/** One line for each thing that is left alone; empty where there is none. */
export function renderLeftAlone(left: readonly LeftAlone[]): string {
  if (left.length === 0) return ''
  const lines = left.map(
    ({ keyId, rule, why }) => `  ${keyId === null ? '' : `${keyId}: `}${rule}: ${escapeControls(why)}`,
  )
  return ['Left alone:', ...lines].join('\n')
}
