import { fitsGlob } from './glob.ts'

/** Which key ids a run is about: key ids, or patterns with `*` and `?`. With no `only` it is about all but the excepted ones. */
export interface Targets {
  readonly only: readonly string[]
  readonly except: readonly string[]
}

export const everyKey: Targets = { only: [], except: [] }

export function isEveryKey({ only, except }: Targets): boolean {
  return only.length === 0 && except.length === 0
}

export function isTargeted(targets: Targets, keyId: string): boolean {
  if (isEveryKey(targets)) return true
  const { only, except } = targets
  const fits = (pattern: string) => fitsGlob(pattern, keyId)
  return (only.length === 0 || only.some(fits)) && !except.some(fits)
}

/** The patterns that name none of these key ids: probably misspelled. */
export function strayPatterns({ only, except }: Targets, keyIds: readonly string[]): readonly string[] {
  return [...only, ...except].filter(pattern => !keyIds.some(keyId => fitsGlob(pattern, keyId)))
}
