import { createHash } from 'node:crypto'
import assert from 'node:assert/strict'
import { cases } from '../support/fuzz.ts'
import { fc } from '../support/properties.ts'
import t from 'tap'
import { type Plan, isHeldInPart } from '../../src/model/change.ts'
import { day } from '../../src/model/duration.ts'
import { Failure } from '../../src/model/failure.ts'
import { compareWithApproved, touchedKeys } from '../../src/plan/approved.ts'
import { impersonal } from '../../src/plan/impersonal.ts'
import { computePlan } from '../../src/plan/compute-plan.ts'
import { type PlanFile, configurationHash, readPlanFile, toPlanFile } from '../../src/plan/plan-file.ts'
import { jsonText } from '../../src/render/text/json.ts'
import {
  desiredKey,
  desiredState,
  envFile,
  keychain,
  managedKey,
  now,
  options,
  usedAt,
} from '../support/build.ts'
import { aged, key, other, planOf, retired, head, summary, undeclared } from '../support/plan-of.ts'
import { anyWorld } from '../support/worlds.ts'

const hash = (text: string) => createHash('sha256').update(text).digest('hex')
const binding = {
  origin: 'https://api.example.com',
  account: 'acme',
  configuration: 'c0ffee',
  validUntil: now + day,
  options: options(),
}
const written = (plan: Plan) => jsonText(toPlanFile(plan, desiredState([desiredKey()]), binding, hash))
const read = (text: string) => readPlanFile(text, 'plan.json', hash)
const approvedOf = (plan: Plan) => read(written(plan)).plan

t.test('reads back the very plan that it wrote, whatever is in it', async () => {
  fc.assert(
    fc.property(anyWorld, ({ desired, current, options }) => {
      const plan = computePlan(desired, current, now, options)
      const file = read(jsonText(toPlanFile(plan, desired, { ...binding, options }, hash)))
      assert.deepEqual(file.plan, impersonal(plan))
      for (const [name, value] of Object.entries(file.options)) {
        assert.deepEqual(value, options[name as keyof typeof file.options])
      }
      assert.equal(file.validUntil, now + day)
    }),
    { numRuns: cases(200) },
  )
})

t.test('finds a plan that is computed anew as it was approved', async () => {
  fc.assert(
    fc.property(anyWorld, ({ desired, current, options }) => {
      const plan = computePlan(desired, current, now, options)
      const { changes, stale } = compareWithApproved(approvedOf(plan), plan)
      assert.deepEqual({ changes, stale }, { changes: plan.changes, stale: [] })
    }),
    { numRuns: cases(200) },
  )
})

t.test('finds it so too where only the keys that it touches are planned anew', async () => {
  fc.assert(
    fc.property(anyWorld, ({ desired, current, options }) => {
      const plan = computePlan(desired, current, now, options)
      const only = touchedKeys(plan)
      // Limits, and the trouble of one key, are about all keys that a plan is about.
      fc.pre(only.length > 0 && plan.deferred.length === 0 && !isHeldInPart(plan))
      const fresh = computePlan(desired, current, now, { ...options, targets: { only, except: [] } })
      const { changes, stale } = compareWithApproved(approvedOf(plan), fresh)
      assert.deepEqual({ changes, stale }, { changes: plan.changes, stale: [] })
    }),
    { numRuns: cases(500) },
  )
})

type Edit = (file: Record<string, unknown> & PlanFile) => unknown
const edited = (edit: Edit): string => {
  const file = JSON.parse(written(planOf({ keys: [aged] }))) as Record<string, unknown> & PlanFile
  return JSON.stringify(edit(file))
}

t.test('refuses what is not a whole plan file, and says what is wrong with it', async t => {
  const rows: readonly (readonly [title: string, text: string, says: RegExp])[] = [
    ['nothing', '', /is not a plan file: it is not JSON/],
    ['half a file', written(planOf({})).slice(0, 300), /not JSON/],
    ['null', 'null', /is not a plan file$/],
    ['a list', '[]', /is not a plan file$/],
    ['plan --json', '{"format_version": "1.0"}', /is not a plan file$/],
    ['another version', edited(file => ({ ...file, version: 2 })), /another version/],
    ['no origin', edited(file => ({ ...file, origin: undefined })), /`origin` is missing/],
    ['a number for a text', edited(file => ({ ...file, account: 1 })), /`account` is not text/],
    [
      'a fraction of a moment',
      edited(file => ({ ...file, validUntil: 1.5 })),
      /`validUntil` is not a whole number/,
    ],
    [
      'a moment beyond numbers',
      edited(file => ({ ...file, validUntil: 1e300 })),
      /`validUntil` is not a whole number/,
    ],
    ['options as a list', edited(file => ({ ...file, options: [] })), /`options` is not a map/],
    [
      'an option of its own',
      edited(file => ({ ...file, options: { ...file.options, force: true } })),
      /`options\."force"` is unknown/,
    ],
    [
      'changes as a map',
      edited(file => ({ ...file, plan: { ...file.plan, changes: {} } })),
      /`plan\.changes` is not a list/,
    ],
    [
      'a change of nothing',
      edited(file => ({ ...file, plan: { ...file.plan, changes: [null] } })),
      /`plan\.changes\[0\]` is not a map/,
    ],
    [
      'a live key that is none',
      edited(file => ({
        ...file,
        plan: { ...file.plan, changes: [{ kind: 'revoke', keyId: 'a', live: null }] },
      })),
      /`plan\.changes\[0\]\.live` is not a map/,
    ],
    ['a property more', edited(file => ({ ...file, more: 1 })), /`"more"` is unknown/],
    [
      'a property by a name that every object has',
      edited(file => ({ ...file, constructor: 1 })),
      /`"constructor"` is unknown/,
    ],
    [
      'a longer life',
      edited(file => ({ ...file, validUntil: now + 99 * day })),
      /was changed after it was written/,
    ],
    [
      'another change',
      edited(file => ({ ...file, plan: { ...file.plan, changes: [] } })),
      /was changed after/,
    ],
  ]
  for (const [title, text, says] of rows) {
    t.throws(() => read(text), { name: 'Failure', code: 'configuration', message: says }, title)
  }
  const poisoned = written(planOf({})).replace('"origin"', '"__proto__": { "polluted": true }, "origin"')
  t.throws(() => read(poisoned), { message: /`"__proto__"` is unknown/ })
  t.equal(({} as Record<string, unknown>)['polluted'], undefined)
})

