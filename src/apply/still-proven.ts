import type { Update } from '../model/change.ts'
import { Failure } from '../model/failure.ts'
import { isAccepted } from './prove.ts'
import { storesOf } from './put.ts'
import type { Run } from './run.ts'

/**
 * Before a key gets more: does a store still hold its secret, and does the platform accept that as this key? Its marker alone
 * could be anybody's. Resolves where nothing has to be proven, or a signature or the configuration does it.
 */
export async function requireProof({ live, desired, proof }: Update, run: Run): Promise<void> {
  if (proof !== 'store') return
  for (const { store } of storesOf(desired, run)) {
    const secret = store.readable ? await store.get() : null
    if (secret !== null && (await isAccepted(secret, live, run))) return
  }
  throw new Failure('conflict', `No store of ${desired.keyId} holds the secret of ${live.id} any more.`, {
    hints: [
      'It gets nothing more as long as nothing proves that it is ours. Run plan again to see what it is like now.',
    ],
  })
}
