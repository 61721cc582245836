import { setTimeout as wait } from 'node:timers/promises'
import { type Milliseconds, second } from '../../../src/model/duration.ts'
import { Failure } from '../../../src/model/failure.ts'
import type { Connection, Database } from './connect.ts'
import { codeOf, isPassing } from './failures.ts'
import { requiredVersion } from './migrations.ts'
import { describePlace } from './url.ts'

export interface DatabaseVersion {
  /** 0: it has no tables of ours. */
  readonly expanded: number
  /** Code of an older version does not work with it. */
  readonly contracted: number
}

/** Says the database there are tables of ours at all? SQLSTATE of an unknown table, schema. */
const noTable = ['42P01', '3F000']

export async function readVersion(db: Database): Promise<DatabaseVersion> {
  try {
    const row = await db
      .selectFrom('migration')
      .select(({ fn }) => fn.max('version').as('expanded'))
      .select(({ fn }) => fn.max('version').filterWhere('contracted_at', 'is not', null).as('contracted'))
      .executeTakeFirst()
    return { expanded: row?.expanded ?? 0, contracted: row?.contracted ?? 0 }
  } catch (error) {
    if (noTable.includes(codeOf(error))) return { expanded: 0, contracted: 0 }
    throw error
  }
}

/** Null: this code works with it. `too-new`: waiting does not help. */
export function readinessOf(
  { expanded, contracted }: DatabaseVersion,
  required = requiredVersion,
): 'too-old' | 'too-new' | null {
  if (contracted > required) return 'too-new'
  return expanded < required ? 'too-old' : null
}

function unready(place: Connection['place'], version: DatabaseVersion, required: number): Failure {
  if (readinessOf(version, required) === 'too-new') {
    return new Failure(
      'conflict',
      `The ${describePlace(place)} needs version ${version.contracted} of the fleet's tables or newer; this is ${required}`,
      {
        hints: ['Install a newer version of fluxloop-keys here.'],
      },
    )
  }
  const has =
    version.expanded === 0 ? 'no tables of a fleet' : `version ${version.expanded} of the fleet's tables`
  return new Failure('conflict', `The ${describePlace(place)} has ${has}; this needs version ${required}`, {
    hints: ['Run `fluxloop-keys fleet migrate` with a role that may create tables.'],
  })
}

/** Throws a Failure where this code does not work with the database. */
export async function requireVersion(connection: Connection, required = requiredVersion): Promise<void> {
  const version = await connection.guard(() => readVersion(connection.db))
  if (readinessOf(version, required) !== null) throw unready(connection.place, version, required)
}

/**
 * Resolves once the database has the version that this code needs: a replica may be started before `fleet migrate` is through, and
 * before the database is up. Throws a Failure where waiting does not help, and one that says `interrupted` once `signal` is aborted.
 */
export async function waitForVersion(
  connection: Connection,
  options: {
    readonly signal: AbortSignal
    readonly pause?: Milliseconds
    readonly required?: number
    /** Called before each pause, with the reason. */
    readonly onWait?: (why: Failure) => void
  },
): Promise<void> {
  const { signal, pause = second, required = requiredVersion } = options
  for (;;) {
    let why: Failure
    try {
      const version = await readVersion(connection.db)
      const readiness = readinessOf(version, required)
      if (readiness === null) return
      why = unready(connection.place, version, required)
      if (readiness === 'too-new') throw why
    } catch (error) {
      why = await connection
        .guard(() => Promise.reject(error as Error))
        .catch((failure: unknown) => failure as Failure)
      if (error instanceof Failure || !isPassing(error)) throw why
    }
    if (signal.aborted)
      throw new Failure('interrupted', `Interrupted while waiting for the database: ${why.message}`, {
        hints: why.hints,
        cause: why,
      })
    options.onWait?.(why)
    await wait(pause, undefined, { signal }).catch(() => undefined)
  }
}