t.test('never throws anything but a failure, whatever the file holds', async () => {
  const text = written(planOf({ keys: [aged] }))
  fc.assert(
    fc.property(fc.nat(text.length), fc.nat(40), fc.string(), (at, length, instead) => {
      try {
        read(text.slice(0, at) + instead + text.slice(at + length))
      } catch (error) {
        assert.ok(error instanceof Failure)
      }
    }),
    { numRuns: cases(300) },
  )
})

t.test('names the keys for which the plan is another one now, and no others', async t => {
  const both = [key, other]
  const approved = approvedOf(planOf({ desired: both, keys: [aged, managedKey(other)] }))
  const staleWith = (ours: Parameters<typeof managedKey>[1], theirs: Parameters<typeof managedKey>[1] = {}) =>
    compareWithApproved(
      approved,
      planOf({
        desired: both,
        keys: [managedKey(key, { ...ours, live: { ...aged, ...ours?.live } }), managedKey(other, theirs)],
      }),
    ).stale
  t.strictSame(staleWith({}), [])
  t.strictSame(
    staleWith({ live: { lastUse: usedAt(now), version: '9' } }),
    [],
    'use and version do not count',
  )
  t.strictSame(staleWith({}, { live: { name: 'Edited' } }), [], 'another key may drift')
  t.strictSame(staleWith({ live: { permissions: ['read_results'] } }), ['ci-pipeline'])
  t.strictSame(staleWith({ live: { createdAt: now } }), ['ci-pipeline'], 'somebody rotated it')
  t.strictSame(
    compareWithApproved(approved, planOf({ desired: both })).stale,
    ['ci-pipeline'],
    'somebody revoked it',
  )
})

t.test('holds back the key for which a plan is stale and all pruning, and nothing else', async t => {
  const drifted = { live: { name: 'Edited' } }
  const both = [key, other]
  const planWith = (ours: Parameters<typeof managedKey>[1]) =>
    planOf({
      desired: both,
      keys: [managedKey(key, ours), managedKey(other, drifted), undeclared()],
    })
  const approved = planWith(drifted)
  t.equal(approved.changes.length, 3)
  const { changes, stale } = compareWithApproved(approvedOf(approved), planWith({ live: { name: 'Again' } }))
  t.strictSame(stale, ['ci-pipeline'])
  t.strictSame(
    changes.map(({ kind, keyId }) => `${kind} ${keyId}`),
    ['update other'],
  )
})

t.test('defers again what an approved plan deferred, though the file lists none of it', async t => {
  const twelve = Array.from({ length: 12 }, (_, index) => desiredKey({ keyId: `key-${index}` }))
  const old = { createdAt: now - 61 * day, expiresAt: now + 29 * day, name: 'Edited' }
  const whole = planOf({ desired: twelve, keys: twelve.map(one => managedKey(one, { live: old })) })
  t.strictSame([whole.deferred.length, touchedKeys(whole).length], [9, 12])
  const { changes, stale } = compareWithApproved(approvedOf(whole), whole)
  t.strictSame([changes.length, stale], [whole.changes.length, []])
})

t.test('leaves out a revocation that came into use, and one that nobody approved', async t => {
  const idle = planOf({ keys: [head(), retired()] })
  const busy = planOf({ keys: [head(), retired({ lastUse: usedAt(now - 1) })] })
  t.strictSame(summary(idle), ['revoke key_ci-pipeline_1'])
  t.strictSame(compareWithApproved(approvedOf(idle), busy), { changes: [], stale: [] })

  const drifted = { name: 'Edited' }
  const update = planOf({ keys: [head(drifted), retired({ lastUse: usedAt(now - 1) })] })
  const more = planOf({ keys: [head(drifted), retired()] })
  t.equal(more.changes.length, 2)
  const compared = compareWithApproved(approvedOf(update), more)
  t.strictSame(compared.stale, [])
  t.strictSame(
    compared.changes.map(({ kind }) => kind),
    ['update'],
  )
})

t.test('knows a configuration by what it says, not by where it says it', async t => {
  const of = (overrides: Parameters<typeof desiredKey>[0]) =>
    configurationHash(desiredState([desiredKey(overrides)]), hash)
  const same = of({})
  t.equal(of({ position: { file: 'moved.yaml', line: 9, column: 3 } }), same)
  t.equal(
    of({ stores: [{ ...keychain, spec: envFile.spec }] }),
    same,
    'another checkout, other absolute paths',
  )
  t.not(of({ permissions: ['read_scenarios'] }), same)
  t.not(of({ stores: [envFile] }), same)
  t.not(
    configurationHash(desiredState(undefined, { limits: { revoke: 1, rotate: 1, always: 9 } }), hash),
    same,
  )
})
