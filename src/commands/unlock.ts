import type { Context } from '../context.ts'
import { Failure } from '../model/failure.ts'
import { holderText, targetText } from '../render/stack-lock.ts'
import { requireConfiguration } from './configuration.ts'
import { lockTarget } from './stack-lock.ts'

export interface UnlockOptions {
  readonly config: readonly string[]
  readonly apiUrl: string | null
  readonly staging: boolean
  /** Also a lock whose run cannot be seen from here. */
  readonly force: boolean
}

/** Says whose the lock of a stack is, and removes it where that run is gone. Makes no request. */
export async function runUnlock(options: UnlockOptions, context: Context): Promise<number> {
  const { stdout, cwd } = context
  const { stack } = await requireConfiguration(options.config, context.now(), context)
  const { url } = await context.endpoint(options)
  const target = lockTarget(url, stack, cwd)
  if (target === null)
    throw new Failure('usage', 'A sandbox in memory has no lock: it ends with its only run')
  const lock = await context.stackLock(target)
  const state = await lock.look()
  switch (state.kind) {
    case 'free':
      stdout.print(`${targetText(target)} is not locked.`)
      return 0
    case 'held':
      throw new Failure('conflict', `${targetText(target)} is locked by ${holderText(state.holder)}`, {
        hints: [`That run is at work: wait for it, or end process ${state.holder.pid} first.`],
      })
    case 'unknown':
      if (!options.force) {
        throw new Failure('conflict', `${targetText(target)} is locked by ${holderText(state.holder)}`, {
          hints: [
            'It cannot be seen from here whether that run is at work. Once you know that it is over: fluxloop-keys unlock --force',
            `The lock: ${lock.path}`,
          ],
        })
      }
      break
    case 'left-behind':
      break
  }
  await lock.remove({ force: options.force })
  const gone = state.kind === 'left-behind' ? ', which is gone' : ''
  stdout.print(`${targetText(target)} was locked by ${holderText(state.holder)}${gone}. It is free now.`)
  return 0
}
