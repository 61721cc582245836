import type { Caller } from '../model/caller.ts'
import type { DesiredState } from '../model/desired.ts'
import type { Instant } from '../model/duration.ts'
import type { LiveKey } from '../model/live-key.ts'
import type { UsageFacts } from '../model/observed-usage.ts'
import type { CompiledRule } from '../model/own-rule.ts'
import type { Targets } from '../model/targets.ts'

/** Everything that an audit goes by. */
export interface AuditFacts {
  readonly desired: DesiredState
  /** Null: the configuration alone is looked at. */
  readonly live: {
    /** The API's origin. */
    readonly platform: string
    readonly keys: readonly LiveKey[]
    readonly caller: Caller
    /** False where a key may be missing from the list. */
    readonly complete: boolean
  } | null
  /** The server's clock; ours, where nobody asked the server. */
  readonly now: Instant
  readonly windowDays: number
  /** By live id. Null: rules that need it are not asked, as in a plan. */
  readonly usage: ReadonlyMap<string, UsageFacts> | null
  readonly ownRules: readonly CompiledRule[]
  /** The keys that it is about; keys that nothing declares belong to an audit of all. */
  readonly targets: Targets
  /** Requests that gathering all this took. */
  readonly requests: number
}
