import t from 'tap'
import { findKey, pickKey } from '../../src/commands/find-key.ts'
import { Failure } from '../../src/model/failure.ts'
import type { LiveKey } from '../../src/model/live-key.ts'
import { desiredKey, liveKey, managedKey } from '../support/build.ts'
import { testContext } from '../support/context.ts'
import { referencePlatform } from '../support/reference.ts'

const pending = { state: { kind: 'pending' } } as const
const first = managedKey(desiredKey(), { generation: 1 })
const head = managedKey(desiredKey(), { generation: 2 })
const coming = managedKey(desiredKey(), { generation: 3, ...pending })
const elsewhere = managedKey(desiredKey({ name: 'Theirs' }), {
  marked: { stack: 'other' },
  live: { id: 'key_other' },
})
const plain = liveKey()
const twin = liveKey({ id: 'key_twin', maskedKey: 'flux_dev_****...56789x' })

const idOf = (reference: string, keys: readonly LiveKey[], complete = true) =>
  pickKey(reference, { keys, complete }).id

function refusal(reference: string, keys: readonly LiveKey[], complete = true): Failure {
  try {
    pickKey(reference, { keys, complete })
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
  throw new Error('a key was found')
}

t.test(
  'a reference is an id, a unique name, or the key id of a stack, which means the key at work',
  async t => {
    const keys = [first, coming, head, plain]
    t.equal(idOf('key_stranger', keys), plain.id)
    t.equal(idOf('My Development Key', keys), plain.id)
    t.equal(idOf(first.id, keys), first.id, 'an id reaches a superseded key')
    for (const reference of ['ci-pipeline', 'acme-agents/ci-pipeline', 'CI/CD Pipeline'])
      t.equal(idOf(reference, keys), head.id, `${reference}: not the superseded one, and not the pending one`)
    t.equal(
      idOf('ci-pipeline', [managedKey(desiredKey(), pending)]),
      'key_ci-pipeline_1',
      'where none is better',
    )
    t.equal(
      idOf('key_stranger', [plain, liveKey({ id: 'key_x', name: 'key_stranger' })]),
      plain.id,
      'ids win',
    )
    const gone = liveKey({ id: 'key_gone', status: 'revoked' })
    t.equal(idOf('My Development Key', [plain, gone]), plain.id, 'a revoked key is none')
  },
)

t.test('an ambiguous reference is refused with its candidates, of which an id is one', async t => {
  const names = refusal('My Development Key', [twin, plain])
  t.equal(names.exitCode, 2)
  t.equal(names.message, '2 API keys are called "My Development Key"')
  t.strictSame(names.hints.slice(0, 3), [
    'Candidates:',
    'key_stranger  "My Development Key" (flux_dev_****...mno34)',
    'key_twin  "My Development Key" (flux_dev_****...6789x)',
  ])
  const stacks = refusal('ci-pipeline', [head, elsewhere])
  t.match(stacks.hints.join('\n'), /key_other {2}"Theirs" \(.*, other\/ci-pipeline, generation 1\)/)
  t.equal(idOf('other/ci-pipeline', [head, elsewhere]), 'key_other', 'with its stack it is unique')
  const named = liveKey({ id: 'key_named', name: 'ci-pipeline' })
  t.match(refusal('ci-pipeline', [head, named]).message, /^2 API keys/, 'a name against a key id')
  const many = Array.from({ length: 25 }, (_, index) => liveKey({ id: `key_${index}` }))
  t.match(refusal('My Development Key', many).hints, { 21: 'and 5 more', length: 24 })
})

t.test('what is not there is not found, with what comes nearest', async t => {
  const near = refusal('ci-pipline', [head, plain])
  t.equal(near.exitCode, 5)
  t.equal(near.message, 'There is no API key "ci-pipline"')
  t.match(near.hints[1], /^key_ci-pipeline_2 {2}"CI\/CD Pipeline"/)
  t.match(refusal('development', [plain]).hints[1], /^key_stranger/, 'a part of a name')
  t.notMatch(refusal('zzzz', [plain]).hints, ['Did you mean:'])
  t.match(refusal('zzzz', []).hints.join(), /apikeys list/)
  t.match(refusal('zzzz', [], false).hints.join(), /try again/, 'a listing may have been short')
})

t.test('finding costs one request', async t => {
  const context = testContext({ platform: referencePlatform(t) })
  const { client } = await context.connect({ apiUrl: null, staging: false, profile: null, verbose: false })
  const { key, listing } = await findKey('Production Deployment', client)
  t.equal(key.id, 'key_abc123')
  t.equal(listing.clock, 'server')
  t.strictSame(context.requests, ['GET /api/api-keys'])
})
