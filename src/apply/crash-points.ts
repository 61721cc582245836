import type { ApplyPlatform, ApplyStore, ApplyStores } from './run.ts'

const writes = ['create', 'regenerate', 'put', 'remove', 'patch', 'revoke'] as const
const reads = ['list', 'whoami', 'readback'] as const

type Write = (typeof writes)[number]
type Read = (typeof reads)[number]

/**
 * The moments at which a run may be killed: right before it writes to the platform or to a store, and right after an answer. Right
 * before it reads is not a moment of its own, since nothing happened after the answer that came before.
 */
export type CrashPoint = `before-${Write}` | `after-${Write | Read}`

export const crashPoints: readonly CrashPoint[] = [
  ...writes.flatMap(write => [`before-${write}`, `after-${write}`] as const),
  ...reads.map(read => `after-${read}` as const),
]

/** Hears of every moment, and may end the process there. */
export type CrashHook = (point: CrashPoint) => void

/** The same platform, at whose calls a run may be killed. */
export function platformWithCrashPoints(platform: ApplyPlatform, hook: CrashHook): ApplyPlatform {
  const { writing, reading } = around(hook)
  return {
    list: () => reading('list', () => platform.list()),
    whoamiAs: (secret, key, when) => reading('whoami', () => platform.whoamiAs(secret, key, when)),
    create: (...request) => writing('create', () => platform.create(...request)),
    regenerate: (id, options) => writing('regenerate', () => platform.regenerate(id, options)),
    update: (id, patch, options) => writing('patch', () => platform.update(id, patch, options)),
    revoke: (id, options) => writing('revoke', () => platform.revoke(id, options)),
    get: id => platform.get(id),
    whoami: () => platform.whoami(),
    actAs: (secret, key) => platform.actAs(secret, key),
  }
}

/** The same stores, likewise. */
export function storesWithCrashPoints(stores: ApplyStores, hook: CrashHook): ApplyStores {
  const { writing, reading } = around(hook)
  const wrapped = (store: ApplyStore): ApplyStore => ({
    readable: store.readable,
    put: secret => writing('put', () => store.put(secret)),
    get: () => reading('readback', () => store.get()),
    remove: () => writing('remove', () => store.remove()),
  })
  return { open: spec => wrapped(stores.open(spec)), probe: specs => stores.probe(specs) }
}

function around(hook: CrashHook) {
  const reading = async <T>(call: Read | Write, work: () => Promise<T>): Promise<T> => {
    const answer = await work()
    hook(`after-${call}`)
    return answer
  }
  const writing = async <T>(call: Write, work: () => Promise<T>): Promise<T> => {
    hook(`before-${call}`)
    return await reading(call, work)
  }
  return { writing, reading }
}
