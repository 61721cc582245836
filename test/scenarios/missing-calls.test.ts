// The built program against a platform that lacks something, over HTTP.
import t, { type Test } from 'tap'
import { openSandbox } from '../../src/sandbox/sandbox.ts'
import { dispensable, required } from '../support/missing-calls.ts'
import { type Ended, workplace } from '../support/program.ts'
import { type Variant, changedKeys, serveVariants } from '../support/variant-proxy.ts'

const configuration = `
version: 1
stack: acme
keys:
  agents:
    { name: Agents, environment: ci, scope: all, permissions: [read_scenarios], expires: 90d, store: { env-file: { path: agents.env, name: KEY } } }
`

const words = ({ stdout, stderr }: Ended) => `${stdout}${stderr}`.replace(/\s+/g, ' ')

async function scene(t: Test, variants: readonly Variant[]) {
  const sandbox = openSandbox({ database: ':memory:' })
  t.teardown(() => sandbox.close())
  const { url } = await serveVariants(t, request => sandbox.handle(request), variants)
  const administrator = sandbox.issueAdministrator()
  const place = await workplace(t, { FLUXLOOP_API_URL: url, FLUXLOOP_API_KEY: administrator.reveal() })
  await place.write('fluxloop-keys.yaml', configuration)
  return place
}

t.test('delivers a key, and has nothing to do then, without all that can be done without', async t => {
  const place = await scene(t, Object.values(dispensable))
  const applied = await place.run(['apply', '--auto-approve'])
  t.equal(applied.code, 0, words(applied))
  t.match(words(applied), /account unknown/)
  t.match(await place.read('agents.env'), /^KEY=flux_/)
  const planned = await place.run(['plan', '--detailed-exitcode'])
  t.equal(planned.code, 0, words(planned))
  t.match(words(planned), /the environment that agents declares has no effect/)
})

t.test('makes nothing to manage without PATCH, and keys by hand anyway', async t => {
  const place = await scene(t, [required.PATCH])
  const applied = await place.run(['apply', '--auto-approve'])
  t.equal(applied.code, 1)
  t.match(words(applied), /The platform lacks PATCH \/api\/api-keys\/\{id\}, so no key can be managed on it/)
  t.notMatch(words(applied), /Check the URL/)
  const made = await place.run(['apikeys', 'create', '--name', 'By hand', '--quiet'])
  t.match(made.stdout, /^flux_/, words(made))
  const listed = await place.run(['apikeys', 'list', '--json'])
  t.match(listed.stdout, 'By hand')
  t.notMatch(listed.stdout, 'Agents')
})

t.test('asks for --caller where the list shows too little to know the calling key', async t => {
  const hidden: Variant = {
    name: 'no ends',
    answer: async (request, platform) =>
      await changedKeys(await platform(request), key => ({ ...key, masked_key: 'flux_****' })),
  }
  const place = await scene(t, [dispensable.whoami, hidden])
  const unknown = await place.run(['plan'])
  t.equal(unknown.code, 2)
  t.match(words(unknown), /no key of its list ends like the credential .* Name it with --caller KEY_ID/)
  const [id = ''] = /key_\w+/.exec((await place.run(['apikeys', 'list', '--json'])).stdout) ?? []
  const known = await place.run(['plan', '--caller', id])
  t.equal(known.code, 0, words(known))
  t.match(words(known), /1 to create/)
})
