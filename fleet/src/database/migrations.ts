import type { Transaction } from 'kysely'
import { begin } from './migrations/0001-begin.ts'
import { findingState } from './migrations/0002-finding-state.ts'
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

export const migrations: readonly Migration[] = [begin, findingState]

/** The version of the tables that this code reads and writes. */
export const requiredVersion = 2
