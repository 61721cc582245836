import type { Update } from '../model/change.ts'
import { Failure } from '../model/failure.ts'
import { heldSecrets, secretFromStores } from './find-secret.ts'
import { storesOf } from './put.ts'
import type { Run } from './run.ts'

/**
 * Before a key gets more, or a signature: does a store still hold its secret (perhaps one that its declaration lost), and does the platform accept that as this key; or does it still
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

/** The plan looked into those that the declaration lost as well, be they emptied here or not. */
async function requireSecret({ live, desired, removal }: Update, run: Run): Promise<void> {
  const lost = run.options.formerStores.get(desired.keyId) ?? []
  const from = [...removal.from, ...lost]
  const held = await heldSecrets(storesOf(desired, run), { ...removal, from }, run)
  if ((await secretFromStores(live, held, run)) !== null) return
  throw new Failure('conflict', `No store of ${desired.keyId} holds the secret of ${live.id} any more.`, {
    hints: [nothingMore],
  })
}
