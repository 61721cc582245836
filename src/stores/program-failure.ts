import { Failure } from '../model/failure.ts'
import type { Secret } from '../model/secret.ts'
import type { ProgramEnd } from './run-program.ts'

const longest = 500

/** What a program said when it failed: its last lines, without control characters, and without the secret. */
function said({ stdout, stderr }: ProgramEnd, secret: Secret | null): string {
  const text = stderr.trim() === '' ? stdout : stderr
  const clean = (secret === null ? text : secret.censor(text)).replace(/[\p{Cc}\p{Cf}]+/gu, ' ').trim()
  return clean.length > longest ? `…${clean.slice(-longest)}` : clean
}

/** A `Failure` for a program that ended badly; `secret` is what it was given, and is not quoted. */
export function programFailure(
  program: string,
  doing: string,
  end: ProgramEnd,
  secret: Secret | null,
): Failure {
  const how = end.code === null ? 'was killed' : `ended with exit code ${end.code}`
  const words = said(end, secret)
  return new Failure('failed', `${program} ${how} when asked to ${doing}${words === '' ? '' : `: ${words}`}`)
}
