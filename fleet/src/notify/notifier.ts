import { createHash } from 'node:crypto'
import { type Instant, type Milliseconds, hour, minute, second } from '../../../src/model/duration.ts'
import { Failure } from '../../../src/model/failure.ts'
import type { Database } from '../database/connect.ts'
import type { Log } from '../log/log.ts'
import { type NoticeChannel, channelsFor, wants } from './channel.ts'
import { type Fact, endStep, noticeOf } from './notice.ts'
import type { Sending } from './post.ts'
import { longestSend, sendNotice } from './send-notice.ts'
import {
  type Claim,
  type Told,
  type ToldBefore,
  claimAgain,
  claimTelling,
  confirmTold,
  noteQuietly,
  readTold,
  releaseClaim,
} from './told.ts'

interface NotifierSurroundings {
  readonly db: Database
  readonly sending: Sending
  readonly log: Pick<Log, 'info' | 'warn'>
}

/** One fact for one channel. */
interface Telling extends Told {
  readonly channel: NoticeChannel
  readonly fact: Fact
}

interface Failed {
  readonly telling: Telling
  readonly tries: number
  readonly at: Instant
}

/** What several replicas tell about a fleet, each thing once. */
export interface Notifier {
  /**
   * Tells the channels what they were not told before. `facts`: everything that a run found out, news or not: what could not be told
   * after one run is told after the next one, by whichever replica has it. Never rejects: what goes wrong is in the log.
   */
  readonly tell: (channels: readonly NoticeChannel[], facts: readonly Fact[]) => Promise<void>
  /** Tries again what this replica could not tell. For each tick. */
  readonly retry: () => Promise<void>
}

/** Tells at once, in one replica. */
const atOnce = 4
/** What waits for another try, in one replica; more is told after the next run. */
const mostFailed = 1_000
/** More facts of one run are left to the next one. */
const mostTold = 50

function subjectOf(fact: Fact): string {
  const { kind, origin, name } = fact
  const more = kind === 'stack-state' ? [] : [kind === 'finding' ? fact.fingerprint : fact.keyId]
  return JSON.stringify([kind, origin, name, ...more])
}

function tellingOf(channel: NoticeChannel, fact: Fact, now: Instant): Telling {
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

/** A state in which nothing is wrong. It is told only to those who were told what was wrong. */
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

type Due = 'nothing' | 'tell' | 'note'

function dueOf({ channel, fact, state, step }: Telling, before: ToldBefore | undefined): Due {
  if (step === 0) return 'nothing'
  const isWanted = wants(channel, fact)
  if (before?.state === state) return isWanted && before.toldStep < step ? 'tell' : 'nothing'
  if (!isCalm(fact)) return isWanted ? 'tell' : 'note'
  if (before === undefined) return 'nothing'
  // Somebody may have been told, where a replica was about to.
  const wasTold = before.toldStep > 0 || before.toldAt !== null
  const isTold = fact.kind === 'stack-state' || (fact.kind === 'finding' && fact.state === 'resolved')
  return isWanted && wasTold && isTold ? 'tell' : 'note'
}

function idOf({ subject, state, step, since }: Claim): string {
  const text = JSON.stringify([subject, state, step, since])
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}

function backoff(tries: number): Milliseconds {
  return Math.min(hour, minute * 2 ** (tries - 1))
}

async function inTurns<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const waiting = [...items]
  const turn = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, turn))
}

export function createNotifier({ db, sending, log }: NotifierSurroundings): Notifier {
  const failed = new Map<string, Failed>()

  function noteFailure(telling: Telling, cause: unknown): void {
    const tries = (failed.get(telling.subject)?.tries ?? 0) + 1
    const pause = backoff(tries)
    const facts = { channel: telling.channel.name, tries, again_in_seconds: pause / second }
    if (cause instanceof Failure) log.warn(cause.message, facts)
    else log.warn('A notice was not sent', { ...facts, err: cause })
    if (failed.size >= mostFailed && !failed.has(telling.subject)) return
    failed.set(telling.subject, { telling, tries, at: sending.now() + pause })
  }

  async function send(telling: Telling, claim: Claim): Promise<void> {
    const { channel, fact } = telling
    const notice = noticeOf(fact, { id: idOf(claim), since: claim.since, now: sending.now() })
    try {
      await sendNotice(channel, notice, sending)
    } catch (cause) {
      await releaseClaim(db, claim)
      throw cause
    }
    await confirmTold(db, claim)
    log.info('Sent a notice', { channel: channel.name, kind: notice.kind, notice: notice.id })
  }

  async function tellOne(telling: Telling, claiming: typeof claimTelling): Promise<void> {
    try {
      const claim = await claiming(db, telling, longestSend(telling.channel))
      if (claim !== null) await send(telling, claim)
      failed.delete(telling.subject)
    } catch (cause) {
      noteFailure(telling, cause)
    }
  }

  return {
    async tell(channels, facts) {
      const now = sending.now()
      const all = facts.flatMap(fact =>
        channelsFor(channels, fact).map(channel => tellingOf(channel, fact, now)),
      )
      // What is so now replaces what could not be told before.
      for (const { subject, state } of all)
        if (failed.get(subject)?.telling.state !== state) failed.delete(subject)
      try {
        const before = await readTold(
          db,
          all.map(({ subject }) => subject),
        )
        const due = (what: Due) => all.filter(telling => dueOf(telling, before.get(telling.subject)) === what)
        for (const telling of due('note')) await noteQuietly(db, telling)
        const untried = due('tell').filter(({ subject }) => !failed.has(subject))
        await inTurns(untried.slice(0, mostTold), telling => tellOne(telling, claimTelling))
      } catch (cause) {
        log.warn('Notices wait for the next run, since the database does not answer', { err: cause })
      }
    },
    async retry() {
      const now = sending.now()
      const due = [...failed.values()].filter(({ at }) => at <= now)
      await inTurns(due, ({ telling }) => tellOne(telling, claimAgain))
    },
  }
}
