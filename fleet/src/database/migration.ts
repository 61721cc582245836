import type { Transaction } from 'kysely'
import type { Tables } from './tables.ts'

/**
 * A step from one version of the tables to the next. What it adds leaves replicas of the version before at work; what it takes away
 * waits until none of them is left. Each part may run again after it was broken off.
 */
export interface Migration {
  readonly version: number
  readonly name: string
  /** Adds. Takes its locks for a moment only: it reads and writes no row. */
  expand(transaction: Transaction<Tables>): Promise<void>
  /** Fills what was added, at most `batch` rows at a time; false: nothing is left. */
  backfill?(transaction: Transaction<Tables>, batch: number): Promise<boolean>
  /** Takes away what only versions before this one use. */
  contract?(transaction: Transaction<Tables>): Promise<void>
}
