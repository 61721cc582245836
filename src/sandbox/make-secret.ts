import { createHash, randomInt, timingSafeEqual } from 'node:crypto'

/** What a key is for; it decides the prefix of its secret (source: the platform's page on API keys). */
export const prefixes = {
  dev: 'flux_dev_',
  stg: 'flux_stg_',
  prod: 'flux_prod_',
  ci: 'flux_ci_',
} as const

export type EnvironmentName = keyof typeof prefixes

export function isEnvironmentName(text: string): text is EnvironmentName {
  return Object.hasOwn(prefixes, text)
}

/** Where a key names no environment, its name tells. */
export function environmentOfName(name: string): EnvironmentName {
  if (/prod/i.test(name)) return 'prod'
  if (/stag/i.test(name)) return 'stg'
  return /\bci\b|ci\/cd|pipeline/i.test(name) ? 'ci' : 'dev'
}

const alphabet = '0123456789abcdefghijklmnopqrstuvwxyz'

/** `length` random characters of base 36: 5.17 bits each. */
export function randomText(length: number): string {
  return Array.from({ length }, () => alphabet.charAt(randomInt(alphabet.length))).join('')
}

/** A new secret: the prefix and 32 random characters (165 bits). */
export function randomSecret(prefix: string): string {
  return prefix + randomText(32)
}

/**
 * What the database keeps of a secret. It needs no salt and no slow hash: nobody guesses 165 random bits, and the hash is
 * what the secret is looked up by.
 */
export function secretHash(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

export function sameHash(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))
}

/** `flux_dev_****...mno34`: the prefix and the last five characters. */
export function masked(secret: string, environment: EnvironmentName): string {
  return `${prefixes[environment]}****...${secret.slice(-5)}`
}
