import { setTimeout } from 'node:timers/promises'
import { outages } from '../../support/invariants.ts'
import type { Stage } from './crash-stage.ts'

export interface Prober {
  /** Resolves once no look is going on; the next one is at `resume`. */
  pause(): Promise<void>
  resume(): void
  /** Looks once more. Resolves to what consumers would have suffered. */
  end(): Promise<readonly string[]>
}

export interface Consumer {
  /** One of its stores leaves the declaration. */
  readonly mayLose?: boolean
  /** Its key may die without a grace while it holds the secret in its hand: it reads its store again. */
  readonly readsAgain?: boolean
}

/** A consumer that reads its stores again and again, and at every revocation, and uses what it finds. */
export function watchStores(
  stage: Pick<Stage, 'stored' | 'platform'>,
  { mayLose = false, readsAgain = false }: Consumer = {},
): Prober {
  const { platform } = stage
  const usual = platform.before
  const suffered = new Set<string>()
  let most = 0
  const look = async () => {
    const secrets = await stage.stored()
    if (secrets.size < most && !mayLose) suffered.add('a store lost its secret')
    most = Math.max(most, secrets.size)
    for (const name of await outages(secrets, platform.holder)) {
      if (readsAgain && (await stage.stored()).get(name) !== secrets.get(name)) continue
      suffered.add('a consumer read a secret that does not work')
    }
  }
  // Where a store still hands out what was revoked, the time until it is written again may be short.
  platform.before = async request => {
    if (request.method !== 'DELETE') return await usual(request)
    const answer = (await usual(request)) ?? (await platform.send(request))
    await look()
    return answer
  }
  const begin = () => {
    const ending = new AbortController()
    const looking = (async () => {
      while (!ending.signal.aborted) {
        await look()
        await setTimeout(20)
      }
    })()
    return async () => {
      ending.abort()
      await looking
    }
  }
  let stop = begin()
  return {
    pause: () => stop(),
    resume: () => {
      stop = begin()
    },
    end: async () => {
      await stop()
      platform.before = usual
      await look()
      return [...suffered]
    },
  }
}
