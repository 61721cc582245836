import { createHmac } from 'node:crypto'
import { type Instant, second } from '../../../src/model/duration.ts'
import type { Secret } from '../../../src/model/secret.ts'

export const signatureHeader = 'fluxloop-keys-signature'

/**
 * `t=SECONDS,v1=HEX`: HMAC-SHA256 with the channel's secret over `SECONDS.BODY`, as Stripe signs. Whoever receives it computes the same
 * over the bytes of the body, compares in constant time, and refuses a time that is more than 5 minutes off.
 */
export function signatureOf(body: string, secret: Secret, now: Instant): string {
  const time = Math.floor(now / second)
  const digest = createHmac('sha256', secret.reveal()).update(`${time}.${body}`).digest('hex')
  return `t=${time},v1=${digest}`
}
