import t, { type Test } from 'tap'
import { minute } from '../../src/model/duration.ts'
import type { LiveKey } from '../../src/model/live-key.ts'
import { type Workplace, workplace } from '../support/program.ts'
import { type ServedPlatform, servedPlatform } from '../support/served-platform.ts'

function configuration(keyIds: readonly string[], rest = '', permissions = '[read_results]'): string {
  const keys = keyIds.map(
    id =>
      `  ${id}:\n    name: ${id}\n    scope: all\n    permissions: ${permissions}\n    expires: 90d\n    store: { env-file: { path: ${id}.env, name: FLUXLOOP_API_KEY } }\n`,
  )
  return `version: 1\nstack: acme-agents\n${rest}keys:\n${keys.join('')}`
}

interface Scene {
  readonly place: Workplace
  readonly platform: ServedPlatform
  readonly run: (line: string) => ReturnType<Workplace['run']>
  readonly declare: (...rest: Parameters<typeof configuration>) => Promise<void>
}

async function scene(t: Test): Promise<Scene> {
  const place = await workplace(t)
  const platform = await servedPlatform(t)
  return {
    place,
    platform,
    run: line => place.run(line.split(' '), { env: platform.env }),
    declare: (...rest) => place.write('fluxloop-keys.yaml', configuration(...rest)),
  }
}

t.test('applies to the chosen keys alone, and prunes no other', async t => {
  const { platform, run, declare } = await scene(t)
  const names = async () => (await platform.managed()).map(({ name }) => name).sort()
  await declare(['ci-a', 'ci-b', 'backup'])
  const applied = await run('apply --auto-approve --only ci-* --except ci-b')
  t.match(applied, { code: 0, stdout: /Targets: only ci-\*, except ci-b\./ })
  t.strictSame(await names(), ['ci-a'])
  await declare(['backup'])
  t.match(await run('apply --auto-approve --only backup'), { code: 0 })
  t.strictSame(await names(), ['backup', 'ci-a'])
  t.match(await run('plan --only ci-a'), { code: 0, stdout: /1 to revoke/ })
})

