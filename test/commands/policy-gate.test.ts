// What plan and apply make of the policy: the built program, a sandbox over HTTP with a clock that is moved, and every request counted.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import t, { type Test } from 'tap'
import { day } from '../../src/model/duration.ts'
import { workplace } from '../support/program.ts'
import { servedPlatform } from '../support/served-platform.ts'

const schema = JSON.parse(
  readFileSync(join(import.meta.dirname, '..', '..', 'schemas', 'plan.schema.json'), 'utf8'),
) as object
const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(schema)

const asPlanned = ['GET /api/api-keys', 'GET /api/auth/whoami', 'GET /api/projects']

async function scene(t: Test) {
  const place = await workplace(t)
  const platform = await servedPlatform(t)
  platform.now = Date.UTC(2026, 2, 1, 12)
  return {
    place,
    platform,
    declare: (policy: string, key: string) =>
      place.write(
        'fluxloop-keys.yaml',
        `version: 1
stack: gate
defaults: { expires: 90d, rotate: { maxAge: 60d }, store: { env-file: { path: '{key}.env', name: K } } }
policy: ${policy}
keys:
  bot: { name: Bot, owner: a, description: d, environment: ci, ${key} }
`,
      ),
    run: async (...line: readonly string[]) => {
      platform.forget()
      const { code, stdout, stderr } = await place.run(line, { env: platform.env })
      return { code, stdout, stderr, requests: [...platform.requests].sort() }
    },
  }
}

const reads = 'scope: [customer-support-bot], permissions: [read_scenarios]'

t.test('apply refuses what the policy does not let pass, before it asks or touches anything', async t => {
  const { declare, run, platform, place } = await scene(t)
  await declare('{ failOn: high }', `${reads}, expires: never`)
  const plan = await run('plan')
  t.equal(plan.code, 6, plan.stderr)
  t.match(plan.stdout, /Audit: 1 high.*\n {2}high bot: It never expires \(no-expiry\)/)
  t.match(plan.stdout, /Refused: 1 finding of audit is high or worse.*bot \(no-expiry\)/)
  t.same(plan.requests, asPlanned, 'no request more than a plan takes')

  const saved = await run('plan', '--out', 'plan.json', '--json')
  t.match(saved.stderr, /refused, so plan\.json was not written/)
  const json = JSON.parse(saved.stdout) as { audit: { findings: object[]; refusing: string[] } }
  t.ok(validate(json), JSON.stringify(validate.errors))
  t.match(json, {
    refused: true,
    findings: [{ code: 'policy-failed', fail_on: 'high', found: [{ key: 'bot', rule: 'no-expiry' }] }],
    audit: { fail_on: 'high', counts: { high: 1 }, findings: [{ rule: 'no-expiry', key: 'bot' }] },
  })
  t.equal(json.audit.refusing.length, 1)

  const apply = await run('apply', '--auto-approve')
  t.equal(apply.code, 6)
  t.same(apply.requests, asPlanned)
  t.same(await platform.managed(), [])
  await t.rejects(place.read('bot.env'))

  await declare(
    '{ failOn: high }',
    `${reads}, expires: never, exceptions: [{ rule: no-expiry, reason: service account, until: 2026-03-31 }]`,
  )
  const kept = await run('plan', '--out', 'kept.json', '--ttl', '60d')
  t.equal(kept.code, 0, 'an exception answers for it')
  platform.now += 31 * day
  const late = await run('apply', 'kept.json', '--ttl', '60d')
  t.equal(late.code, 6, 'what was approved is judged anew, and the exception is over')
  t.match(late.stdout, /exception-expired/)
  t.same(late.requests, asPlanned)
  const lapsed = await run('apply', '--auto-approve')
  t.equal(lapsed.code, 6)
  t.match(lapsed.stdout, /exception-expired/)
  t.same(await platform.managed(), [])
})

t.test(
  'apply goes on where the policy does not say when it fails, and where what is wrong is for apply to mend',
  async t => {
    const { declare, run, platform } = await scene(t)
    await declare('{}', `${reads}, expires: never`)
    const first = await run('apply', '--auto-approve')
    t.equal(first.code, 0, first.stdout + first.stderr)
    t.match(first.stdout, /high bot: It never expires/)

    await declare('{ failOn: low }', reads)
    const drift = await run('plan', '--drift', '--json')
    t.match(JSON.parse(drift.stdout), { audit: null }, 'no rule looks at drift')
    t.ok(validate(JSON.parse(drift.stdout)), JSON.stringify(validate.errors))
    t.equal((await run('apply', '--auto-approve')).code, 0)
    platform.now += 61 * day
    const audit = await run('audit', '--json')
    t.match(audit.stdout, /"rule": "past-max-age"/)
    t.equal(audit.code, 6, 'for the audit it is bad enough')
    const rotation = await run('apply', '--auto-approve')
    t.equal(rotation.code, 0, rotation.stdout)
    t.match(rotation.stdout, /1 rotated|Rotated|rotate/)
    t.equal((await platform.managed()).length, 2)
  },
)

t.test(
  'rules of one’s own refuse by what they read: the declaration, but no live key, and usage is not asked for',
  async t => {
    const { declare, run, platform } = await scene(t)
    const rules = `rules: {
    own-team: { when: "desired.owner != 'b'", message: Not ours, severity: high },
    old: { when: "now - key.createdAt >= duration('0s')", message: It is live, severity: critical },
    idle: { when: usage.total == 0, message: Idle, severity: critical } }`
    await declare(`{ ${rules} }`, reads)
    t.equal((await run('apply', '--auto-approve')).code, 0)
    await declare(`{ failOn: critical, ${rules} }`, reads)
    const shown = await run('plan')
    t.equal(shown.code, 0, shown.stdout)
    t.match(shown.stdout, /critical bot: It is live \(old\)/)
    t.notMatch(shown.stdout, /Idle/)
    t.same(shown.requests, asPlanned.slice(0, 2))
    await declare(`{ failOn: high, ${rules} }`, reads)
    const refused = await run('apply', '--auto-approve')
    t.equal(refused.code, 6)
    t.match(refused.stdout, /1 finding of audit is high or worse.*bot \(own-team\)/)
    const [live] = await platform.managed()
    t.equal(live?.name, 'Bot')

    const leaked = await run('rotate', 'bot', '--now', '--auto-approve')
    t.equal(leaked.code, 0, leaked.stdout)
    t.not((await platform.managed())[0]?.id, live?.id, 'a leak is stopped whatever the policy says')
  },
)
