import t from 'tap'
import type { Change } from '../../src/model/change.ts'
import { noRemoval } from '../../src/model/removal.ts'
import { type Source, isPatch, isProvision, isRevocation, sourcesOf } from '../../src/model/verb.ts'
import { desiredKey, liveKey } from '../support/build.ts'

const desired = desiredKey()
const { keyId } = desired
const live = liveKey()
const removal = noRemoval
const own = { keyId, desired, generation: 2 }

const create: Change = { kind: 'create', ...own }
const rotate = (strategy: 'overlap' | 'in-place'): Change => {
  return {
    kind: 'rotate',
    strategy,
    ...own,
    live,
    fields: [],
    reasons: [],
    leaked: [],
    predecessors: [],
    removal,
  }
}
const deliver = (strategy: 'overlap' | 'in-place', rotates: boolean): Change => {
  const how = { strategy, rotates, fields: [], narrowing: [], predecessors: [], reasons: [] } as const
  return { kind: 'deliver', ...own, live, ...how, removal }
}
const heal = (generation: number | null): Change => {
  return { kind: 'heal', keyId, desired, pending: [], generation, excess: [], predecessors: [], removal }
}

const provisions: readonly (readonly [what: string, change: Change, sources: readonly Source[]])[] = [
  ['create', create, ['new key']],
  ['rotate by overlap', rotate('overlap'), ['new key']],
  ['rotate in place', rotate('in-place'), ['regenerate']],
  ['deliver', deliver('overlap', false), ['store', 'new key']],
  ['deliver, in place', deliver('in-place', false), ['store', 'regenerate']],
  ['deliver where no store can be read', deliver('overlap', true), ['new key']],
  ['deliver in place where no store can be read', deliver('in-place', true), ['regenerate']],
  ['heal', heal(3), ['store', 'replay', 'new key']],
  ['heal where no key may be added', heal(null), ['store', 'replay']],
]

const patches: readonly Change[] = [
  { kind: 'adopt', ...own, live, fields: [] },
  {
    kind: 'update',
    keyId,
    desired,
    live,
    superseded: false,
    fields: [],
    mark: { event: 'updated' },
    proof: null,
    removal,
  },
  { kind: 'release', keyId, live, generation: 2 },
]

const revoke: Change = {
  kind: 'revoke',
  keyId,
  live,
  generation: 1,
  reason: { code: 'undeclared' },
  gate: { quiet: 0, waived: false },
}

for (const [what, change, sources] of provisions) {
  t.test(`${what} gets its secret from: ${sources.join(', then ')}`, async t => {
    t.ok(isProvision(change))
    t.strictSame(sourcesOf(change), sources)
  })
}

t.test('every change has one verb, and only a provision has sources', async t => {
  const verbs = [isProvision, isPatch, isRevocation]
  const changes = [...provisions.map(([, change]) => change), ...patches, revoke]
  for (const change of changes) t.equal(verbs.filter(is => is(change)).length, 1, change.kind)
  for (const change of [...patches, revoke]) t.strictSame(sourcesOf(change), [], change.kind)
  t.ok(patches.every(isPatch))
  t.ok(isRevocation(revoke))
})
