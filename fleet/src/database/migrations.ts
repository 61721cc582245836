import type { Migration } from './migration.ts'
import { begin } from './migrations/0001-begin.ts'
import { findingState } from './migrations/0002-finding-state.ts'

export const migrations: readonly Migration[] = [begin, findingState]

/** The version of the tables that this code reads and writes. */
export const requiredVersion = 2
