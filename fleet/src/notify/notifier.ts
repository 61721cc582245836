import { createHash } from 'node:crypto'
import { type Instant, type Milliseconds, hour, minute, second } from '../../../src/model/duration.ts'
import { Failure } from '../../../src/model/failure.ts'
import type { Database } from '../database/connect.ts'
import type { Log } from '../log/replica-log.ts'
import { type NoticeChannel, channelsFor } from './channel.ts'
import { type Fact, noticeOf } from './notice.ts'
import type { Sending } from './post.ts'
import { longestSend, sendNotice } from './send-notice.ts'
import { type Due, type Telling, dueOf, tellingOf } from './telling.ts'
import {
  type Claim,
  claimAgain,
  claimTelling,
  confirmTold,
  noteQuietly,
  noteUntold,
  readTold,
  releaseClaim,
} from './told.ts'

interface NotifierSurroundings {
  readonly db: Database
  readonly sending: Sending
  readonly log: Pick<Log, 'info' | 'warn'>
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

/** Is it the channel that does not work, and not one notice that the channel refuses? */
function isDown({ target }: NoticeChannel, cause: unknown): boolean {
  return target.kind === 'exec' || (cause instanceof Failure && cause.code === 'network')
}

export function createNotifier({ db, sending, log }: NotifierSurroundings): Notifier {
  const failed = new Map<string, Failed>()
  /** Channels that do not work, by their names: one that hangs must not hold up the runs of stacks. */
  const down = new Map<string, { readonly failures: number; readonly until: Instant }>()

  function keep(telling: Telling, tries: number, at: Instant): void {
    if (failed.size < mostFailed || failed.has(telling.subject))
      failed.set(telling.subject, { telling, tries, at })
  }

  function noteFailure(telling: Telling, cause: unknown): void {
    const { channel, subject } = telling
    const tries = (failed.get(subject)?.tries ?? 0) + 1
    const pause = backoff(tries)
    const facts = { channel: channel.name, tries, again_in_seconds: pause / second }
    if (cause instanceof Failure) log.warn(cause.message, facts)
    else log.warn('A notice was not sent', { ...facts, err: cause })
    keep(telling, tries, sending.now() + pause)
    if (!isDown(channel, cause)) return
    const failures = (down.get(channel.name)?.failures ?? 0) + 1
    down.set(channel.name, { failures, until: sending.now() + backoff(failures) })
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
    down.delete(channel.name)
    await confirmTold(db, claim)
    log.info('Sent a notice', { channel: channel.name, kind: notice.kind, notice: notice.id })
  }

  /** `isNews`: a run found it out just now. What was found out before may be over, so it takes nothing from a later state. */
  async function tellOne(telling: Telling, isNews: boolean): Promise<void> {
    const { channel, subject } = telling
    const until = down.get(channel.name)?.until ?? 0
    try {
      if (until > sending.now()) {
        if (isNews) await noteUntold(db, telling)
        keep(telling, failed.get(subject)?.tries ?? 0, until)
        return
      }
      const claiming = isNews ? claimTelling : claimAgain
      const claim = await claiming(db, telling, longestSend(channel))
      if (claim !== null) await send(telling, claim)
      failed.delete(subject)
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
        await inTurns(untried.slice(0, mostTold), telling => tellOne(telling, true))
      } catch (cause) {
        log.warn('Notices wait for the next run, since the database does not answer', { err: cause })
      }
    },
    async retry() {
      const now = sending.now()
      const due = [...failed.values()].filter(({ at }) => at <= now)
      await inTurns(due, ({ telling }) => tellOne(telling, false))
    },
  }
}
