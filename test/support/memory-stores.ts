import type { Secret } from '../../src/model/secret.ts'
import { storeLabel } from '../../src/model/store.ts'
import { isReadable } from '../../src/lifecycle/health.ts'
import { looksWithoutProgram } from '../../src/stores/locality.ts'
import type { Stores } from '../../src/stores/open.ts'

export interface MemoryStores extends Stores {
  /** By label. */
  readonly secrets: Map<string, Secret>
  /** Called before a put, and may throw. */
  beforePut: (label: string) => void
}

/** Stores that outlive a run, and that a test can look into. */
export function memoryStores(): MemoryStores {
  const secrets = new Map<string, Secret>()
  const stores: MemoryStores = {
    secrets,
    beforePut: () => undefined,
    open: spec => {
      const label = storeLabel(spec)
      return {
        backend: label,
        readable: isReadable(spec),
        probe: async () => undefined,
        put: async secret => {
          stores.beforePut(label)
          secrets.set(label, secret)
          return label
        },
        get: async () => secrets.get(label) ?? null,
        remove: async () => void secrets.delete(label),
      }
    },
    look: async spec => (looksWithoutProgram(spec) ? (secrets.get(storeLabel(spec)) ?? null) : null),
    probe: async specs => new Map(specs.map(spec => [spec, null])),
    sweep: async () => undefined,
    keychainWorks: async () => true,
    close: async () => undefined,
    allowing: () => stores,
  }
  return stores
}
