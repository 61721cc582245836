import { Failure } from '../../model/failure.ts'
import type { LiveKey } from '../../model/live-key.ts'
import type { PlatformClient } from '../../platform/types.ts'

/** Does this key authenticate us? Refused unless `forced`: what comes after `what` would not reach the platform any more. */
export async function isCallingKey(
  { id, name }: LiveKey,
  what: 'regenerate' | 'delete',
  forced: boolean,
  client: Pick<PlatformClient, 'whoami'>,
): Promise<boolean> {
  const { key } = await client.whoami()
  if (key?.id !== id) return false
  if (forced) return true
  throw new Failure('refused', `${id} (${name}) is the key that this command itself uses`, {
    hints: [
      `Use another key or login to ${what} it.`,
      `--force-self does it anyway: whatever uses this key stops working at once, this program too.`,
    ],
  })
}
