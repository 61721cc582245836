import t from 'tap'
import type { DesiredState } from '../../src/model/desired.ts'
import { type Overruled, judgedBy } from '../../src/pull-request/judge.ts'
import { desiredKey, desiredState } from '../support/build.ts'

const exception = {
  ...{ rule: 'no-expiry', permission: null, project: null, reason: 'because', owner: null },
  ...{ until: 0, position: { file: 'a.yaml', line: 1, column: 1 } },
}
const limits = { revoke: 0.25, rotate: 0.25, always: 2 }
const prune = desiredState([]).prune
const signing = { publicKeys: ['a'], signingKey: null }
const strictAudit = { ...desiredState([]).policy.audit, failOn: 'low' as const }

type Sides = Partial<DesiredState>
const rows: readonly (readonly [
  title: string,
  base: Sides,
  head: Sides,
  overruled: readonly Overruled['what'][],
  counts: object,
])[] = [
  ['nothing changes', {}, {}, [], {}],
  ['limits are raised', { limits }, { limits: { ...limits, revoke: 1, always: 9 } }, ['limits'], { limits }],
  ['limits are lowered', { limits }, { limits: { ...limits, revoke: 0.1 } }, [], { limits: { revoke: 0.1 } }],
  [
    'a pattern is kept no longer',
    { prune: { ...prune, keep: ['a'] } },
    { prune },
    ['prune.keep'],
    { prune: { keep: ['a'] } },
  ],
  [
    'another pattern is kept',
    { prune },
    { prune: { ...prune, keep: ['a'] } },
    [],
    { prune: { keep: ['a'] } },
  ],
  [
    'a policy fails later',
    { policy: { forbid: ['widening'], breakGlass: [], audit: strictAudit } },
    { policy: { forbid: [], breakGlass: [], audit: { ...strictAudit, failOn: null } } },
    ['policy'],
    { policy: { forbid: ['widening'], audit: { failOn: 'low' } } },
  ],
  [
    'a policy forbids more',
    { policy: { forbid: [], breakGlass: [], audit: strictAudit } },
    { policy: { forbid: ['widening'], breakGlass: [], audit: strictAudit } },
    [],
    { policy: { forbid: ['widening'] } },
  ],
  [
    'other signing keys',
    { marker: signing },
    { marker: { ...signing, publicKeys: ['b'] } },
    ['marker'],
    { marker: signing },
  ],
  ['no signing keys any more', { marker: signing }, { marker: null }, ['marker'], { marker: signing }],
  ['signing keys where there were none', { marker: null }, { marker: signing }, ['marker'], { marker: null }],
  [
    'protection is taken away',
    { keys: [desiredKey({ protect: true })] },
    { keys: [desiredKey({ protect: false })] },
    ['protect'],
    { keys: [{ protect: true }] },
  ],
  [
    'protection is taken away from a key that is renamed',
    { keys: [desiredKey({ keyId: 'before', protect: true })] },
    { keys: [desiredKey({ previously: 'before' })] },
    ['protect'],
    { keys: [{ protect: true }] },
  ],
  [
    'protection is given',
    { keys: [desiredKey()] },
    { keys: [desiredKey({ protect: true })] },
    [],
    { keys: [{ protect: true }] },
  ],
  [
    'an exception is added',
    { keys: [desiredKey()] },
    { keys: [desiredKey({ exceptions: [exception] })] },
    ['exceptions'],
    { keys: [{ exceptions: [] }] },
  ],
  [
    'an exception is made longer',
    { keys: [desiredKey({ exceptions: [exception] })] },
    { keys: [desiredKey({ exceptions: [{ ...exception, until: 1 }] })] },
    ['exceptions'],
    { keys: [{ exceptions: [] }] },
  ],
  [
    'an exception moves to another line',
    { keys: [desiredKey({ exceptions: [exception] })] },
    { keys: [desiredKey({ exceptions: [{ ...exception, position: { ...exception.position, line: 9 } }] })] },
    [],
    { keys: [{ exceptions: [{ rule: 'no-expiry' }] }] },
  ],
]

t.test('the base has the word on what judges, and stricter is taken as it is', async t => {
  for (const [title, base, head, overruled, counts] of rows) {
    const state = (sides: Sides) => ({ ...desiredState([desiredKey()]), ...sides })
    const judged = judgedBy(state(base), state(head))
    t.strictSame(
      judged.overruled.map(({ what }) => what),
      overruled,
      title,
    )
    t.match(judged.desired, counts, title)
  }
})

t.test('a base without a configuration has the usual limits, and no exceptions', async t => {
  const head = desiredState([desiredKey({ exceptions: [exception] })], {
    limits: { revoke: 1, rotate: 1, always: 100 },
  })
  const { desired, overruled } = judgedBy(null, head)
  t.match(desired, { limits, keys: [{ exceptions: [] }] })
  t.strictSame(
    overruled.map(({ what }) => what),
    ['limits', 'exceptions'],
  )
})
