import { createHash } from 'node:crypto'
import type { Secret } from '../../../src/model/secret.ts'

/** What stands for a credential in the database: nobody gets the secret from it, since secrets of keys are random and long. */
export function hashCredential(secret: Secret): string {
  return createHash('sha256').update(secret.reveal()).digest('hex').slice(0, 32)
}
