import t from 'tap'
import { Failure } from '../../src/model/failure.ts'
import { PlatformFailure } from '../../src/platform/platform-failure.ts'
import { newKey } from '../support/platform-calls.ts'
import { type Step, scriptedPlatform, wireKey } from '../support/scripted-platform.ts'

const found: Step = { json: wireKey() }

/** A lease that is held for that many questions. */
function leaseFor(questions: number) {
  let left = questions
  return {
    epoch: 7,
    requireHeld: () => {
      left -= 1
      if (left < 0) throw new Failure('conflict', 'late')
    },
  }
}

t.test('names the epoch of its lease in every request, and none before it has one', async t => {
  const { client, seen } = scriptedPlatform(t, [found, found, { status: 204 }])
  await client.get('key_abc123')
  client.underLease(leaseFor(1))
  await client.get('key_abc123')
  await client.revoke('key_abc123')
  t.strictSame(
    seen.map(({ headers }) => headers.get('fluxloop-keys-epoch')),
    [null, '7', '7'],
  )
})

t.test('sends nothing that writes once its lease may be somebody else’s, and goes on reading', async t => {
  const writes = {
    create: () => client.create(newKey, 'idem-1'),
    update: () => client.update('key_abc123', { name: 'm' }, { ifMatch: '1' }),
    regenerate: () => client.regenerate('key_abc123', { ifMatch: '1', idempotencyKey: 'idem-2' }),
    revoke: () => client.revoke('key_abc123'),
  }
  const { client, seen } = scriptedPlatform(t, [found])
  client.underLease(leaseFor(0))
  for (const [name, write] of Object.entries(writes)) {
    const failure = await write().then(
      () => null,
      (cause: unknown) => cause,
    )
    t.match(failure, { code: 'conflict', message: /lease of this stack/, ambiguous: false }, name)
  }
  t.strictSame(seen, [])
  t.equal((await client.get('key_abc123')).id, 'key_abc123')
})

t.test(
  'tries no write again once its lease is late, and says that the first try may have worked',
  async t => {
    const { client, seen } = scriptedPlatform(t, [{ status: 503, json: {} }])
    client.underLease(leaseFor(1))
    const failure = await client.create(newKey, 'idem-1').catch((cause: unknown) => cause)
    t.ok(failure instanceof PlatformFailure)
    t.match(failure, { code: 'conflict', ambiguous: true })
    t.equal(seen.length, 1)
  },
)
