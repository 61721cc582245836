// A platform, or something before it, whose answers are damaged: never a defect, never a wrong marker, never a lost secret.
import assert from 'node:assert/strict'
import { fc } from '../support/properties.ts'
import t from 'tap'
import type { DesiredState } from '../../src/model/desired.ts'
import { day } from '../../src/model/duration.ts'
import { Failure } from '../../src/model/failure.ts'
import type { LiveKey } from '../../src/model/live-key.ts'
import { storeLabel } from '../../src/model/store.ts'
import {
  formatMarker,
  markerRoom,
  parseMarker,
  readDescription,
  writeDescription,
} from '../../src/platform/marker-text.ts'
import { desiredKey, desiredState, envFile, keychain, marker } from '../support/build.ts'
import { cases, mutatedJson, mutatedText, requireCleanPrototypes } from '../support/fuzz.ts'
import { openWorld } from '../support/world.ts'

const texts = [
  formatMarker(marker()),
  formatMarker(marker({ state: { kind: 'pending' }, host: '1f0c22ab', protected: true, stores: [] })),
  formatMarker(marker({ state: { kind: 'released', at: 1_763_800_000_000 }, generation: 999_999 })),
]

t.test('a marker is read only where it is written just as we write it', async t => {
  let accepted = 0
  const property = fc.property(mutatedText(texts), text => {
    const read = parseMarker(text)
    if (read === null) return
    accepted += 1
    assert.equal(formatMarker(read), text)
    assert.match(read.stack, /^[a-z0-9][a-z0-9-]{0,39}$/)
    assert.match(read.keyId, /^[a-z0-9][a-z0-9_-]{0,62}$/)
    assert.ok(text.length < markerRoom(read.stack, read.keyId, read.stores.length))
  })
  fc.assert(property, { numRuns: cases(5_000) })
  t.ok(accepted > 0, `${accepted} were of the right form`)
})

t.test('of a damaged description only a whole marker counts, and half of one is kept as it is', async t => {
  const descriptions = texts.map(text => `Nightly runs ${text}`)
  const property = fc.property(mutatedText([...descriptions, descriptions.join(' ')]), text => {
    const { description, ownership } = readDescription(text)
    if (ownership.kind === 'managed') {
      const again = readDescription(writeDescription(description, ownership.marker))
      assert.deepEqual(again.ownership, ownership)
      assert.ok(text.includes(formatMarker(ownership.marker)))
    } else if (ownership.kind === 'unreadable') assert.equal(ownership.text, text)
    else assert.doesNotMatch(text, /\[fk\d/)
  })
  fc.assert(property, { numRuns: cases(2_000) })
  t.pass()
})

const limits = { revoke: 1, rotate: 1, always: 1000 }
const desired: DesiredState = desiredState(
  [desiredKey({ stores: [keychain] }), desiredKey({ keyId: 'second', name: 'Second', stores: [envFile] })],
  { limits },
)

function generations(keys: readonly LiveKey[]): readonly string[] {
  return keys.flatMap(({ ownership }) =>
    ownership.kind === 'managed' ? [`${ownership.marker.keyId} ${ownership.marker.state.kind}`] : [],
  )
}

/** Which answer of a run is damaged. */
const nthAnswer = fc.nat(9)

t.test(
  'an apply survives any damaged answer without a defect, and the next one heals what it left',
  { timeout: cases(240_000) },
  async t => {
    let damaged = 0
    const property = fc.asyncProperty(nthAnswer, fc.boolean(), fc.gen(), async (nth, rotating, pick) => {
      const w = openWorld()
      try {
        if (rotating) {
          await w.apply(desired)
          w.now += 61 * day
        }
        let seen = 0
        w.bend = async (_request, answer) => {
          seen += 1
          if (seen - 1 !== nth || answer.status === 204) return answer
          damaged += 1
          const body: unknown = await answer.json()
          const next = pick(mutatedJson, body)
          const text = next === undefined ? '' : JSON.stringify(next)
          return new Response(text, { status: answer.status, headers: answer.headers })
        }
        try {
          const { report } = await w.apply(desired)
          for (const outcome of report.outcomes) {
            if (outcome.status === 'failed') assert.doesNotMatch(outcome.message, /^An unexpected/)
          }
        } catch (error) {
          if (!(error instanceof Failure)) throw error
        }
        requireCleanPrototypes()
        w.bend = (_request, answer) => answer
        // What is only recognised as superseded by then has its grace.
        for (let run = 0; run < 3; run += 1) {
          await w.apply(desired)
          w.now += 4 * day
        }
        assert.deepEqual((await w.plan(desired)).changes, [])
        const live = await w.list()
        assert.deepEqual([...generations(live)].sort(), ['ci-pipeline delivered', 'second delivered'])
        for (const { spec } of [keychain, envFile]) {
          const secret = w.stores.secrets.get(storeLabel(spec))
          assert.ok(secret !== undefined, 'every store has a secret')
          assert.ok(await w.clientAs(secret, 'consumer/1').whoami(), 'that works')
        }
      } finally {
        w.close()
      }
    })
    await fc.assert(property, { numRuns: cases(60) })
    t.ok(damaged > 20, `${damaged} answers were damaged`)
  },
)