t.test(
  'prints a plan as Markdown for a comment, without addresses unless somebody asks for them',
  async t => {
    const { platform, run, declare } = await scene(t)
    await declare(['ci'])
    t.match(await run('plan --format markdown'), { code: 0, stdout: /^### Plan of API keys: acme-agents\n/ })
    t.match(await run('apply --auto-approve'), { code: 0 })
    const [live] = await platform.managed()
    platform.before = async request => {
      const answer = await platform.send(request)
      if (!request.url.includes('/api/api-keys?')) return answer
      const text = await answer.text()
      const used = { ip: '203.0.113.7', location: 'Berlin', user_agent: 'curl/8' }
      const listed = JSON.parse(text) as { readonly api_keys: readonly { readonly id: string }[] }
      const api_keys = listed.api_keys.map(key => ({
        ...key,
        ...(key.id === live?.id
          ? { last_used: used, last_used_at: new Date(platform.now).toISOString() }
          : {}),
      }))
      return Response.json({ ...listed, api_keys }, { headers: answer.headers })
    }
    await declare(['other'], 'prune: { removed: revoke }\n')
    const open = await run('plan --format markdown')
    t.match(open.stdout, /last used/)
    t.notMatch(open.stdout, /203\.0\.113\.7|Berlin|curl/)
    t.match((await run('plan --format markdown --show-personal')).stdout, /203\.0\.113\.7/)
    t.match(await run('plan --format markdwon'), { code: 2, stderr: /Did you mean markdown\?/ })
  },
)

t.test('refuses a pattern that fits no key, and names the key that was probably meant', async t => {
  const { run, declare } = await scene(t)
  await declare(['ci-pipeline', 'backup'])
  const one = await run('plan --only ci-pipelne')
  t.match(one, { code: 2, stderr: /--only ci-pipelne fits no key id of acme-agents/ })
  t.match(one.stderr, 'Did you mean ci-pipeline?')
  t.match(await run('plan --except zzz-*'), { code: 2, stderr: /--except zzz-\* fits no key id/ })
})

t.test('refuses to grant more where a flag or the policy forbids it, and says the way out', async t => {
  const { platform, run, declare } = await scene(t)
  const policy = 'policy: { forbid: [widening] }\n'
  await declare(['ci'], policy)
  t.match(await run('apply --auto-approve'), { code: 0 }, 'making a key widens nothing')
  await declare(['ci'], policy, '[read_results, upload_results]')
  const refused = await run('apply --auto-approve')
  t.match(
    refused.stdout,
    /1 of 1 change grants more than the key has[^]*ci\s+\(permissions\)[^]*--allow widening/,
  )
  t.equal(refused.code, 6)
  t.equal((await platform.managed())[0]?.permissions.length, 1)
  t.match(await run('apply --auto-approve --allow widening'), { code: 0 })
  await declare(['ci'], '', '[read_results, upload_results, read_scenarios]')
  t.match(await run('plan --forbid widening'), { code: 6 })
  t.match(await run('plan'), { code: 0, stdout: /widens access/ })

  platform.forget()
  t.match(await run('plan --forbid widenning'), { code: 2, stderr: /Did you mean widening\?/ })
  t.match(await run('plan --forbid widening --allow widening'), { code: 2, stderr: /contradict/ })
  t.strictSame(platform.requests, [])
})

t.test('forecasts another moment, and never applies or saves that', async t => {
  const { platform, run, declare } = await scene(t)
  await declare(['ci'])
  await run('apply --auto-approve')
  t.match(await run('plan --at +30d'), { code: 0, stdout: /Forecast for [^]*No changes/ })
  const late = await run('plan --at +85d --json')
  t.match(JSON.parse(late.stdout), { forecast: true, summary: { rotate: 1 } })
  t.match(await run('plan --at +85d --detailed-exitcode'), { code: 2, stdout: /Forecast: [^]*1 to rotate/ })
  const date = new Date(platform.now + 85 * 86_400_000).toISOString().slice(0, 10)
  t.match(await run(`plan --at ${date}`), { code: 0, stdout: new RegExp(`Forecast for ${date}\\s00:00`) })
  for (const [line, says] of [
    ['plan --at 2020-01-01', /is past/],
    ['plan --at soon', /such as \+30d, not `soon`/],
    ['plan --at +30d --out plan.json', /--at does not go with --out/],
    ['plan --drift --out plan.json', /cannot be saved/],
    ['plan --drift --at +30d', /--drift does not go with --at/],
    ['apply --at +30d', /Unknown flag --at/],
  ] as const) {
    const ended = await run(line)
    t.equal(ended.code, 2, line)
    t.match(ended.stderr, says)
  }
})

t.test('shows drift alone, in text, JSON and exit code', async t => {
  const { platform, run, declare } = await scene(t)
  await declare(['ci', 'backup'])
  await run('apply --auto-approve')
  await declare(['ci', 'backup', 'new'], '', '[read_results, upload_results]')
  const clean = await run('plan --drift --detailed-exitcode')
  t.match(clean, { code: 0, stdout: /new is declared and has no live key[^]*No drift\./ })
  const ci = (await platform.managed()).find(({ name }) => name === 'ci')
  await platform.send(
    new Request(`http://localhost/api/api-keys/${ci?.id ?? ''}`, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${platform.administrator.reveal()}` },
      body: JSON.stringify({ permissions: ['*'] }),
    }),
  )
  t.match(await run('plan --drift --detailed-exitcode'), {
    code: 2,
    stdout: /ci has drifted[^]*Drift: 1 key was changed/,
  })
  t.match(await run('plan --drift'), { code: 0 })
  t.match(JSON.parse((await run('plan --drift --json')).stdout), {
    drift: true,
    refused: false,
    changes: [{ key: 'ci', fields: [{ field: 'permissions', cause: 'both' }] }],
  })
  t.match(await run('plan --drift --only backup --detailed-exitcode'), { code: 0, stdout: /No drift/ })
})

t.test('ends with 2 while a key id has no head that anybody made sure of, as apply ends with 12', async t => {
  const { platform, run, declare } = await scene(t)
  await declare(['ci', 'backup'])
  await run('apply --auto-approve')
  t.match(await run('rotate ci --auto-approve'), { code: 0 })
  const byHand = async (method: string, id: string, body: object | null) => {
    const headers = { authorization: `Bearer ${platform.administrator.reveal()}` }
    const request = { method, headers, ...(body !== null && { body: JSON.stringify(body) }) }
    await platform.send(new Request(`http://localhost/api/api-keys/${id}`, request))
  }
  const stateOf = ({ ownership }: LiveKey) =>
    ownership.kind === 'managed' ? ownership.marker.state.kind : ownership.kind
  const head = (await platform.managed()).find(key => key.name === 'ci' && stateOf(key) === 'delivered')
  await byHand('DELETE', head?.id ?? '', null)
  for (const line of ['plan', 'plan --drift']) {
    t.match(await run(line), { code: 0 })
    t.match(await run(`${line} --detailed-exitcode`), { code: 2, stdout: /Warning: / }, line)
  }
  t.match(await run('plan --drift'), { stdout: /Drift: 1 key was changed/ })
  t.match(await run('plan --drift --only backup --detailed-exitcode'), { code: 0, stdout: /No drift/ })
  t.match(await run('apply --auto-approve'), { code: 12 })

  platform.now += 16 * minute
  t.match(await run('apply --auto-approve'), { code: 0, stdout: /1 rotated/ })
  t.match(await run('plan --detailed-exitcode'), { code: 0 })
  const backup = (await platform.managed()).find(key => key.name === 'backup')
  await byHand('PATCH', backup?.id ?? '', { description: '[fk9 of a newer version]' })
  t.match(await run('plan --drift --detailed-exitcode'), { code: 2, stdout: /Drift: 1 key was changed/ })
})

t.test('prints the calendar of the days to come, at the cost of a plan', async t => {
  const { platform, run, declare } = await scene(t)
  await declare(['ci', 'backup'])
  await run('apply --auto-approve')
  platform.forget()
  t.match(await run('calendar --days 30'), { code: 0, stdout: /Nothing rotates, retires or expires/ })
  t.strictSame(platform.requests.sort(), ['GET /api/api-keys', 'GET /api/auth/whoami'])
  t.match(await run('calendar'), { code: 0, stdout: /rotates\s+ci\s+due before its end/ })
  t.match(JSON.parse((await run('calendar --days 100 --json')).stdout), {
    summary: { rotates: 2, retires: 2 },
  })
  for (const days of ['0', '9999', 'many'])
    t.match(await run(`calendar --days ${days}`), { code: 2, stderr: /--days takes/ })
})
