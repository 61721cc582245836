// Two machines of a team, one configuration in git, and the real program.
import { appendFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { day } from '../../src/model/duration.ts'
import type { PlanJson } from '../../src/render/plan/plan-json.ts'
import { type Host, host } from '../support/hosts.ts'
import { needs } from '../support/needs.ts'
import { ended } from '../support/program.ts'
import { type ServedPlatform, servedPlatform } from '../support/served-platform.ts'

const name = 'fluxloop-keys.yaml'

interface Team {
  readonly platform: ServedPlatform
  readonly ada: Host
  readonly ben: Host
  /** Whoever has the configuration changed commits it, and the other one takes it. */
  readonly declare: (who: Host, stores: { readonly laptop: string; readonly team?: string }) => Promise<void>
  readonly share: (from: Host, to: Host) => Promise<void>
  readonly recipients: Readonly<Record<'ada' | 'ben' | 'cid', string>>
}

async function succeed(who: Host, ...line: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await who.run(line)
  if (code !== 0) throw new Error(`${line.join(' ')} exits ${code}: ${stderr}${stdout}`)
  return stdout
}

async function planOf(who: Host, ...flags: readonly string[]): Promise<PlanJson> {
  return JSON.parse(await succeed(who, 'plan', '--json', ...flags)) as PlanJson
}

const actions = ({ changes }: PlanJson) => changes.map(({ key, action }) => `${action} ${key}`)
const owners = ({ secrets }: PlanJson) => secrets.map(({ key, owner }) => `${key} ${owner}`)

async function team(t: Test): Promise<Team> {
  const platform = await servedPlatform(t)
  const [ada, ben] = [await host(t, 'ada', platform.env), await host(t, 'ben', platform.env)]
  const recipients = { ada: '', ben: '', cid: '' }
  for (const [who, place] of [
    ['ada', ada],
    ['ben', ben],
    ['cid', ada],
  ] as const) {
    const file = join(place.env['HOME'] ?? '', who === 'cid' ? 'cid.txt' : 'id.txt')
    await ended('age-keygen', ['-o', file])
    recipients[who] = (await ended('age-keygen', ['-y', file])).stdout.trim()
  }
  const hub = join(ada.root, 'hub.git')
  await ada.shell('git', 'init', '-q', '--bare', '-b', 'main', hub)
  await ada.shell('git', 'clone', '-q', hub, '.')
  await ada.shell('git', 'checkout', '-q', '-b', 'main')
  await mkdir(join(ada.work, 'secrets'))
  await appendFile(join(ada.work, '.gitignore'), '*.env\n')

  const shared = `{ age-file: { path: 'secrets/{key}.age', recipients: [${recipients.ada}, ${recipients.ben}], identity: ~/id.txt, shared: true } }`
  return {
    platform,
    ada,
    ben,
    recipients,
    declare: async (who, { laptop, team = shared }) => {
      await who.write(
        name,
        `
version: 1
stack: two
defaults: { expires: never, rotate: { maxAge: 60d, quiet: 1h, grace: 1h } }
limits: { rotate: 100% }
keys:
  laptop: { name: Laptop, scope: all, permissions: [read_scenarios], store: ${laptop} }
  team: { name: Team, scope: all, permissions: [read_scenarios], store: ${team} }
`,
      )
      await who.shell('git', 'add', '-A')
      await who.shell('git', 'commit', '-q', '-m', 'Declare')
    },
    share: async (from, to) => {
      await from.shell('git', 'add', '-A')
      await from.shell('git', 'commit', '-q', '--allow-empty', '-m', 'Share')
      await from.shell('git', 'push', '-q', hub, 'main')
      if (to === ben && (await ended('test', ['-d', join(ben.work, '.git')])).code !== 0)
        await ben.shell('git', 'clone', '-q', hub, '.')
      else await to.shell('git', 'pull', '-q', hub, 'main')
    },
  }
}

const local = '{ env-file: { path: a.env, name: KEY } }'

t.test('keys of local stores stay with their host, and shared ones are free', async t => {
  if (!needs(t, 'age-keygen') || !needs(t, 'git')) return
  const { platform, ada, ben, declare, share } = await team(t)
  await declare(ada, { laptop: local })
  await succeed(ada, 'apply', '--auto-approve')
  await share(ada, ben)

  const quiet = await planOf(ben)
  t.strictSame([actions(quiet), owners(quiet)], [[], ['laptop another-host', 'team anyone']])
  t.match(await succeed(ben, 'plan'), /laptop belongs to another host/)
  t.equal(await succeed(ben, 'secret', 'get', 'team'), await succeed(ada, 'secret', 'get', 'team'))

  platform.now += 70 * day
  const due = await planOf(ben)
  t.strictSame(actions(due), ['rotate team'])
  t.match(due.findings, [{ code: 'other-host', key: 'laptop', action: 'rotate' }])
  const part = await ben.run(['apply', '--auto-approve'])
  t.equal(part.code, 7, 'what is due elsewhere is not done')
  await share(ben, ada)
  t.equal(await succeed(ada, 'secret', 'get', 'team'), await succeed(ben, 'secret', 'get', 'team'))
  t.strictSame(actions(await planOf(ada)), ['rotate laptop'], 'its own host rotates it')

  await succeed(ben, 'apply', '--auto-approve', '--take-over')
  const secret = await succeed(ben, 'secret', 'get', 'laptop')
  t.ok(await platform.holder(secret))
  const moved = await planOf(ada)
  t.strictSame([actions(moved), owners(moved)], [[], ['laptop another-host', 'team anyone']])
  t.not(await succeed(ada, 'secret', 'get', 'laptop'), secret, 'the old host has the old one')
})

t.test('moves a secret out of a store whose declaration another key has, and empties it', async t => {
  if (!needs(t, 'age-keygen') || !needs(t, 'git')) return
  const { platform, ada, ben, declare, share } = await team(t)
  const each = "{ env-file: { path: '{key}.env', name: KEY } }"
  await declare(ada, { laptop: each, team: each })
  await succeed(ada, 'apply', '--auto-approve')
  const secret = await succeed(ada, 'secret', 'get', 'laptop')
  await declare(ada, { laptop: '{ env-file: { path: b.env, name: KEY } }', team: each })
  await share(ada, ben)

  const there = await planOf(ben)
  t.strictSame(actions(there), [], 'nothing is moved on another host')
  t.match(there.findings, [{ code: 'other-host' }, { code: 'store-left', cause: 'other-host' }])

  const here = await planOf(ada)
  t.match(here.changes, [{ action: 'deliver', rotates: false, removed_stores: [/laptop\.env \(KEY\)$/] }])
  t.match(await succeed(ada, 'plan'), /secret out of += env-file .*laptop\.env/s)
  platform.forget()
  t.match(
    await succeed(ada, 'apply', '--auto-approve', '--log', 'log.jsonl'),
    /taken out of\s+env-file\s+.*laptop\.env/s,
  )
  t.match(await succeed(ada, 'history', '--log', 'log.jsonl'), /taken-out:\s+env-file\s+.*laptop\.env/s)
  t.strictSame(
    platform.requests.filter(request => request.startsWith('POST') || request.startsWith('PATCH')),
    ['PATCH /api/api-keys/:id'],
    'no new key, and one request that writes',
  )
  t.equal(await succeed(ada, 'secret', 'get', 'laptop'), secret)
  t.notMatch(await ada.read('laptop.env'), /flux_/)
  t.strictSame(actions(await planOf(ada)), [])
})

t.test('names a store that only earlier commits declare, and claims no removal', async t => {
  if (!needs(t, 'age-keygen') || !needs(t, 'git')) return
  const { ada, declare } = await team(t)
  const kept = '{ env-file: { path: b.env, name: KEY } }'
  await declare(ada, { laptop: `[${local}, ${kept}]` })
  await succeed(ada, 'apply', '--auto-approve')
  await declare(ada, { laptop: kept, team: kept.replace('b.env', 'c.env') })
  const { findings } = await planOf(ada)
  t.match(
    findings.filter(({ code }) => code === 'store-left'),
    [
      { key: 'laptop', cause: 'not-found', count: 1, stores: [], hint: /by hand.*keepRemoved: true/s },
      { key: 'team', cause: 'not-found' },
    ],
  )
  const applied = await succeed(ada, 'apply', '--auto-approve', '--json')
  t.notMatch(applied, /taken-out/)
  t.match(await ada.read('a.env'), /KEY=flux_/)
})

t.test('encrypts a shared age file anew where its recipients change, and says so', async t => {
  if (!needs(t, 'age-keygen') || !needs(t, 'age') || !needs(t, 'git')) return
  const { platform, ada, ben, declare, share, recipients } = await team(t)
  await declare(ada, { laptop: local })
  await succeed(ada, 'apply', '--auto-approve')
  await share(ada, ben)
  const secret = await succeed(ben, 'secret', 'get', 'team')
  const { ada: first, cid } = recipients
  await declare(ada, {
    laptop: local,
    team: `{ age-file: { path: 'secrets/{key}.age', recipients: [${first}, ${cid}], identity: ~/id.txt, shared: true } }`,
  })
  const plan = await planOf(ada)
  t.match(plan, {
    findings: [],
    changes: [{ action: 'deliver', reasons: [{ code: 'store-changed' }], removed_stores: [] }],
  })
  t.match(await succeed(ada, 'plan'), /declared differently at the same place/)
  platform.forget()
  await succeed(ada, 'apply', '--auto-approve')
  t.notOk(
    platform.requests.some(request => request.startsWith('POST')),
    'no new key',
  )
  t.strictSame(actions(await planOf(ada)), [])
  await share(ada, ben)
  const opened = await ada.shell(
    'age',
    '-d',
    '-i',
    join(ada.env['HOME'] ?? '', 'cid.txt'),
    'secrets/team.age',
  )
  t.equal(opened.trim(), secret, 'who joined can read it')
  const gone = await ended('age', [
    '-d',
    '-i',
    join(ben.env['HOME'] ?? '', 'id.txt'),
    join(ben.work, 'secrets/team.age'),
  ])
  t.not(gone.code, 0, 'who left cannot')
})
