import { writeAsSeen } from '../../apply/as-seen.ts'
import { platformWithCrashPoints } from '../../apply/crash-points.ts'
import type { ConnectionOptions } from '../../runtime/connection.ts'
import type { Context } from '../../context.ts'
import { deletionNote } from '../../render/keys/deletion-note.ts'
import { deletionWarning, success } from '../../render/keys/written-key.ts'
import { findKey } from '../find-key.ts'
import { isCallingKey } from './refuse-calling-key.ts'
import { confirmName } from './confirm.ts'
import { deletionOf } from './after-deletion.ts'
import { lookAgain, screenOf } from './screen.ts'

export interface DeleteOptions extends ConnectionOptions {
  /** A key id, a unique name, or the key id of a stack. */
  readonly reference: string
  /** Do not ask. */
  readonly force: boolean
  /** Also the key that authenticates us. */
  readonly forceSelf: boolean
  /** Of the stack that owns the key; the usual one where it is empty. */
  readonly config: readonly string[]
  readonly verbose: boolean
}

/** Ends a key for good. */
export async function runDelete(options: DeleteOptions, context: Context): Promise<number> {
  const { stdout, stderr } = context
  const { client } = await context.connect(options)
  const found = await findKey(options.reference, client)
  const { key, listing } = found
  await isCallingKey(key, 'delete', options.forceSelf, client)
  const deletion = await deletionOf(found, options.config, context)
  const screen = screenOf(stderr, listing.now, context)
  if (deletion !== null) stderr.print(`${deletionNote(deletion, screen)}\n\n`)
  if (!options.force) {
    stderr.print(`${deletionWarning(key, screen)}\n\n`)
    await confirmName(key.name, 'delete', `${key.id} was not deleted`, context)
    stderr.print('')
  }
  const platform = platformWithCrashPoints(client, context.checkpoint)
  await writeAsSeen(
    key,
    {
      send: async ifMatch => {
        await platform.revoke(key.id, { ifMatch })
        return true
      },
      done: ({ status }) => (status === 'revoked' ? true : null),
      looksWhenLost: false,
      next: lookAgain(key),
    },
    platform,
  )
  stdout.print(success('deleted', stdout.palette))
  return 0
}
