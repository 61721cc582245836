import type { Context } from '../context.ts'
import { Failure } from '../model/failure.ts'
import type { LockState } from '../model/stack-lock.ts'
import { holderText, targetText, watchingText } from '../render/report/stack-lock-text.ts'
import { escapeControls } from '../render/text/escape.ts'
import { lockOf } from '../stores/file-lock.ts'
import { type Freeing, freeLock, lockState } from '../stores/lock-state.ts'
import { filesOf } from '../stores/sweep.ts'
import { requireConfiguration } from './configuration.ts'
import { lockTarget } from './lock-stack.ts'

export interface UnlockOptions {
  readonly config: readonly string[]
  readonly apiUrl: string | null
  readonly staging: boolean
  /** Also a lock whose process cannot be seen from here, and at once. */
  readonly force: boolean
}

/** One lock that `unlock` is about. */
interface Subject {
  /** What is locked, in words. */
  readonly text: string
  readonly path: string
  /** Say so where it is free: of the many files of a configuration that would be noise. */
  readonly always: boolean
  readonly look: () => Promise<LockState>
  readonly free: (options: Omit<Freeing, 'clock' | 'ownFolder'>) => Promise<boolean>
}

async function subjectsOf(options: UnlockOptions, context: Context): Promise<readonly Subject[]> {
  const { stack, keys } = await requireConfiguration(options.config, context.now(), context)
  const { url } = await context.endpoint(options)
  const target = lockTarget(url, stack, context.cwd)
  const files = new Set(keys.flatMap(({ stores }) => stores.flatMap(({ spec }) => filesOf(spec))))
  const subjects: Subject[] = [...files].sort().map(file => {
    const path = lockOf(file)
    return {
      text: escapeControls(file),
      path,
      always: false,
      look: () => lockState(path),
      free: asked => freeLock(path, { ...asked, ownFolder: false }),
    }
  })
  if (target === null) return subjects
  const lock = await context.stackLock(target)
  return [
    {
      text: targetText(target),
      path: lock.path,
      always: true,
      look: () => lock.look(),
      free: asked => lock.free(asked),
    },
    ...subjects,
  ]
}

/** Null where the lock is free now. */
async function unlock(
  { text, path, always, look, free }: Subject,
  force: boolean,
  { stdout, stderr }: Context,
): Promise<Failure | null> {
  const state = await look()
  if (state.kind === 'free') {
    if (always) stdout.print(`${text} is not locked.`)
    return null
  }
  const holder = holderText(state.holder)
  const onWait = () => stderr.print(watchingText(text, path, state))
  if (await free({ force, onWait })) {
    const why =
      state.kind === 'left-behind' ? ', which is gone' : force ? '' : ', which did not renew its lock'
    stdout.print(`${text} was locked by ${holder}${why}. It is free now.`)
    return null
  }
  const end =
    state.kind === 'held'
      ? `That process is alive: wait for it, or end process ${state.holder.pid} first.`
      : 'It renews its lock, so it is alive: wait for it. If you know better: fluxloop-keys unlock --force'
  return new Failure('conflict', `${text} is locked by ${holder}`, { hints: [end, `The lock: ${path}`] })
}

/**
 * Says who has the locks of a stack and of the files that its stores write, and removes those that were left behind. Makes no
 * request.
 */
export async function runUnlock(options: UnlockOptions, context: Context): Promise<number> {
  const subjects = await subjectsOf(options, context)
  if (subjects.length === 0)
    throw new Failure('usage', 'A sandbox in memory has no lock: it ends with its only run')
  const failures: Failure[] = []
  for (const subject of subjects) {
    const failure = await unlock(subject, options.force, context)
    if (failure !== null) failures.push(failure)
  }
  const [first, ...others] = failures
  for (const { message } of others) context.stderr.print(message)
  if (first !== undefined) throw first
  return 0
}
