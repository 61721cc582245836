// Plans and applies on a platform that does something otherwise than the contract says.
import t, { type Test } from 'tap'
import { day, hour, minute } from '../../src/model/duration.ts'
import { Secret } from '../../src/model/secret.ts'
import { odd } from '../support/odd-platforms.ts'
import { newKey } from '../support/platform-calls.ts'
import type { Ran } from '../support/context.ts'
import { stage } from '../support/stage.ts'
import type { Variant } from '../support/variant-proxy.ts'

const applying = 'apply --auto-approve'
const words = (ran: Ran) => (ran.out() + ran.err()).replaceAll(/\s+/g, ' ')
const key = (id: string, name: string) =>
  `  ${id}: { name: ${name}, scope: all, permissions: [read_scenarios], store: { env-file: { path: ${id}.env, name: KEY } } }\n`

function configuration(keys: string, more = '') {
  return `
version: 1
stack: acme
defaults: { expires: 90d, rotate: { maxAge: 60d, grace: 48h, quiet: 24h } }
limits: { revoke: 100%, rotate: 100% }
${more}keys:
${keys}`
}

function scene(t: Test, variant: Variant | null, keys: string) {
  return stage(t, { 'fluxloop-keys.yaml': configuration(keys) }, variant === null ? [] : [variant])
}

t.test('leaves one key alone that it cannot understand, and prunes nothing', async t => {
  for (const variant of [odd.suspended, odd.endless]) {
    const s = scene(t, variant, key('agents', 'Agents'))
    await s.client.create({ ...newKey, name: 'Odd' }, 'odd')
    const applied = await s.succeed(applying)
    t.match(
      words(applied),
      /Warning: key_\w+ \("Odd"\) cannot be understood: it (has a `status`|lacks `expires_at`)/,
    )
    t.match(words(applied), /It is left alone/)
    t.match(words(applied), /1 created/)
    t.match(words(await s.succeed('apikeys list')), /key_\w+ \("Odd"\) cannot be understood/)
    t.match(words(await s.run('apikeys show Odd')), /Error: key_\w+ \("Odd"\) cannot be understood/)

    await s.write('fluxloop-keys.yaml', configuration(key('other', 'Other')))
    s.now += 2 * day
    const pruned = await s.succeed(applying)
    t.match(
      words(pruned),
      /agents is not declared, but nothing is revoked for that: a key of the account cannot/,
    )
    t.equal((await s.live()).length, 4, 'the caller, the odd one, and both that were made')
  }
})

t.test('holds back a declared key of which a live key cannot be understood, with exit code 7', async t => {
  const s = scene(t, odd.suspended, key('agents', 'Agents'))
  await s.succeed(applying)
  const [agents] = (await s.live()).filter(({ name }) => name === 'Agents')
  await s.client.update(agents?.id ?? '', { name: 'Odd' }, { ifMatch: null })
  const planned = await s.run('plan')
  t.match(words(planned), /It and all of agents are left alone/)
  t.match(words(planned), /No changes/)
  const applied = await s.run(applying)
  t.equal(applied.code, 7, words(applied))
  const rotated = await s.run('rotate agents --auto-approve')
  t.equal(rotated.code, 6)
  t.match(
    words(rotated),
    /agents is not rotated, though it was asked for: a live key of it cannot be understood/,
  )
})

t.test('does not create a key whose name one has that it cannot understand', async t => {
  const s = scene(t, odd.suspended, key('odd', 'Odd'))
  await s.client.create({ ...newKey, name: 'Odd' }, 'odd')
  const refused = await s.run('plan')
  t.equal(refused.code, 6)
  t.match(words(refused), /odd cannot be created: key_\w+ has the name "Odd" and is not managed/)
})

t.test('plans with smaller pages where long ones are refused', async t => {
  const s = scene(t, odd['short pages'], key('agents', 'Agents'))
  const applied = await s.succeed(applying)
  t.strictSame(
    applied.requests.filter(request => request === 'GET /api/api-keys').length,
    4,
    'two refusals, the list, and the list after the create',
  )
  t.equal((await s.succeed('plan --detailed-exitcode')).code, 0)
})

t.test('takes an end that is rounded up to the end of the day for the one that was asked for', async t => {
  const s = scene(t, odd['whole days'], key('agents', 'Agents'))
  t.match(words(await s.succeed(applying)), /1 created/)
  s.now += hour
  t.match(words(await s.succeed('plan --detailed-exitcode')), /No changes/)
})

t.test('revokes nothing by a clock that contradicts a use that is fresh', async t => {
  let isAhead = false
  const later: Variant = {
    name: 'ahead after a while',
    answer: async (request, platform) =>
      isAhead ? await odd['clock ahead'].answer(request, platform) : await platform(request),
  }
  const s = scene(t, later, key('agents', 'Agents'))
  await s.succeed(applying)
  const [, value = ''] = /KEY="?(flux_\w+)/.exec(await s.read('agents.env')) ?? []
  const former = new Secret(value)
  s.now += 61 * day
  await s.succeed(applying)
  s.now += hour
  // Its user has not read the new secret yet.
  await s.client.whoamiAs(former, { maskedKey: `****...${former.end(5)}` })
  s.now += minute
  isAhead = true
  const ahead = await s.succeed(applying)
  t.match(
    words(ahead),
    /The platform's clock says .* and that key_\w+ was last used at .* Nothing is revoked \(agents\)/,
  )
  const generations = async () => (await s.live()).filter(({ name }) => name === 'Agents').length
  t.equal(await generations(), 2)
  isAhead = false
  s.now += 5 * day
  t.match(words(await s.succeed(applying)), /1 revoked/, 'the real time comes')
  t.equal(await generations(), 1)
})
