import type { ConnectionOptions } from '../../runtime/connection.ts'
import type { Context } from '../../context.ts'
import type { Check } from '../../model/checkup.ts'
import type { DesiredState } from '../../model/desired.ts'
import { Failure } from '../../model/failure.ts'
import type { LockState } from '../../model/stack-lock.ts'
import { holderText } from '../../render/report/stack-lock-text.ts'
import { escapeControls } from '../../render/text/escape.ts'
import { dateTime } from '../../render/text/time.ts'
import { lockOf } from '../../stores/file-lock.ts'
import { lockState } from '../../stores/lock-state.ts'
import { filesOf } from '../../stores/sweep.ts'
import { lockTarget } from '../lock-stack.ts'
import { check } from './check.ts'

const remedies = [
  'The next run takes it over by itself once nobody has renewed it for a minute.',
  'To remove it now: fluxloop-keys unlock',
]

/** Null where there is no lock. */
function checkLock(path: string, state: LockState): Check | null {
  const subject = escapeControls(path)
  switch (state.kind) {
    case 'free':
      return null
    case 'held':
      return check('lock', 'ok', [`held by ${holderText(state.holder)}, which is alive`], subject)
    case 'left-behind':
      return check(
        'lock',
        'warning',
        [
          `left behind by ${holderText(state.holder)}, which is gone`,
          'The next run takes it over at once. To remove it now: fluxloop-keys unlock',
        ],
        subject,
      )
    case 'unknown':
      return check(
        'lock',
        'warning',
        [
          `held by ${holderText(state.holder)}, which cannot be seen from here; last renewed ${dateTime(state.changedAt)} by the clock of its file system`,
          ...remedies,
        ],
        subject,
      )
  }
}

async function stackLockOf(
  options: ConnectionOptions,
  desired: DesiredState,
  context: Context,
): Promise<Check | null> {
  try {
    const { url } = await context.endpoint(options)
    const target = lockTarget(url, desired.stack, context.cwd)
    if (target === null) return null
    const lock = await context.stackLock(target)
    return checkLock(lock.path, await lock.look())
  } catch (error) {
    // Which platform it is cannot be told, and that is what another check is about.
    if (error instanceof Failure) return null
    throw error
  }
}

/** The locks that there are: of the stack, and of the files that its stores write. */
export async function checkLocks(
  options: ConnectionOptions,
  desired: DesiredState | null,
  context: Context,
): Promise<readonly Check[]> {
  if (desired === null) return []
  const stack = await stackLockOf(options, desired, context)
  const files = new Set(desired.keys.flatMap(({ stores }) => stores.flatMap(({ spec }) => filesOf(spec))))
  const checks: Check[] = stack === null ? [] : [stack]
  for (const file of [...files].sort()) {
    const found = checkLock(lockOf(file), await lockState(lockOf(file)))
    if (found !== null) checks.push(found)
  }
  return checks
}
