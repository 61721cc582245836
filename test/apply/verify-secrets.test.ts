import t from 'tap'
import { type VerifyHow, verifySecrets } from '../../src/apply/verify-secrets.ts'
import { day, minute } from '../../src/model/duration.ts'
import { Failure } from '../../src/model/failure.ts'
import { noDoubts } from '../../src/model/listing-doubts.ts'
import type { LiveKey } from '../../src/model/live-key.ts'
import { Secret } from '../../src/model/secret.ts'
import { desiredState, keychain, liveKey, managedKey, now, retiringFor } from '../support/build.ts'
import { key } from '../support/plan-of.ts'

const how: VerifyHow = {
  prove: false,
  host: '1f0c22ab',
  placesOf: async () => new Map(),
  parallelism: 2,
  confirm: async () => undefined,
}

/** Verifies one store that holds a secret which ends in `no34z`, as the head does. */
async function verified(keys: readonly LiveKey[], asked: Partial<VerifyHow> = {}) {
  const secret = new Secret('flux_ci_00000000no34z')
  const sent: string[] = []
  let requests = 0
  const [head] = keys
  const platform = {
    list: async () => {
      requests += 1
      return { keys, now, clock: 'server', complete: true, doubts: noDoubts } as const
    },
    whoamiAs: async (_secret: Secret, { id }: LiveKey) => {
      requests += 1
      sent.push(id)
      const { scope, permissions, name } = liveKey()
      return { account: 'acme', key: { id: head?.id ?? '', name, scope, permissions }, liveKey: head ?? null }
    },
    requests: () => requests,
  }
  const look = { key, place: 'keychain', local: true, held: { kind: 'secret', secret } } as const
  const stored = { looks: [{ ...look, store: keychain }], distinct: [secret] }
  const { checks } = await verifySecrets(stored, desiredState([key]), platform, { ...how, ...asked })
  return { checks, sent, requests }
}

const state = { kind: 'delivered', visibleEnd: 'no34z', at: now - 10 * day } as const
const retiring = retiringFor('key_ci-pipeline_2', day)
const shown = { maskedKey: 'flux_ci_****...no34z' }
const head = (live: Partial<LiveKey> = {}) =>
  managedKey(key, { generation: 2, state, live: { ...shown, ...live } })

t.test('asks the platform only where the end of a secret leaves doubt', async t => {
  const rows: readonly (readonly [string, readonly LiveKey[], boolean])[] = [
    ['one live key ends like it', [head()], false],
    ['others end otherwise', [head(), liveKey({ maskedKey: 'flux_ci_****...other' })], false],
    ['an unmanaged key ends alike', [head(), liveKey(shown)], true],
    ['a predecessor ends alike', [head(), managedKey(key, { state: retiring, live: shown })], true],
    ['it expired', [head({ expiresAt: now - minute })], true],
    ['it expired, as the platform says', [head({ status: 'expired' })], true],
    ['it was regenerated after its delivery', [head({ regeneratedAt: now - day })], true],
  ]
  for (const [title, keys, asks] of rows) {
    const { checks, sent, requests } = await verified(keys)
    t.match(checks, [{ status: 'ok', liveId: 'key_ci-pipeline_2', proved: asks }], title)
    t.strictSame([sent, requests], asks ? [['key_ci-pipeline_2'], 2] : [[], 1], title)
    const all = await verified(keys, { prove: true })
    t.match(all.checks, [{ status: 'ok', proved: true }], `${title}, proved`)
    t.equal(all.requests, 2)
  }
})

t.test('makes no request where the user declines that many', async t => {
  const told: number[] = []
  const confirm = async (requests: number) => {
    told.push(requests)
    throw new Failure('failed', 'no')
  }
  await t.rejects(verified([head(), liveKey(shown)], { confirm }), { message: 'no' })
  t.strictSame(told, [2])
})
