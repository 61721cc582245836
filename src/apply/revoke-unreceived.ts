import type { LiveKey } from '../model/live-key.ts'
import type { Run } from './run.ts'

/** Revokes a key that this program made and that nobody received. */
export async function revokeUnreceived({ id }: Pick<LiveKey, 'id'>, run: Run): Promise<void> {
  await run.platform.revoke(id)
}
