import type { Update } from '../model/change.ts'
import { Failure } from '../model/failure.ts'
import { isAccepted } from './prove.ts'
import { storesOf } from './put.ts'
import type { Run } from './run.ts'

/**
 * Before a key gets more, or a signature: does a store still hold its secret, and does the platform accept that as this key; or does it still
 * bear our signature? Its marker alone could be anybody's. Resolves where nothing has to be proven, or the configuration does it.
 */
export async function requireProof(update: Update, run: Run): Promise<void> {
  switch (update.proof) {
    case 'store':
      await requireSecret(update, run)
      return
    case 'signature':
      await requireSignature(update, run)
      return
    case 'adopt':
    case null:
      return
  }
}

const nothingMore =
  'It gets nothing more as long as nothing proves that it is ours. Run plan again to see what it is like now.'

async function requireSignature({ live, desired }: Update, { platform, signing }: Run): Promise<void> {
  if (signing.isSigned(await platform.get(live.id))) return
  throw new Failure(
    'conflict',
    `No signature proves any more that ${live.id} is the key of ${desired.keyId}.`,
    {
      hints: [nothingMore],
    },
  )
}

async function requireSecret({ live, desired }: Update, run: Run): Promise<void> {
  for (const { store } of storesOf(desired, run)) {
    const secret = store.readable ? await store.get() : null
    if (secret !== null && (await isAccepted(secret, live, run))) return
  }
  throw new Failure('conflict', `No store of ${desired.keyId} holds the secret of ${live.id} any more.`, {
    hints: [nothingMore],
  })
}
