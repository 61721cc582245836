import type { Check, CheckName } from '../../model/checkup.ts'
import { Failure } from '../../model/failure.ts'

type Words = readonly [message: string, ...hints: string[]]

/** Makes a check; `subject` where there are several of that name. */
export function check(
  name: CheckName,
  status: Check['status'],
  [message, ...hints]: Words,
  subject: string | null = null,
): Check {
  return { name, subject, status, message, hints }
}

/** A check that failed with an expected failure; anything else is thrown on. */
export function failed(name: CheckName, error: unknown, subject: string | null = null): Check {
  if (!(error instanceof Failure)) throw error
  const { message, hints } = error
  return { name, subject, status: 'failed', message: message.replace(/\.$/, ''), hints }
}
