import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import t, { type Test } from 'tap'
import { day, minute } from '../../../src/model/duration.ts'
import { Secret } from '../../../src/model/secret.ts'
import { type Connection, connect } from '../../src/database/connect.ts'
import { migrate } from '../../src/database/migrate.ts'
import type { NoticeChannel } from '../../src/notify/channel.ts'
import type { Fact, Notice } from '../../src/notify/notice.ts'
import { createNotifier } from '../../src/notify/notifier.ts'
import { forgetTold } from '../../src/notify/told.ts'
import { postgresForTest } from '../support/postgres.ts'
import { type Receiver, openReceiver } from './receiver.ts'

const start = Date.UTC(2026, 10, 22)
const stack = { name: 'acme/one', origin: 'https://api.fluxloop.ai', account: 'acme', owner: null } as const
const inState = (state: 'in-sync' | 'drifted' | 'failing'): Fact => ({
  ...{ ...stack, kind: 'stack-state', state, problem: null },
})
const ending = (days: number): Fact => ({ ...stack, kind: 'key-end', keyId: 'ci', ends: start + days * day })
const finding = (state: Extract<Fact, { kind: 'finding' }>['state'], more: Partial<Fact> = {}): Fact =>
  ({
    ...{ ...stack, kind: 'finding', fingerprint: 'f1', rule: 'no-expiry', severity: 'high', keyId: 'ci' },
    ...{ message: 'It never ends', state, ...more },
  }) as Fact

function channelTo({ url }: Receiver, more: Partial<NoticeChannel> = {}): NoticeChannel {
  return {
    name: 'ops',
    target: { kind: 'webhook', url, secret: new Secret('signing-secret-of-a-channel') },
    timeout: 3_000,
    events: ['in-sync', 'drifted', 'failing', 'ending'],
    owners: [],
    findingsFrom: 'high',
    ...more,
  }
}

/** A replica's notifier, on a clock of its own. */
function replicaOn(connection: Connection) {
  const warnings: string[] = []
  const clock = { now: start }
  const notifier = createNotifier({
    db: connection.db,
    sending: {
      ...{ env: {}, version: '1.2.3', now: () => clock.now, pause: async () => undefined },
      stopping: new AbortController().signal,
    },
    log: { info: () => undefined, warn: message => void warnings.push(message) },
  })
  return { ...notifier, warnings, clock }
}

const schema = new URL('../../schemas/notice.schema.json', import.meta.url)
const ajv = new Ajv2020({ validateFormats: false })
const isNotice = ajv.compile(JSON.parse(readFileSync(schema, 'utf8')) as object)

const noticesOf = ({ received }: Receiver) => received.map(({ body }) => JSON.parse(body) as Notice)
const titlesOf = (receiver: Receiver) => noticesOf(receiver).map(({ title }) => title)

