import type { Context } from '../../context.ts'
import { Failure } from '../../model/failure.ts'
import type { FleetDatabase } from '../../runtime/fleet-database.ts'
import { databaseUrl } from './database-url.ts'
import { loadFleetPackage } from './load-fleet.ts'

/** The fleet that a run belongs to. */
export interface OpenFleet {
  readonly database: FleetDatabase
  /** The name of the stack in the fleet file; null: somebody runs it by hand, or in CI. */
  readonly fleetStack: string | null
  close(): Promise<void>
}

/** Opens the fleet of this environment; null: there is none. Rejects with a Failure. */
export async function openFleet(context: Context): Promise<OpenFleet | null> {
  if (context.replica !== null) return { ...context.replica, close: () => Promise.resolve() }
  const url = databaseUrl(context.env)
  if (url === null) return null
  const fleet = await loadFleetPackage()
  const database = await fleet.openFleetDatabase(url)
  return { database, fleetStack: null, close: () => database.close() }
}

/** The same for a run that writes: where a fleet cannot be asked, another machine may be at work on the stack. */
export async function openFleetToWrite(
  context: Context,
  { withoutFleet }: { readonly withoutFleet: boolean },
): Promise<OpenFleet | null> {
  if (withoutFleet) return null
  try {
    return await openFleet(context)
  } catch (cause) {
    if (!(cause instanceof Failure)) throw cause
    throw new Failure(cause.code, cause.message, {
      hints: [
        ...cause.hints,
        'Nothing was changed. To go on without the fleet: --without-fleet. Then nothing keeps other machines from writing the same stack.',
      ],
      cause,
    })
  }
}

/** What was said on an output: a page that is refreshed does not say the same again. */
const said = new WeakMap<Context['stderr'], Set<string>>()

/** Says on standard error that the fleet could not be asked, and what follows. Throws what is not a Failure. */
export function tellFleetAway(cause: unknown, effect: string, { stderr }: Context): void {
  if (!(cause instanceof Failure)) throw cause
  const text = `Warning: the fleet cannot be asked, so ${effect}. ${[cause.message, ...cause.hints].join('. ')}`
  const before = said.get(stderr) ?? new Set()
  if (before.has(text)) return
  said.set(stderr, before.add(text))
  stderr.print(text)
}

/** The same for a run that only looks: where a fleet cannot be asked it warns, says what follows, and goes on without it. */
export async function openFleetToLook(context: Context, effect: string): Promise<OpenFleet | null> {
  try {
    return await openFleet(context)
  } catch (cause) {
    tellFleetAway(cause, effect, context)
    return null
  }
}
