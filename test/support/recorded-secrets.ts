import { randomSecret } from '../../src/sandbox/make-secret.ts'

/** How a platform makes secrets, as it usually does, and every one that it made. */
export function recordedSecrets(): {
  readonly issued: readonly string[]
  readonly makeSecret: (prefix: string) => string
} {
  const issued: string[] = []
  return {
    issued,
    makeSecret: prefix => {
      const secret = randomSecret(prefix)
      issued.push(secret)
      return secret
    },
  }
}
