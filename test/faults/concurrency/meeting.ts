import { setTimeout } from 'node:timers/promises'
import { minute } from '../../../src/model/duration.ts'
import type { ServedPlatform } from '../../support/served-platform.ts'
import type { Case } from './cases.ts'
import type { Random } from './concurrency-random.ts'

/** So long a request or an answer is under way at most, in milliseconds. */
const longestWay = 40

export interface Meeting {
  /** Whether a request came in since the meeting began. */
  readonly begun: Promise<void>
  end(): void
}

/** Lets the platform's clock run, in steps of that many milliseconds. */
function running(platform: ServedPlatform, step: number): () => void {
  const begin = platform.now
  const started = performance.now()
  return () => {
    platform.now = Math.floor((begin + performance.now() - started) / step) * step
  }
}

/**
 * Makes runs meet: requests and answers take their time, and where runs come `together` the first list of each is answered
 * once all have asked for it.
 */
export function holdMeeting(platform: ServedPlatform, one: Case, random: Random): Meeting {
  const usual = platform.before
  const tick = running(platform, one.clock === 'fine' ? 1 : 1000)
  let awaited = one.together && one.where === 'several machines' ? one.runs : 0
  let open: () => void = () => undefined
  let begin: () => void = () => undefined
  const all = new Promise<void>(resolve => (open = resolve))
  const begun = new Promise<void>(resolve => (begin = resolve))
  platform.before = async request => {
    begin()
    if (awaited > 0 && request.method === 'GET' && new URL(request.url).pathname === '/api/api-keys') {
      awaited -= 1
      if (awaited === 0) open()
      await all
    }
    await setTimeout(random.below(longestWay))
    tick()
    const answer = (await usual(request)) ?? (await platform.send(request))
    await setTimeout(random.below(longestWay))
    return answer
  }
  const end = () => {
    // The next run comes later than all times that these wrote.
    platform.now += minute
    platform.before = usual
  }
  return { begun, end }
}
