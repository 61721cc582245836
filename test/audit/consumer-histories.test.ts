import t from 'tap'
import { sightingOf } from '../../src/audit/consumers/sightings.ts'
import { unknownUses } from '../../src/audit/consumers/find-unknown-uses.ts'
import type { Consumer } from '../../src/model/consumer.ts'
import { day } from '../../src/model/duration.ts'
import {
  type History,
  type HistoryEvent,
  could,
  figuresOf,
  historyOf,
  lastUseOf,
  windowOf,
} from '../support/consumer-histories.ts'

const histories = Array.from({ length: 200 }, (_, seed) => historyOf(seed))
const window = 30

/** Do the platform's figures tell a thief from everybody who is declared? */
function shows({ consumers, events, now }: History): boolean {
  const seen = events.filter(({ at }) => at >= windowOf(now, window))
  const stolen = seen.filter(({ by }) => by === 'thief')
  const own = seen.filter(({ by }) => by === 'ourselves').length
  const outside = (event: HistoryEvent) => !consumers.some(each => could.callFrom(each, event))
  const calls = seen.filter(outside).length
  const last = events.at(-1)
  const isStrangeLast =
    last?.by === 'thief' && !consumers.some(each => could.callFrom(each, last) && could.callAs(each, last))
  return (
    (stolen.some(outside) && calls > own) ||
    stolen.some(event => !consumers.some(each => could.do(each, event))) ||
    isStrangeLast
  )
}

t.test(
  'finds every thief whom the figures show, and takes nobody else for one, in 200 histories',
  async t => {
    const count = { thieves: 0, shown: 0, falsePositives: 0, misses: 0 }
    for (const history of histories) {
      const found = unknownUses(history.consumers, figuresOf(history, window), lastUseOf(history))
      const isThere = history.events.some(({ by }) => by === 'thief')
      const isShown = isThere && shows(history)
      count.thieves += Number(isThere)
      count.shown += Number(isShown)
      if (found.length > 0 && !isThere) count.falsePositives += 1
      if (found.length === 0 && isShown) count.misses += 1
    }
    t.match(count, { thieves: 100, falsePositives: 0, misses: 0 })
    t.ok(count.shown > 40 && count.shown < 100, `${count.shown} thieves show`)
    t.comment(JSON.stringify(count))
  },
)

/** Could anything that was seen in these days have been this consumer's, the one test by addresses and the other by what was done? */
function isHidden(consumer: Consumer, seen: readonly HistoryEvent[], { events }: History): boolean {
  const last = events.at(-1)
  const isLast =
    last !== undefined &&
    last.by !== 'ourselves' &&
    seen.includes(last) &&
    could.callFrom(consumer, last) &&
    could.callAs(consumer, last)
  return (
    isLast ||
    (seen.some(event => could.callFrom(consumer, event)) && seen.some(event => could.do(consumer, event)))
  )
}

t.test('finds every silent consumer whom the figures show, and no other, in 200 histories', async t => {
  const count = { consumers: 0, silent: 0, shown: 0, falsePositives: 0, misses: 0, certain: 0 }
  for (const history of histories) {
    const { consumers, events, now } = history
    for (const consumer of consumers) {
      const days = consumer.every / day + 1
      const seen = events.filter(({ at }) => at >= windowOf(now, days))
      const last = lastUseOf(history).filter(({ at }) => at >= windowOf(now, days))
      const sighting = sightingOf(consumer, consumers, figuresOf(history, days), last)
      const isSilent = !seen.some(({ by }) => by === consumer.name)
      const isShown = isSilent && !isHidden(consumer, seen, history)
      count.consumers += 1
      count.silent += Number(isSilent)
      count.shown += Number(isShown)
      if (sighting === 'absent' && !isSilent) count.falsePositives += 1
      if (sighting !== 'absent' && isShown) count.misses += 1
      const hasOthers = seen.some(({ by }) => by === 'thief')
      if (sighting === 'seen' && !hasOthers) {
        count.certain += 1
        if (isSilent) count.falsePositives += 1
      }
    }
  }
  t.match(count, { falsePositives: 0, misses: 0 })
  t.ok(count.shown > 20 && count.silent > count.shown && count.certain > 100, JSON.stringify(count))
  t.comment(JSON.stringify(count))
})
