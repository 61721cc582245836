import type { DesiredState } from '../../../src/model/desired.ts'
import type { PlanOptions } from '../../../src/plan/input.ts'

/** What a run is, as far as it is judged by what it does. */
export interface Deed {
  readonly desired: DesiredState
  readonly options: PlanOptions
  readonly callerId: string | null
  /** Live keys that this run made. */
  readonly born: ReadonlySet<string>
  /** Live keys whose secrets were in places that this run could read when it began, or that the platform told it again. */
  readonly stored: ReadonlySet<string>
}
