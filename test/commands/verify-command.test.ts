// Every stored secret is proved against the platform: what is found, what it costs, and what it says.
import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import t, { type Test } from 'tap'
import { boundTo, hashId } from '../../src/lifecycle/binding.ts'
import { day } from '../../src/model/duration.ts'
import { visibleEnd } from '../../src/model/live-key.ts'
import type { Marker } from '../../src/model/marker.ts'
import { type Stage, stage } from '../support/stage.ts'

const schema = JSON.parse(
  readFileSync(new URL('../../schemas/verification.schema.json', import.meta.url), 'utf8'),
) as object
const isVerification = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(schema)

function configuration(ids: readonly string[]): string {
  const keys = ids.map(
    id => `
  ${id}: { name: ${id}, scope: all, permissions: [read_scenarios], expires: 90d }`,
  )
  return `
version: 1
stack: verified
defaults: { store: { env-file: { path: '{key}.env', name: SECRET } } }
keys:${keys.join('')}
`
}

type Scene = Stage & {
  readonly secretOf: (id: string) => Promise<string>
  readonly put: (id: string, secret: string) => Promise<void>
}

/** A configuration of some keys with a file each, and all of them applied. */
async function scene(t: Test, ids: readonly string[]): Promise<Scene> {
  const self = stage(t, { 'fluxloop-keys.yaml': configuration(ids) })
  await self.succeed('apply --auto-approve')
  return Object.assign(self, {
    secretOf: async (id: string) => /flux_\w+/.exec(await self.read(`${id}.env`))?.[0] ?? '',
    put: (id: string, secret: string) => self.write(`${id}.env`, `SECRET=${secret}\n`),
  })
}

t.test('compares every secret with one list alone, and exits 0 where all is well', async t => {
  const { run, secretOf } = await scene(t, ['a', 'b', 'c'])
  const all = await run('verify')
  t.equal(all.code, 0, all.err())
  t.strictSame(all.requests, ['GET /api/api-keys'])
  t.match(all.err(), 'This makes 1 request, and 1 whoami for each stored secret whose end leaves doubt')
  t.match(all.err(), '--prove')
  t.match(all.out(), /^ok +a in env-file .*a\.env \(SECRET\)$/m)
  t.match(all.out(), 'Verified. 3 ok; 1 request made.')
  for (const id of ['a', 'b', 'c']) t.notMatch(all.out() + all.err(), await secretOf(id), 'shows no secret')
})

t.test('proves every secret with one list and one whoami each where told to', async t => {
  const { run, secretOf } = await scene(t, ['a', 'b', 'c'])
  const all = await run('verify --prove')
  t.equal(all.code, 0, all.err())
  t.strictSame(all.requests, [
    'GET /api/api-keys',
    'GET /api/auth/whoami',
    'GET /api/auth/whoami',
    'GET /api/auth/whoami',
  ])
  t.match(all.err(), 'This makes at most 4 requests: 1 list, and 3 whoami with the stored secrets')
  t.match(all.out(), /^ok +a in env-file .*a\.env \(SECRET\)$/m)
  t.match(all.out(), 'Verified. 3 ok; 4 requests made.')
  const one = await run('verify b --prove')
  t.strictSame(one.requests, ['GET /api/api-keys', 'GET /api/auth/whoami'])
  for (const id of ['a', 'b', 'c']) t.notMatch(all.out() + all.err(), await secretOf(id), 'shows no secret')
})

t.test('names what is stale, missing, foreign or unreadable, and exits 1', async t => {
  const { run, secretOf, put, write, folder } = await scene(t, ['dead', 'gone', 'swapped', 'well', 'locked'])
  const well = await secretOf('well')
  await put('dead', 'flux_dev_0000000000000000')
  await put('swapped', well)
  await rm(join(folder, 'gone.env'))
  await rm(join(folder, 'locked.env'))
  const sealed = configuration(['dead', 'gone', 'swapped', 'well', 'locked']).replace(
    'locked: {',
    'locked: { store: { age-file: { path: locked.age, recipients: [age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p] } },',
  )
  await write('fluxloop-keys.yaml', sealed)
  const { code, out, requests } = await run('verify --json')
  t.equal(code, 1)
  const printed = JSON.parse(out()) as {
    readonly checks: readonly { readonly key: string; readonly status: string; readonly message: string }[]
  }
  t.ok(isVerification(printed), JSON.stringify(isVerification.errors))
  t.strictSame(
    printed.checks.map(({ key, status, message }) => [key, status, message.replace(/key_\w+/, 'key_1')]),
    [
      ['dead', 'foreign', 'another value: it does not end like the secret of the key, so it was not sent'],
      ['gone', 'missing', 'it holds no secret'],
      ['locked', 'unreadable', 'it gives no secret back'],
      ['swapped', 'foreign', 'it ends like the secret of key_1 (well), so it was not sent'],
      ['well', 'ok', ''],
    ],
  )
  t.equal(requests.length, 1, 'nothing is sent')
  const proving = await run('verify --prove --json')
  t.equal(proving.requests.length, 2, 'only what ends like its key is sent')
  t.notMatch(out(), well)
  const text = await run('verify')
  t.match(text.out(), /^not checked +locked in age-file/m)
  t.match(text.out(), 'Not verified. 1 ok, 1 not checked, 3 wrong; 1 request made.')
})

