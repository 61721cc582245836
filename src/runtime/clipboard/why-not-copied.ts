import type { NotCopied } from './copy-secret.ts'

/** What the programs of this desktop did instead, in words; null where there is none that could be asked. */
export function whyNotCopied({ tried, withheld }: NotCopied): string | null {
  const parts = [
    ...(withheld.length > 0 ? [`${withheld.join(' and ')} might keep the secret on a disk`] : []),
    ...(tried.length > 0 ? [`${tried.join(' and ')} failed`] : []),
  ]
  return parts.length > 0 ? parts.join(', and ') : null
}
