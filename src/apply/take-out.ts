import { Failure } from '../model/failure.ts'
import { endsAgree } from '../model/live-key.ts'
import type { RemovalResult } from '../model/outcome.ts'
import type { Removal } from '../model/removal.ts'
import type { Secret } from '../model/secret.ts'
import { type DeclaredStore, storeLabel } from '../model/store.ts'
import type { Done } from './ledger.ts'
import { lookUntil } from './look.ts'
import type { ApplyStore, Run } from './run.ts'

/** What a removal came to. */
export interface TakenOut {
  readonly removed: Done['removed']
  /** Hashes that the marker forgets now. */
  readonly forgotten: readonly string[]
  /** Hashes that it goes on remembering. */
  readonly left: readonly string[]
  /** Why some are among those that should not be; null where all went well. */
  readonly trouble: Failure | null
}

function isOurs(held: Secret | null, { ends }: Removal): boolean {
  return held !== null && ends.some(end => endsAgree(end, held.end(end.length)))
}

/** Whatever else is in a store that can be read, its owner put it there after the store left the declaration. */
async function takeOutOf({ spec }: DeclaredStore, removal: Removal, run: Run): Promise<RemovalResult> {
  const store = run.stores.open(spec)
  if (store.readable) {
    const held = await store.get()
    if (held === null) return 'empty'
    if (!isOurs(held, removal)) return 'left-alone'
  }
  await store.remove()
  if (!store.readable) return 'unconfirmed'
  await requireGone(store, removal, run)
  return 'taken-out'
}

/** That a program ended well is not proof: it may have removed nothing, or answer from a copy that lags. */
async function requireGone(store: ApplyStore, removal: Removal, run: Run): Promise<void> {
  const isGone = (held: Secret | null) => !isOurs(held, removal)
  if (isGone(await lookUntil(() => store.get(), isGone, run))) return
  throw new Failure('failed', 'It still gives the secret after it was asked to remove it', {
    hints: ['Look at what its `remove` does.'],
  })
}

function troubleOf(label: string, { code, message, hints }: Failure): Failure {
  return new Failure(code, `The secret could not be taken out of ${label}: ${message}`, {
    hints: [
      'All else was done, and the next apply tries this again.',
      'To leave it there, declare `keepRemoved: true`.',
      ...hints,
    ],
  })
}

/**
 * Takes a key's secret out of stores that its declaration lost. One that fails does not stop the others, nor the change:
 * the marker remembers it, and whoever writes that throws `trouble` afterwards.
 */
export async function takeOut(removal: Removal, run: Run): Promise<TakenOut> {
  const removed: Done['removed'][number][] = []
  const forgotten = [...removal.forgotten]
  const left = [...removal.left]
  let trouble: Failure | null = null
  for (const store of removal.from) {
    const label = storeLabel(store.spec)
    try {
      removed.push({ store: label, result: await takeOutOf(store, removal, run) })
      forgotten.push(store.hash)
    } catch (cause) {
      if (!(cause instanceof Failure)) throw cause
      left.push(store.hash)
      trouble ??= troubleOf(label, cause)
    }
  }
  return { removed, forgotten, left, trouble }
}
