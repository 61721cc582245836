// A year of 200 keys with a run a day, on the real sandbox: nobody is ever without a working secret, and no day is busy. In short, a part
// of a year.
import t from 'tap'
import type { DesiredKey } from '../../src/model/desired.ts'
import { day, hour, minute } from '../../src/model/duration.ts'
import type { Outcome } from '../../src/model/outcome.ts'
import type { Secret } from '../../src/model/secret.ts'
import { storeLabel } from '../../src/model/store.ts'
import { days, desiredKey, desiredState } from '../support/build.ts'
import { whole } from '../support/whole.ts'
import { openWorld } from '../support/world.ts'

const amount = 200
const runs = whole ? 365 : 120
/** Between two runs one of that many consumers calls the platform, in turns. */
const turns = whole ? 8 : 16
/** So often a consumer reads its store; the grace is two days. */
const rereads = 40 * hour

function storeOf(keyId: string): DesiredKey['stores'][number] {
  const spec = {
    kind: 'keychain',
    service: 'fluxloop',
    account: `acme-agents/${keyId}`,
    fallback: null,
  } as const
  return { spec, hash: 'aaaa00' }
}

/** Most keys live 60 days, some 30, some 90. */
const kinds = [
  { share: 0.6, expires: days(90), rotation: { maxAge: 60 * day, renewBefore: 9 * day } },
  { share: 0.8, expires: days(45), rotation: { maxAge: 30 * day, renewBefore: 5 * day } },
  { share: 1, expires: days(365), rotation: { maxAge: 90 * day, renewBefore: 30 * day } },
] as const

const keys = Array.from({ length: amount }, (_, index) => {
  const keyId = `agent-${String(index).padStart(3, '0')}`
  const { expires, rotation } = kinds.find(({ share }) => index < share * amount) ?? kinds[0]
  return desiredKey({ keyId, name: `Agent ${index}`, stores: [storeOf(keyId)], expires, rotation })
})

interface Consumer {
  readonly label: string
  held: Secret
  readAt: number
}

t.test(
  `keeps 200 keys working for ${runs} daily runs, and rotates on no day more than three times the mean`,
  async t => {
    const w = openWorld()
    t.teardown(() => w.close())
    const desired = desiredState(keys)
    // All are made on one day, so that nothing but the spread of due days keeps them apart.
    await w.apply(desired)
    const read = (label: string): Secret => {
      const secret = w.stores.secrets.get(label)
      if (secret === undefined) throw new TypeError(`${label} is empty`)
      return secret
    }
    const consumers = keys.map(({ stores }, index): Consumer => {
      const [store] = stores
      if (store === undefined) throw new TypeError('every key has a store')
      const label = storeLabel(store.spec)
      return { label, held: read(label), readAt: w.now - (rereads * index) / amount }
    })

    const rotations: number[] = []
    const requests: number[] = []
    const outages: string[] = []
    const failures: Outcome[] = []
    for (let run = 0; run < runs; run += 1) {
      w.forget()
      const { report } = await w.apply(desired)
      failures.push(...report.outcomes.filter(({ status }) => status !== 'done' && status !== 'held'))
      requests.push(w.exchanges.length)
      rotations.push(report.outcomes.filter(({ change }) => change.kind === 'rotate').length)
      // Between two runs every consumer works with what it holds, right after the run and late before the next.
      for (const moment of [minute, 23 * hour]) {
        const at = w.now + moment
        for (const consumer of consumers) {
          if (at - consumer.readAt >= rereads) {
            consumer.held = read(consumer.label)
            consumer.readAt = at
          }
        }
        w.now += moment
        for (const consumer of consumers.filter((_, index) => index % turns === run % turns)) {
          const works = await w
            .clientAs(consumer.held, 'agents/2.1')
            .whoami()
            .then(
              () => true,
              () => false,
            )
          if (!works) outages.push(`day ${run}: ${consumer.label}`)
        }
        w.now -= moment
      }
      w.now += day
    }
    t.strictSame(failures, [], 'every change is made')
    t.strictSame(outages, [], 'no consumer is ever refused')
    const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0)
    const mean = sum(rotations) / runs
    const busiest = Math.max(...rotations)
    t.comment(`${sum(rotations)} rotations, ${mean.toFixed(1)} a day, ${busiest} on the busiest day`)
    t.comment(
      `${sum(requests)} requests, ${(sum(requests) / runs).toFixed(1)} a day, ${Math.max(...requests)} on the busiest day`,
    )
    t.ok(sum(rotations) > (amount * 4 * runs) / 365, 'keys do rotate')
    t.ok(busiest <= 3 * mean, `${busiest} is at most three times ${mean}`)
    t.ok(Math.max(...requests) < 1000, 'every run fits into an hour')
  },
)
