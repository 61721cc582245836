import t from 'tap'
import { exitCodeOf } from '../../src/commands/exit-code.ts'
import type { FailureCode } from '../../src/model/failure.ts'
import type { Outcome } from '../../src/model/outcome.ts'
import { desiredKey, neverUsed } from '../support/build.ts'

const change = { kind: 'create', keyId: 'ci-pipeline', desired: desiredKey(), generation: 1 } as const
const done: Outcome = { change, status: 'done', action: 'created', liveId: 'key_1', places: [], removed: [] }
const held: Outcome = { change, status: 'held', lastUse: neverUsed }
const skipped = (why: 'interrupted' | 'stopped' | 'earlier-failure'): Outcome => ({
  change,
  status: 'skipped',
  why,
})
const failed = (code: FailureCode): Outcome => ({ change, status: 'failed', code, message: '', hints: [] })

t.test('ends an apply with the code of what came of it', async t => {
  const table: readonly (readonly [code: number, outcomes: readonly Outcome[], interrupted?: true])[] = [
    [0, []],
    [0, [done, done]],
    [0, [done, held]],
    [1, [failed('failed')]],
    [2, [failed('usage')]],
    [3, [failed('authentication'), failed('permission')]],
    [4, [failed('network'), failed('rate-limited'), skipped('stopped')]],
    [5, [failed('not-found')]],
    [6, [failed('refused')]],
    [1, [failed('network'), failed('permission')]],
    [7, [done, failed('network')]],
    [7, [done, failed('network'), failed('conflict'), skipped('earlier-failure')]],
    [1, [failed('network'), failed('conflict')]],
    [12, [failed('conflict')]],
    [12, [done, failed('conflict'), skipped('earlier-failure')]],
    [130, [done], true],
    [130, [failed('network'), skipped('interrupted')], true],
  ]
  for (const [code, outcomes, interrupted] of table) {
    const words = outcomes.map(one => (one.status === 'failed' ? one.code : one.status)).join(', ')
    t.equal(exitCodeOf({ outcomes, interrupted: interrupted ?? false }), code, words)
  }
})