t.test('tells another generation of the same key from another key', async t => {
  const { run, put, client, live } = await scene(t, ['turned'])
  const first = (await live()).find(({ name }) => name === 'turned')
  if (first?.ownership.kind !== 'managed') throw new Error('it was applied')
  const { name, description, scope, permissions, ownership } = first
  const expires = { kind: 'never' } as const
  const made = await client.create(
    { name, description, scope, permissions, expires, environment: null, marker: null },
    'by-hand',
  )
  const { secret, key: second } = made
  const tell = async (id: string, marker: Marker) =>
    await client.update(id, { description: { text: description, marker } }, { ifMatch: null })
  const at = second.createdAt
  const state = { kind: 'delivered', visibleEnd: visibleEnd(second.maskedKey), at } as const
  await tell(second.id, { ...ownership.marker, generation: 2, state, binding: boundTo(second.id) })
  const retiring = {
    kind: 'retiring',
    successor: hashId(second.id),
    at,
    graceUntil: at + day,
    delivered: at,
  } as const
  await tell(first.id, { ...ownership.marker, state: retiring })
  for (const [line, is] of [
    ['verify', 'ends like'],
    ['verify --prove', 'is'],
  ] as const) {
    const stale = await run(line)
    t.equal(stale.code, 1)
    const says = `it ${is} the secret of generation 1, and generation 2 is\\s+delivered`
    t.match(stale.out(), new RegExp(`^stale +turned in .*: ${says}`, 'ms'))
  }
  await put('turned', secret?.reveal() ?? '')
  t.equal((await run('verify')).code, 0)
})

t.test('asks before more than 100 requests, and makes none where nobody says yes', async t => {
  const { run } = await scene(
    t,
    Array.from({ length: 100 }, (_, index) => `key-${index}`),
  )
  const nobody = await run('verify --prove')
  t.equal(nobody.code, 1)
  t.match(nobody.err(), '101 requests are more than 100, and there is nobody to ask')
  t.match(nobody.err(), '--yes')
  t.strictSame(nobody.requests, [])
  const no = await run('verify --prove', { answers: ['no'] })
  t.equal(no.code, 1)
  t.strictSame(no.requests, [])
  const yes = await run('verify --prove', { answers: ['yes'] })
  t.equal(yes.code, 0)
  t.equal(yes.requests.length, 101)
  t.equal((await run('verify --prove --yes --json')).requests.length, 101)
  t.equal((await run('verify --json')).requests.length, 1, 'ends alone cost one request')
})

t.test('names a key that the configuration does not declare, with what was probably meant', async t => {
  const { run } = await scene(t, ['nightly'])
  const { code, err, requests } = await run('verify nigthly')
  t.equal(code, 5)
  t.match(err(), 'Did you mean nightly?')
  t.strictSame(requests, [])
})

t.test('knows a renamed key by its former key id, even before the rename is applied', async t => {
  const { run, write, read } = await scene(t, ['before'])
  const renamed = configuration(['before']).replace('before: {', 'after: { previously: before,')
  await write('fluxloop-keys.yaml', renamed)
  await write('after.env', await read('before.env'))
  const { code, out } = await run('verify')
  t.equal(code, 0, out())
})

t.test('does not expect the secret of an adopted key in a store', async t => {
  const { client, write, succeed } = await scene(t, ['own'])
  const { key } = await client.create(
    {
      name: 'By hand',
      description: '',
      marker: null,
      environment: null,
      scope: 'all',
      permissions: ['read_scenarios'],
      expires: { kind: 'never' },
    },
    'by-hand',
  )
  const adopting = `  taken: { adopt: ${key.id}, name: By hand, scope: all, permissions: [read_scenarios], expires: never }\n`
  await write('fluxloop-keys.yaml', configuration(['own']) + adopting)
  await succeed('apply --auto-approve')
  const { out } = await succeed('verify')
  t.match(out(), /^not checked +taken in .*: others hold its secret$/m)
})
