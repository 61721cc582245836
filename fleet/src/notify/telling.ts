import { type NoticeChannel, wants } from './channel.ts'
import { type Fact, endStep } from './notice.ts'
import type { Told, ToldBefore } from './told.ts'
import type { Instant } from '../../../src/model/duration.ts'

/** One fact for one channel. */
export interface Telling extends Told {
  readonly channel: NoticeChannel
  readonly fact: Fact
}

function subjectOf(fact: Fact): string {
  const { kind, origin, name } = fact
  const more = kind === 'stack-state' ? [] : [kind === 'finding' ? fact.fingerprint : fact.keyId]
  return JSON.stringify([kind, origin, name, ...more])
}

export function tellingOf(channel: NoticeChannel, fact: Fact, now: Instant): Telling {
  const subject = `${channel.name} ${subjectOf(fact)}`
  const of = (state: string, step = 1): Telling => ({ channel, fact, subject, state, step })
  switch (fact.kind) {
    case 'stack-state':
    case 'finding':
      return of(fact.state)
    case 'key-end':
      return of(new Date(fact.ends).toISOString(), endStep(fact.ends, now))
    case 'rotation':
      return of(fact.failed ? 'failed' : 'done')
  }
}

/** A state in which nothing is wrong. Only those who were told what was wrong are told that it is over. */
function isCalm(fact: Fact): boolean {
  switch (fact.kind) {
    case 'stack-state':
      return fact.state === 'in-sync'
    case 'finding':
      return fact.state === 'resolved' || fact.state === 'suppressed'
    case 'key-end':
      return false
    case 'rotation':
      return !fact.failed
  }
}

/** `note`: nobody has to be told, and what is known has to be kept. */
export type Due = 'nothing' | 'tell' | 'note'

/** What to do about a fact, by what the channel was told before. */
export function dueOf({ channel, fact, state, step }: Telling, before: ToldBefore | undefined): Due {
  if (step === 0) return 'nothing'
  const isWanted = wants(channel, fact)
  if (before?.state === state) return isWanted && before.toldStep < step ? 'tell' : 'nothing'
  if (!isCalm(fact) && isWanted) return 'tell'
  if (before === undefined) return 'nothing'
  if (!isCalm(fact)) return 'note'
  // Somebody may have been told, where a replica was about to.
  const wasTold = before.toldStep > 0 || before.toldAt !== null
  const isTold = fact.kind === 'stack-state' || (fact.kind === 'finding' && fact.state === 'resolved')
  return isWanted && wasTold && isTold ? 'tell' : 'note'
}
