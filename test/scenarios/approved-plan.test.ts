import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { day, hour } from '../../src/model/duration.ts'
import { type Workplace, asUsersDo, ended, workplace } from '../support/program.ts'
import { type ServedPlatform, servedPlatform } from '../support/served-platform.ts'

function configuration(keyIds: readonly string[], permissions = '[read_results]'): string {
  const keys = keyIds.map(
    id =>
      `  ${id}:\n    name: ${id}\n    scope: all\n    permissions: ${permissions}\n    expires: 90d\n    store: { env-file: { path: ${id}.env, name: FLUXLOOP_API_KEY } }\n`,
  )
  return `version: 1\nstack: acme-agents\nkeys:\n${keys.join('')}`
}

interface Scene {
  readonly place: Workplace
  readonly platform: ServedPlatform
  readonly run: (line: string) => ReturnType<Workplace['run']>
  readonly declare: (...rest: Parameters<typeof configuration>) => Promise<void>
  /** Changes a live key in the web page. */
  readonly edit: (name: string, fields: Record<string, unknown>) => Promise<void>
}

async function scene(t: Test): Promise<Scene> {
  const place = await workplace(t)
  const platform = await servedPlatform(t)
  return {
    place,
    platform,
    run: line => place.run(line.split(' '), { env: platform.env }),
    declare: (...rest) => place.write('fluxloop-keys.yaml', configuration(...rest)),
    edit: async (name, fields) => {
      const live = (await platform.managed()).find(key => key.name === name)
      await platform.send(
        new Request(`http://localhost/api/api-keys/${live?.id ?? ''}`, {
          method: 'PATCH',
          headers: { authorization: `Bearer ${platform.administrator.reveal()}` },
          body: JSON.stringify(fields),
        }),
      )
    },
  }
}

const names = async (platform: ServedPlatform) => (await platform.managed()).map(({ name }) => name).sort()

t.test('applies the approved plan without asking, and once', async t => {
  const { place, platform, run, declare } = await scene(t)
  await declare(['a', 'b'])
  const planned = await run('plan --out plan.json')
  t.match(planned, {
    code: 0,
    stdout: /2 to create/,
    stderr: /saved to plan\.json[^]*fluxloop-keys apply plan\.json/,
  })
  t.strictSame(await names(platform), [])
  platform.forget()
  t.match(await run('apply plan.json'), { code: 0, stdout: /Apply complete! 2 created/ })
  // The list, whoami, a PATCH before the first key of all, the wave's list; then three for each key.
  t.equal(platform.requests.length, 2 + 1 + 1 + 2 * 3, 'it costs no request more than an apply')
  t.strictSame(await names(platform), ['a', 'b'])

  const again = await run('apply plan.json')
  t.match(again, { code: 12, stderr: /The plan is stale: a, b are no longer as the plan found them/ })
  t.match(await run('plan --out empty.json'), { code: 0, stdout: /No changes/ })
  t.match(await run('apply empty.json'), { code: 0, stdout: /has no changes: there is nothing to apply/ })
  await t.rejects(stat(join(place.work, 'plan.json.lock')), 'no lock is left')
})

t.test('holds no secret, whatever the plan and the run know', async t => {
  const { place, platform, run, declare } = await scene(t)
  await declare(['a'])
  await run('apply --auto-approve')
  await declare(['a', 'b'], '[read_results, upload_results]')
  await run('plan --out plan.json')
  const text = await readFile(join(place.work, 'plan.json'), 'utf8')
  const delivered = (await place.read('a.env')).split('=')[1]?.trim().replaceAll('"', '') ?? ''
  t.ok(delivered.startsWith('flux_'), 'there is a secret to look for')
  for (const secret of [delivered, platform.administrator.reveal()]) {
    t.notOk(text.includes(secret))
    t.notOk(text.includes(secret.slice(-12)))
  }
  t.notMatch(text, /flux_(?:dev|stg|prod|ci)_[A-Za-z0-9]/)
})

t.test('is stale only where a key that it touches is no longer as it was', async t => {
  const { platform, run, declare, edit } = await scene(t)
  await declare(['a', 'b', 'c'])
  await run('apply --auto-approve')
  await edit('a', { permissions: ['read_scenarios'] })
  await edit('b', { permissions: ['read_scenarios'] })
  t.match(await run('plan --only a --only b --out plan.json'), { code: 0, stdout: /2 to update/ })

  await edit('c', { permissions: ['read_scenarios'] })
  await edit('b', { permissions: ['*'] })
  platform.forget()
  const stale = await run('apply plan.json --only a --only b')
  t.match(stale, { code: 7, stdout: /1 updated/ })
  const said = stale.stdout.replace(/\s+/g, ' ')
  t.match(said, 'Held back: The plan is stale for b, which is no longer as the plan found it.')
  t.notMatch(said, /stale for [ac]\b/)
  t.strictSame(
    platform.requests.sort(),
    ['GET /api/api-keys', 'GET /api/auth/whoami', 'GET /api/auth/whoami', 'PATCH /api/api-keys/:id'],
    'only the key that is as approved was touched, and proven before it gets more',
  )

  platform.forget()
  const again = await run('apply plan.json --only a --only b')
  t.match(again, { code: 12, stderr: /The plan is stale: a, b are no longer as the plan found them/ })
  t.strictSame(platform.requests.sort(), ['GET /api/api-keys', 'GET /api/auth/whoami'], 'nothing was touched')
  const edited = (await platform.managed()).filter(({ permissions }) => !permissions.includes('read_results'))
  t.strictSame(edited.map(({ name }) => name).sort(), ['b', 'c'], 'what nobody approved stays as it is')
})

