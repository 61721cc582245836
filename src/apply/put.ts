import type { DesiredKey } from '../model/desired.ts'
import { Failure } from '../model/failure.ts'
import type { Secret } from '../model/secret.ts'
import { storeLabel } from '../model/store.ts'
import type { ApplyStore, Run } from './run.ts'

export interface OpenStore {
  readonly hash: string
  readonly label: string
  readonly store: ApplyStore
}

/** The stores of a key, those that can be read back first. */
export function storesOf(
  desired: Pick<DesiredKey, 'stores'>,
  run: Pick<Run, 'stores'>,
): readonly OpenStore[] {
  const opened = desired.stores.map(({ spec, hash }) => {
    return { hash, label: storeLabel(spec), store: run.stores.open(spec) }
  })
  return [...opened.filter(({ store }) => store.readable), ...opened.filter(({ store }) => !store.readable)]
}

/** Puts a secret into one store and reads it back where that can be done. Resolves to where it is, in words. */
async function putInto({ label, store }: OpenStore, secret: Secret): Promise<string> {
  const place = await store.put(secret)
  if (store.readable) {
    const back = await store.get()
    if (back?.equals(secret) !== true) {
      throw new Failure('failed', `What ${label} gives back is not the secret that was put there.`, {
        hints: [
          'Something else writes to that place, or changes what is written. Look at it before the next apply.',
        ],
      })
    }
  }
  return place
}

export interface Puts {
  /** Where the secret is now. */
  readonly places: readonly string[]
  /** Why it is not in the others. */
  readonly faults: readonly { readonly open: OpenStore; readonly cause: unknown }[]
}

export const noPuts: Puts = { places: [], faults: [] }

/**
 * Puts a secret into every store but those that are known to hold it, whichever of them fail: one that is out of order must
 * not keep the users of the others from a secret that works.
 */
export async function putIntoEach(
  secret: Secret,
  stores: readonly OpenStore[],
  holding: ReadonlySet<ApplyStore> = new Set(),
): Promise<Puts> {
  const places: string[] = []
  const faults: Puts['faults'][number][] = []
  for (const open of stores) {
    if (holding.has(open.store)) places.push(open.label)
    else
      await putInto(open, secret).then(
        place => places.push(place),
        (cause: unknown) => faults.push({ open, cause }),
      )
  }
  return { places, faults }
}

export function both(one: Puts, other: Puts): Puts {
  return { places: [...one.places, ...other.places], faults: [...one.faults, ...other.faults] }
}

/** May a store that failed hold this secret anyway? `unsure`: the answer where one cannot tell. */
export async function holds({ store }: OpenStore, secret: Secret, unsure: boolean): Promise<boolean> {
  if (!store.readable) return unsure
  return await store.get().then(
    held => held?.equals(secret) === true,
    () => unsure,
  )
}

/** The places, where every store has the secret; else throws what failed: the first fault, which names the others. */
export function requireAll({ places, faults }: Puts): readonly string[] {
  const [first, ...others] = faults.map(({ cause }) => cause)
  if (first === undefined) return places
  if (!(first instanceof Failure)) throw first instanceof Error ? first : new Error('a defect')
  const { code, message, hints } = first
  const more = others.map(other => `So did another: ${other instanceof Failure ? other.message : 'a defect'}`)
  throw new Failure(code, message, { hints: [...hints, ...more], cause: first })
}
