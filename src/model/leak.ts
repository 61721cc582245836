import type { UnknownUse } from './key-users.ts'
import type { Instant } from './duration.ts'
import type { LiveKey } from './live-key.ts'
import type { Secret } from './secret.ts'

/** A secret that somebody or a scanner found. It is shown by its end alone. */
export interface FoundSecret {
  readonly secret: Secret
  /** Where, in the scanner's words; of no use to whoever wants the secret. */
  readonly places: readonly string[]
}

/** Whose secret it is, as far as the platform tells. */
export type Verdict =
  /** It works, and is that of a key that is declared here. */
  | { readonly kind: 'declared'; readonly live: LiveKey; readonly keyId: string }
  /** It works, and nothing here declares its key: nobody but a person may end that. */
  | { readonly kind: 'not-declared'; readonly live: LiveKey }
  /** It ends like a live key, and the platform does not accept it. */
  | { readonly kind: 'dead'; readonly live: LiveKey }
  /** It ends like no live key, so it was not sent to the platform. */
  | { readonly kind: 'unknown' }
  /** A person's login, which is not a key. */
  | { readonly kind: 'user-token' }
  | { readonly kind: 'unclear'; readonly why: string }

export interface JudgedSecret extends FoundSecret {
  readonly verdict: Verdict
  /** After what was done: does the platform accept it still? Null: nobody asked again. */
  readonly works: boolean | null
}

/** What a leaked key was used for by nobody whom it declares. */
export interface UseOfLeaked {
  readonly keyId: string
  /** It declares no consumers, so that these are all uses. */
  readonly undeclared: boolean
  /** Null: there are no figures. */
  readonly uses: readonly UnknownUse[] | null
}

export interface LeakReport {
  readonly stack: string
  readonly now: Instant
  /** The first day of `uses`, UTC. */
  readonly since: Instant
  readonly dryRun: boolean
  readonly found: readonly JudgedSecret[]
  readonly uses: readonly UseOfLeaked[]
  readonly requests: number
}

/** Is it known that a secret opens nothing, or not a key of this account? */
export function isContained({ verdict, works }: JudgedSecret): boolean {
  switch (verdict.kind) {
    case 'declared':
      return works === false
    case 'dead':
    case 'unknown':
      return true
    case 'not-declared':
    case 'user-token':
    case 'unclear':
      return false
  }
}
