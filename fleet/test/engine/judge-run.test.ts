import t from 'tap'
import { Failure } from '../../../src/model/failure.ts'
import { planOf, key, head } from '../../../test/support/plan-of.ts'
import { judgeRun } from '../../src/engine/judge-run.ts'
import type { StackRun } from '../../src/engine/run-stack.ts'

const pending = planOf({ desired: [key], keys: [] })
const settled = planOf({ desired: [key], keys: [head()] })
const waiting: typeof settled = {
  ...settled,
  findings: [
    {
      severity: 'warning',
      code: 'being-made',
      keyId: 'ci-pipeline',
      liveId: 'key_2',
      until: settled.now,
      lacksSuccessor: true,
    },
  ],
}

function run(given: Partial<StackRun>, plan = settled): StackRun {
  const reconciliation = { plan } as StackRun['reconciliation']
  return { mode: 'apply', exitCode: 0, failure: null, reconciliation, report: null, ...given }
}

t.test('calls a stack in sync, drifted, failing or busy by how its run ended', t => {
  const failure = new Failure('network', 'Cannot reach the platform', { hints: ['Check the address.'] })
  for (const [what, given, state, problem] of [
    ['nothing to do', run({}), 'in-sync', null],
    ['everything applied', run({}, pending), 'in-sync', null],
    ['planned, with changes', run({ mode: 'plan' }, pending), 'drifted', null],
    ['planned, without', run({ mode: 'plan' }), 'in-sync', null],
    ['planned, with what another run has to finish', run({ mode: 'plan' }, waiting), 'drifted', null],
    ['it failed', run({ exitCode: 4, failure }), 'failing', 'Cannot reach the platform. Check the address.'],
    ['in part', run({ exitCode: 7 }), 'failing', 'It ended with exit code 7'],
  ] as const)
    t.strictSame(judgeRun(given), { state, problem }, what)
  t.equal(judgeRun(run({ exitCode: 12 })).state, 'busy', 'another run has the stack')
  t.equal(judgeRun(run({ exitCode: 130 })).state, 'busy', 'the replica shuts down')
  t.end()
})

t.test('says which key failed first, and why', t => {
  const [change] = pending.changes
  if (change === undefined) throw new TypeError('the key is to be made')
  const outcome = {
    change,
    status: 'failed',
    code: 'network',
    message: 'The connection broke',
    hints: [],
  } as const
  const report = { outcomes: [outcome], interrupted: false }
  t.equal(judgeRun(run({ exitCode: 4, report }, pending)).problem, 'ci-pipeline: The connection broke')
  t.end()
})
