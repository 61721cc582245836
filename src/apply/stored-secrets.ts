import type { DesiredKey } from '../model/desired.ts'
import { Failure } from '../model/failure.ts'
import type { Secret } from '../model/secret.ts'
import { storeLabel } from '../model/store.ts'
import type { ApplyStore } from './run.ts'

/** One store of one key, with what it holds. */
export interface Look {
  readonly key: DesiredKey
  readonly place: string
  readonly local: boolean
  readonly held:
    | { readonly kind: 'secret'; readonly secret: Secret }
    | { readonly kind: 'nothing' }
    | { readonly kind: 'unreadable' }
    | { readonly kind: 'failed'; readonly why: string }
}

/** What the stores hold: read before any request is made, so that the requests can be told. */
export interface StoredSecrets {
  readonly looks: readonly Look[]
  /** Each secret once, however many stores hold it. */
  readonly distinct: readonly Secret[]
}

export interface VerifyStores {
  open(spec: DesiredKey['stores'][number]['spec']): Pick<ApplyStore, 'readable' | 'get'>
}

async function lookInto(store: Pick<ApplyStore, 'readable' | 'get'>): Promise<Look['held']> {
  if (!store.readable) return { kind: 'unreadable' }
  try {
    const secret = await store.get()
    return secret === null ? { kind: 'nothing' } : { kind: 'secret', secret }
  } catch (cause) {
    if (cause instanceof Failure) return { kind: 'failed', why: cause.message }
    throw cause
  }
}

/** Reads every readable store of the keys. `isLocal` says whether a store belongs to one person's machine. */
export async function readStores(
  keys: readonly DesiredKey[],
  stores: VerifyStores,
  isLocal: (spec: DesiredKey['stores'][number]['spec']) => boolean,
): Promise<StoredSecrets> {
  const looks: Look[] = []
  const distinct: Secret[] = []
  for (const key of keys) {
    for (const { spec } of key.stores) {
      const held = await lookInto(stores.open(spec))
      looks.push({ key, place: storeLabel(spec), local: isLocal(spec), held })
      if (held.kind !== 'secret') continue
      const { secret } = held
      if (!distinct.some(other => other.equals(secret))) distinct.push(secret)
    }
  }
  return { looks, distinct }
}
