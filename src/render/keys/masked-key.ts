import { type LiveKey, visibleEnd } from '../../model/live-key.ts'
import { escapeControls } from '../text/escape.ts'

/** Never more than that of a secret's end is shown, whatever a platform sends. */
const longestEnd = 5

/** `flux_dev_****...mno34`: the masked key as the platform sends it. */
export function maskedKey({ maskedKey: sent }: Pick<LiveKey, 'maskedKey'>): string {
  const end = visibleEnd(sent)
  if (end.length <= longestEnd) return escapeControls(sent)
  return `${hiddenKey({ maskedKey: sent })}...${escapeControls(end.slice(-longestEnd))}`
}

/** `flux_dev_****`: what the key is for, and nothing of its secret. */
export function hiddenKey({ maskedKey: sent }: Pick<LiveKey, 'maskedKey'>): string {
  return `${/^flux_[a-z]{1,10}_/.exec(sent)?.[0] ?? ''}****`
}