t.test('belongs to one configuration, platform and account, and to its time', async t => {
  const { place, platform, run, declare } = await scene(t)
  const elsewhere = await servedPlatform(t)
  await declare(['a'])
  await run('plan --out plan.json --ttl 2h')
  const refused = async (line: string, says: RegExp) => {
    const ended = await run(line)
    t.equal(ended.code, 12, line)
    t.match(ended.stderr.replace(/\s+/g, ' '), says)
  }
  await declare(['a', 'b'])
  await refused('apply plan.json', /The configuration is not the one that the plan was made from/)
  await place.write('fluxloop-keys.yaml', configuration(['a']).replace('acme-agents', 'another-stack'))
  await refused('apply plan.json', /for the stack acme-agents, and this is another-stack/)
  await declare(['a'])
  await refused(
    `apply plan.json --api-url ${elsewhere.url}`,
    /The plan is for the platform http:\/\/127\.0\.0\.1:\d+, and this is/,
  )
  platform.now += 2 * hour
  await refused('apply plan.json', /The plan expired at/)
  platform.now -= 2 * hour + day
  await refused('apply plan.json', /which is yet to come/)
  t.strictSame(await names(platform), [])
  t.strictSame(elsewhere.requests, [])
})

t.test('is written where nothing else is lost, and read only where it is whole', async t => {
  const { place, platform, run, declare } = await scene(t)
  await declare(['a', 'b', 'c', 'd'])
  platform.forget()
  for (const [line, says] of [
    ['plan --out fluxloop-keys.yaml', /exists and is not a plan file, so it is not overwritten/],
    ['plan --ttl 3h', /needs --out/],
    ['plan --out plan.json --ttl soon', /a period such as 24h/],
    ['apply missing.json', /There is no plan file missing\.json/],
    ['apply fluxloop-keys.yaml', /is not a plan file/],
  ] as const) {
    const ended = await run(line)
    t.equal(ended.code, 2, line)
    t.match(ended.stderr, says)
  }
  t.strictSame(platform.requests, [])
  await run('plan --out plan.json')
  platform.forget()
  for (const flags of ['--only a', '--allow widening']) {
    const ended = await run(`apply plan.json ${flags}`)
    t.match(ended, { code: 2, stderr: new RegExp(`${flags} does not go with plan\\.json`) })
  }
  t.strictSame(platform.requests, [])
  t.match(await run('plan --out plan.json'), { code: 0 }, 'a plan file may be replaced')
  await place.write(
    'plan.json',
    (await place.read('plan.json')).replace('"maxRevoke": null', '"maxRevoke": 100'),
  )
  t.match(await run('apply plan.json'), { code: 2, stderr: /was changed after it was written/ })

  await run('apply --auto-approve')
  await place.write('wider.yaml', configuration(['a', 'b', 'c', 'd'], '[read_results, upload_results]'))
  await declare(['a'])
  t.match(await run('plan --out held.json'), { code: 6, stdout: /None of them\s+is\s+revoked/ })
  t.match(await run('apply held.json'), { code: 6 })
  t.equal((await names(platform)).length, 4, 'what is held back in a plan is not in its file')
  const refused = await run('plan --forbid widening --out refused.json -c wider.yaml')
  t.match(refused, { code: 6, stderr: /refused, so refused\.json was not written/ })
  await t.rejects(stat(join(place.work, 'refused.json')))
  await run('plan --max-revoke 3 --out pruning.json')
  t.match(await run('apply pruning.json --max-revoke 3 --json'), { code: 0 })
  t.strictSame(await names(platform), ['a'], 'what was allowed when it was approved is allowed')
})

t.test('the line that plan --out prints applies the plan as it stands, in a shell', async t => {
  const { place, platform } = await scene(t)
  const [head = '', keys = ''] = configuration(['a', 'b']).split('keys:\n')
  const [a = '', b = ''] = keys.split(/(?=^ {2}b:)/m)
  await place.write('teams/one.yaml', `${head}keys:\n${a}`)
  await place.write('my team.yaml', `keys:\n${b}`)
  const args = [
    '-c',
    'teams/one.yaml',
    '-c',
    'my team.yaml',
    '--out',
    'my plan.json',
    '--api-url',
    platform.url,
  ]
  const { FLUXLOOP_API_KEY } = platform.env
  const planned = await place.run(['plan', ...args], { env: { FLUXLOOP_API_KEY } })
  t.equal(planned.code, 0, planned.stderr)
  const line = planned.stderr.trimEnd().split('\n').at(-1)?.trim() ?? ''
  t.match(
    line,
    `fluxloop-keys apply 'my plan.json' -c teams/one.yaml -c 'my team.yaml' --api-url ${platform.url}`,
  )
  const applied = await ended('bash', ['-c', `fluxloop-keys() { ${asUsersDo.join(' ')} "$@"; }; ${line}`], {
    cwd: place.work,
    env: { ...place.env, FLUXLOOP_API_KEY },
  })
  t.match(applied, { code: 0, stdout: /Apply complete! 2 created/ })
  t.strictSame(await names(platform), ['a', 'b'])
})
