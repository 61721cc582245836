import type { Change } from '../model/change.ts'
import type { DesiredKey, DesiredState } from '../model/desired.ts'
import type { Instant } from '../model/duration.ts'
import type { Finding } from '../model/finding.ts'
import type { Lineage } from '../lifecycle/lineage.ts'
import type { Owned } from '../lifecycle/ownership.ts'
import type { CurrentState, PlanOptions } from './input.ts'

/** Everything that a rule of the plan looks at. */
export interface Facts {
  readonly desired: DesiredState
  /** The declared keys that the plan is about, without those in `leftAlone`. */
  readonly chosen: readonly DesiredKey[]
  /** Key ids of this stack, declared or not, that nothing is done to. */
  readonly leftAlone: ReadonlySet<string>
  readonly current: CurrentState
  /** The live keys by their owners. */
  readonly owned: Owned
  readonly now: Instant
  readonly options: PlanOptions
  /** When each declared key's rotation is due among those of its peers, from 0 to 1; none for a key without peers. */
  readonly slots: ReadonlyMap<string, number>
  /** Key ids whose rotation waits for a later run. */
  readonly deferred: ReadonlySet<string>
}

/** A declared key, with what is live of it. */
export interface KeyCase {
  readonly desired: DesiredKey
  readonly lineage: Lineage
}

/** What a rule says of one key. */
export interface Decision {
  readonly changes: readonly Change[]
  readonly findings: readonly Finding[]
}

/** It says `finding`, and does nothing. */
export const only = (...findings: readonly Finding[]): Decision => ({ changes: [], findings })

export const nothing: Decision = { changes: [], findings: [] }

export function together(...decisions: readonly Decision[]): Decision {
  return allTogether(decisions)
}

export function allTogether(decisions: readonly Decision[]): Decision {
  const said = decisions.filter(({ changes, findings }) => changes.length + findings.length > 0)
  if (said.length === 0) return nothing
  return {
    changes: said.flatMap(({ changes }) => changes),
    findings: said.flatMap(({ findings }) => findings),
  }
}

export function isCallingKey({ id }: { readonly id: string }, { current }: Pick<Facts, 'current'>): boolean {
  return id === current.caller.key?.id
}
