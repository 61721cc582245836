import type { Secret } from '../model/secret.ts'
import { renewalMargin } from './credentials.ts'
import type { ClientOptions } from './types.ts'

/** Renews a person's token before it ends: once, however many calls wait for it. `use` gets each new one. */
export function renewing(
  { renewal, now }: Pick<ClientOptions, 'renewal' | 'now'>,
  use: (secret: Secret) => void,
): () => Promise<void> {
  let end = renewal?.expiresAt ?? null
  let underWay: Promise<void> | null = null
  return async () => {
    if (renewal === undefined || end === null || now() < end - renewalMargin) return
    underWay ??= renewal
      .renew()
      .then(({ secret, expiresAt }) => {
        end = expiresAt
        use(secret)
      })
      .finally(() => {
        underWay = null
      })
    await underWay
  }
}
