import { randomInt } from 'node:crypto'

/** 10 random characters of base 36. */
export function nonce(): string {
  return Array.from({ length: 10 }, () => randomInt(36).toString(36)).join('')
}
