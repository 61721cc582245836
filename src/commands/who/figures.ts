import pLimit from 'p-limit'
import type { Figures } from '../../audit/consumers/find-key-users.ts'
import { addUsage } from '../../audit/usage-of.ts'
import { Failure } from '../../model/failure.ts'
import type { Instant } from '../../model/duration.ts'
import type { WhyUnknown } from '../../model/key-users.ts'
import type { ObservedUsage } from '../../model/observed-usage.ts'
import { PlatformFailure } from '../../platform/platform-failure.ts'
import type { PlatformClient } from '../../platform/types.ts'
import { toLook } from '../audit/gather-usage.ts'

/** Figures of one live key over that many days. */
export interface Question {
  readonly liveId: string
  readonly days: number
}

type Answer = ObservedUsage | WhyUnknown

/** Why one key has no figures. Null: a wrong credential, a dead network or an interruption, which end the command. */
function whyNot(error: unknown): WhyUnknown | null {
  if (!(error instanceof Failure)) return null
  if (error.code === 'rate-limited') return 'budget'
  const isSilent = error.code === 'not-found' || error.code === 'failed' || error.code === 'permission'
  const isDown = error instanceof PlatformFailure && (error.status ?? 0) >= 500
  return isSilent || isDown ? 'no-figures' : null
}

/** Asks each question once, with one request, as far as those go. They are fresh: nothing of it is kept. */
export async function askUsage(
  questions: readonly Question[],
  {
    client,
    now,
    maximumRequests,
    parallelism,
  }: {
    readonly client: Pick<PlatformClient, 'usage'>
    readonly now: Instant
    readonly maximumRequests: number
    readonly parallelism: number
  },
): Promise<(liveIds: readonly string[], days: number) => Figures> {
  const nameOf = ({ liveId, days }: Question) => `${liveId} ${days}`
  const asked = [...new Map(questions.map(each => [nameOf(each), each])).values()]
  const answers = new Map<string, Answer>()
  const limit = pLimit(parallelism)
  await Promise.all(
    asked.slice(0, maximumRequests).map(question =>
      limit(async () => {
        const { liveId, days } = question
        try {
          answers.set(nameOf(question), toLook(await client.usage(liveId, days), now, days))
        } catch (error) {
          const why = whyNot(error)
          if (why === null) throw error
          answers.set(nameOf(question), why)
        }
      }),
    ),
  )
  return (liveIds, days) => {
    if (liveIds.length === 0) return { known: false, why: 'no-live-key' }
    const found = liveIds.map(liveId => answers.get(nameOf({ liveId, days })) ?? 'budget')
    const why = found.find(each => typeof each === 'string')
    if (why !== undefined) return { known: false, why }
    const usage = addUsage(found.filter(each => typeof each !== 'string'))
    return usage === null ? { known: false, why: 'no-live-key' } : { known: true, usage }
  }
}