const postgres = await postgresForTest(t)
if (postgres !== null) {
  const scene = async (t: Test) => {
    const database = await postgres.database()
    const open = () => {
      const connection = connect(database.url)
      t.teardown(() => connection.close())
      return connection
    }
    const connection = open()
    await migrate(connection)
    const receiver = await openReceiver(t)
    return { database, connection, open, receiver, channels: [channelTo(receiver)], ...replicaOn(connection) }
  }

  t.test(
    'tells each change of the state of a stack once, and nothing of a stack that begins well',
    async t => {
      const { tell, channels, receiver } = await scene(t)
      for (const state of ['in-sync', 'in-sync', 'drifted', 'drifted', 'failing', 'failing'] as const)
        await tell(channels, [inState(state)])
      await tell(channels, [inState('in-sync'), { ...inState('failing'), name: 'acme/two' }])
      t.strictSame(titlesOf(receiver).slice(0, 2), ['Stack acme/one has drifted', 'Stack acme/one fails'])
      t.strictSame(titlesOf(receiver).slice(2).sort(), ['Stack acme/one is in sync', 'Stack acme/two fails'])
      t.equal(new Set(noticesOf(receiver).map(({ id }) => id)).size, 4)
    },
  )

  t.test('tells a thing once, where several replicas tell it at the same time', async t => {
    const { open, channels, receiver } = await scene(t)
    const replicas = Array.from({ length: 4 }, () => replicaOn(open()))
    const facts = [inState('failing'), finding('open'), ending(5)]
    await Promise.all(replicas.flatMap(({ tell }) => [tell(channels, facts), tell(channels, facts)]))
    t.equal(receiver.received.length, 3)
    for (const notice of noticesOf(receiver)) t.ok(isNotice(notice), ajv.errorsText(isNotice.errors))
    await Promise.all(replicas.map(({ retry }) => retry()))
    t.equal(receiver.received.length, 3)
    t.strictSame(
      replicas.flatMap(({ warnings }) => warnings),
      [],
    )
  })

  t.test('tells again what a server did not take: later, or after the next run by any replica', async t => {
    const { open, channels, receiver, tell, retry, warnings, clock } = await scene(t)
    const other = replicaOn(open())
    receiver.answer = response => response.writeHead(500).end()
    await tell(channels, [inState('failing')])
    t.equal(receiver.received.length, 3, 'three tries at once')
    t.strictSame(warnings, ['The channel ops did not take a notice: HTTP 500'])
    await retry()
    await tell(channels, [inState('failing')])
    t.equal(receiver.received.length, 3, 'it waits a minute')
    clock.now += minute
    await retry()
    t.equal(receiver.received.length, 6)
    receiver.answer = response => void response.end()
    await other.tell(channels, [inState('failing')])
    t.equal(receiver.received.length, 7)
    clock.now += 60 * minute
    await retry()
    await tell(channels, [inState('failing')])
    t.equal(receiver.received.length, 7)
    t.equal(new Set(noticesOf(receiver).map(({ id }) => id)).size, 1, 'all tries have one id')
  })

  t.test('tells nothing that is over meanwhile', async t => {
    const { database, open, channels, receiver, tell, retry, clock } = await scene(t)
    const other = replicaOn(open())
    receiver.answer = response => response.writeHead(500).end()
    await tell(channels, [inState('drifted')])
    receiver.answer = response => void response.end()
    await other.tell(channels, [inState('in-sync')])
    t.equal(receiver.received.length, 3, 'nobody was told that it had drifted')
    clock.now += minute
    await retry()
    t.equal(receiver.received.length, 3)
    receiver.answer = response => response.writeHead(500).end()
    await tell(channels, [inState('failing')])
    await other.tell(channels, [inState('drifted')])
    const [row] = await database.sql('select state from fluxloop_keys.notice')
    await tell(channels, [{ ...inState('failing'), name: 'acme/two' }])
    clock.now += 2 * minute
    await retry()
    t.strictSame(await database.sql("select state from fluxloop_keys.notice where subject like '%one%'"), [
      row,
    ])
  })

  t.test('tells what a replica was about to tell when it died', async t => {
    const { database, channels, receiver, tell } = await scene(t)
    await tell(channels, [inState('drifted')])
    await database.sql(
      "update fluxloop_keys.notice set told_step = 0, told_at = clock_timestamp() + interval '1 hour'",
    )
    await tell(channels, [inState('drifted')])
    t.equal(receiver.received.length, 1, 'it may be telling still')
    await database.sql("update fluxloop_keys.notice set told_at = clock_timestamp() - interval '1 second'")
    await tell(channels, [inState('drifted')])
    t.equal(receiver.received.length, 2)
    const [first, second] = noticesOf(receiver)
    t.equal(first?.id, second?.id)
  })

  t.test('repeats the end of a key as it comes near, and begins anew with another end', async t => {
    const { channels, receiver, tell, clock } = await scene(t)
    const fact = ending(40)
    for (let passed = 0; passed < 42; passed++) {
      clock.now = start + passed * day
      await tell(channels, [fact])
      await tell(channels, [fact])
    }
    t.strictSame(titlesOf(receiver), [
      ...[30, 14, 7, 3, 1].map(
        days => `Key ci of stack acme/one ends in ${days === 1 ? '1 day' : `${days} days`}`,
      ),
    ])
    await tell(channels, [ending(100)])
    t.equal(receiver.received.length, 5)
    await tell(channels, [ending(50)])
    t.equal(titlesOf(receiver)[5], 'Key ci of stack acme/one ends in 9 days')
  })

  t.test('tells findings from a severity on, and their end to whoever was told', async t => {
    const { channels, receiver, tell } = await scene(t)
    const low = { fingerprint: 'f2', severity: 'low' } as Partial<Fact>
    const old = { fingerprint: 'f3' } as Partial<Fact>
    await tell(channels, [finding('open'), finding('open', low), finding('resolved', old)])
    for (const state of ['suppressed', 'reopened', 'resolved', 'resolved', 'reopened'] as const)
      await tell(channels, [finding(state), finding(state, low)])
    t.strictSame(
      noticesOf(receiver).map(({ state, level, key }) => [state, level, key]),
      [
        ['open', 'critical', 'ci'],
        ['reopened', 'critical', 'ci'],
        ['resolved', 'info', 'ci'],
        ['reopened', 'critical', 'ci'],
      ],
    )
  })

  t.test('tells a rotation that fails once, until one is done', async t => {
    const { channels, receiver, tell } = await scene(t)
    const rotation = (failed: boolean): Fact => ({
      ...{ ...stack, kind: 'rotation', keyId: 'ci', failed, problem: 'the store is full' },
    })
    for (const failed of [false, true, true, false, true]) await tell(channels, [rotation(failed)])
    t.strictSame(titlesOf(receiver), [
      'The rotation of key ci of stack acme/one failed',
      'The rotation of key ci of stack acme/one failed',
    ])
  })

  t.test(
    'tells the owner where one has a channel, all others by default, and each what it wants',
    async t => {
      const { tell, receiver } = await scene(t)
      const [team, quiet] = [await openReceiver(t), await openReceiver(t)]
      const channels = [
        channelTo(receiver),
        channelTo(team, { name: 'team', owners: ['platform-team'] }),
        channelTo(quiet, { name: 'quiet', events: ['failing'] }),
      ]
      const of = (owner: string | null, state: 'drifted' | 'failing', name: string): Fact => ({
        ...{ ...inState(state), owner, name },
      })
      await tell(channels, [of('platform-team', 'drifted', 'a'), of('data-team', 'drifted', 'b')])
      await tell(channels, [of(null, 'failing', 'c')])
      t.strictSame(titlesOf(receiver), ['Stack b has drifted', 'Stack c fails'])
      t.strictSame(titlesOf(team), ['Stack a has drifted'])
      t.strictSame(titlesOf(quiet), ['Stack c fails'])
      t.equal(noticesOf(team)[0]?.owner, 'platform-team')
    },
  )

  t.test('tells a state again that was left for one which the channel does not want', async t => {
    const { tell, receiver, database } = await scene(t)
    const channels = [channelTo(receiver, { events: ['failing', 'in-sync'] })]
    for (const state of ['drifted', 'in-sync'] as const) await tell(channels, [inState(state)])
    t.strictSame(await database.sql('select from fluxloop_keys.notice'), [], 'nobody had to know')
    for (const state of ['failing', 'drifted', 'failing', 'drifted', 'in-sync'] as const)
      await tell(channels, [inState(state)])
    t.strictSame(
      noticesOf(receiver).map(({ state }) => state),
      ['failing', 'failing', 'in-sync'],
    )
  })

  t.test('tells the other channels where one fails', async t => {
    const { tell, receiver } = await scene(t)
    const broken = await openReceiver(t)
    broken.answer = response => response.destroy()
    await tell([channelTo(broken, { name: 'broken' }), channelTo(receiver)], [inState('failing')])
    t.equal(receiver.received.length, 1)
  })

  t.test('asks a channel that hangs once in a while, however much there is to tell', async t => {
    const { receiver, tell, retry, clock } = await scene(t)
    const other = await openReceiver(t)
    const channels = [channelTo(receiver, { timeout: 500 }), channelTo(other, { name: 'other' })]
    const failing = (from: number) =>
      Array.from({ length: 12 }, (_, index) => ({ ...inState('failing'), name: `stack-${from + index}` }))
    receiver.answer = () => undefined
    await tell(channels, failing(0))
    const asked = receiver.received.length
    t.ok(asked <= 4 * 3, `${asked} calls: those that began at once, three times each`)
    await tell(channels, failing(12))
    await retry()
    t.equal(receiver.received.length, asked)
    t.equal(other.received.length, 24, 'the other channel is told at once')
    receiver.answer = response => void response.end()
    receiver.received.length = 0
    for (let minutes = 0; minutes < 10; minutes++) {
      clock.now += minute
      await retry()
    }
    t.equal(new Set(titlesOf(receiver)).size, 24, 'all of it is sent later')
    for (const facts of [failing(0), failing(12)]) await tell(channels, facts)
    t.equal(receiver.received.length, 24, 'and nothing twice')
    t.equal(other.received.length, 24)
  })

  t.test('tells again after a year what is still so, and nothing twice before', async t => {
    const { tell, receiver, channels, database, connection } = await scene(t)
    await tell(channels, [inState('failing')])
    await forgetTold(connection.db, 365 * day)
    await tell(channels, [inState('failing')])
    t.equal(receiver.received.length, 1)
    await database.sql(
      "update fluxloop_keys.notice set since = since - interval '2 years', told_at = told_at - interval '2 years'",
    )
    await forgetTold(connection.db, 365 * day)
    await tell(channels, [inState('failing')])
    t.equal(receiver.received.length, 2)
  })

  t.test('goes on where the database is away, and tells after the next run', async t => {
    const { tell, receiver, channels, warnings } = await scene(t)
    await postgres.stop()
    await tell(channels, [inState('failing')])
    t.equal(receiver.received.length, 0)
    t.match(warnings, [/^Notices wait for the next run/])
    await postgres.start()
    await tell(channels, [inState('failing')])
    t.equal(receiver.received.length, 1)
  })
}
