/**
 * What became of one look at one store: is the secret in it that of the key it should be?
 *
 * | status        | the store                                                                               |
 * | ------------- | --------------------------------------------------------------------------------------- |
 * | `ok`          | holds the secret of the head                                                              |
 * | `stale`       | holds another generation's secret, or one that the platform does not accept               |
 * | `missing`     | holds none, or there is no live key whose secret it could hold                            |
 * | `foreign`     | holds another value: the secret of another key, of a user, or of something else           |
 * | `failed`      | could not be read, or the platform did not say, or shows too little to compare with       |
 * | `unreadable`  | takes secrets but gives none back: not checked                                            |
 * | `external`    | belongs to an adopted key, whose secret others hold: not checked                          |
 * | `elsewhere`   | belongs to another host or folder, where its secret was delivered: not checked            |
 */
export type CheckStatus =
  'ok' | 'stale' | 'missing' | 'foreign' | 'failed' | 'unreadable' | 'external' | 'elsewhere'

export interface StoreCheck {
  readonly keyId: string
  /** Where the secret should be, in words. */
  readonly place: string
  readonly status: CheckStatus
  /** What is the matter, as half a sentence; empty where nothing is. */
  readonly detail: string
  /** The live key whose secret it holds; null where it is that of none, or where its end is not that of the key. */
  readonly liveId: string | null
  /** The platform was asked with the secret; otherwise ends were compared. */
  readonly proved: boolean
}

export interface Verification {
  readonly stack: string
  /** Sorted by key id, each key's stores in their declared order. */
  readonly checks: readonly StoreCheck[]
  /** How many requests it took. */
  readonly requests: number
}

const fine: ReadonlySet<CheckStatus> = new Set(['ok', 'unreadable', 'external', 'elsewhere'])

/** Nothing is wrong with it, as far as it could be checked. */
export function isFine({ status }: StoreCheck): boolean {
  return fine.has(status)
}
