import type { ApplyStore, ApplyStores } from './run.ts'

/** The same stores, which take or give up a secret only where `requireHeld` does not throw: where nobody else may write the stack. */
export function fencedStores(stores: ApplyStores, requireHeld: () => void): ApplyStores {
  const fenced = (store: ApplyStore): ApplyStore => ({
    readable: store.readable,
    put: async secret => {
      requireHeld()
      return await store.put(secret, requireHeld)
    },
    get: () => store.get(),
    remove: async () => {
      requireHeld()
      await store.remove(requireHeld)
    },
  })
  return { open: spec => fenced(stores.open(spec)), probe: specs => stores.probe(specs) }
}
