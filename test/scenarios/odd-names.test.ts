// Names that are something else to a program: of prototypes, and of paths. They are names like others, or they are refused.
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { day } from '../../src/model/duration.ts'
import { type Ended, workplace } from '../support/program.ts'
import { servedPlatform } from '../support/served-platform.ts'

const configuration = `version: 1
stack: constructor
roles: { constructor: [read_scenarios], valueof: [upload_results] }
defaults: { expires: 90d, store: { env-file: { path: '{key}.env', name: K } } }
prune: { unmanaged: ignore }
policy:
  rules:
    constructor: { when: "desired.name == 'constructor'", message: Own, severity: low }
    tostring: { when: "usage.byOperation.exists(o, o == '__proto__') && usage.byProject['constructor'] == 1", message: Used, severity: low }
keys:
  constructor: { name: constructor, scope: [constructor, __proto__], permissions: [role:constructor], environment: ci }
  tostring: { name: __proto__, scope: all, permissions: [role:valueof], owner: __proto__, environment: ci }
`

function requireWell(t: Test, line: string, ended: Ended, code = 0): string {
  const output = ended.stdout + ended.stderr
  t.equal(ended.code, code, `${line}: ${output}`)
  t.notMatch(output, /Internal error|\[object Object\]|\[native code\]|undefined|NaN/, line)
  return output
}

async function scene(t: Test) {
  const place = await workplace(t)
  const platform = await servedPlatform(t)
  await place.write('fluxloop-keys.yaml', configuration)
  return {
    place,
    platform,
    post: async (path: string, body: object) => {
      const answer = await platform.send(
        new Request(`http://localhost${path}`, {
          method: 'POST',
          headers: { authorization: `Bearer ${platform.administrator.reveal()}` },
          body: JSON.stringify(body),
        }),
      )
      if (answer.status !== 201) throw new Error(await answer.text())
    },
    run: async (line: string, code = 0) =>
      requireWell(t, line, await place.run(line.split(' '), { env: platform.env }), code),
  }
}

t.test('names of prototypes are names like others, from the declaration to the audit', async t => {
  const { place, platform, run, post } = await scene(t)
  for (const name of ['constructor', '__proto__']) await post('/api/projects', { name })
  await run('validate')
  t.match(await run('plan --out plan.json'), /2 to create/)
  t.match(await run('apply plan.json --log runs.log'), /2 created/)
  t.match(await run('plan'), 'No changes')
  for (const line of [
    'plan --json',
    'verify',
    'calendar',
    'history --log runs.log',
    'apikeys list',
    'projects list',
  ])
    t.match(await run(line), /constructor|__proto__|No/, line)
  t.match(await run('secret get constructor'), /^flux_ci_/)
  t.match(await run('plan --only valueof', 2), 'fits no key id')
  t.match(await run('plan --constructor=1', 2), 'Unknown flag --constructor')
  t.match(await run('plan --no-__proto__', 2), 'Unknown flag --no-__proto__')
  t.match(await run('constructor', 2), 'Unknown command')

  platform.now += 31 * day
  const counts = JSON.parse('{"constructor":1,"__proto__":2}') as object
  platform.before = async request =>
    new URL(request.url).pathname.endsWith('/usage')
      ? Response.json(
          JSON.parse(
            JSON.stringify({ total: 3, by_day: {}, by_operation: counts, by_project: counts }),
          ) as object,
          { headers: { date: new Date(platform.now).toUTCString() } },
        )
      : null
  for (const format of ['text', 'json', 'sarif', 'junit', 'markdown', 'csv'])
    t.match(await run(`audit --format ${format}`), /Own[^]*Used|Used[^]*Own/, format)
  t.match(await run('apply --auto-approve'), /constructor|No changes/)
  t.match(await run('rotate constructor --auto-approve --reason toString'), /1 rotated/)
  t.strictSame((await readdir(place.work)).filter(name => name.endsWith('.env')).sort(), [
    'constructor.env',
    'tostring.env',
  ])
})

t.test('names that lead elsewhere never get into a path, nor into a key id', async t => {
  const { place, run, post } = await scene(t)
  const before = await readdir(place.root)
  const names = ['../../escape', '/etc/passwd', '..', '__proto__', '{key}', 'a\\b', '$(id)']
  for (const name of names)
    await post('/api/api-keys', {
      name,
      description: '',
      scope: ['customer-support-bot'],
      permissions: ['read_scenarios'],
      environment: 'ci',
    })
  await rm(join(place.work, 'fluxloop-keys.yaml'))
  await run('import --all --stack led --out imported.yaml --write')
  const imported = await place.read('imported.yaml')
  const ids = [...imported.matchAll(/^  (\S+):$/gm)].map(([, id]) => id)
  t.ok(ids.length >= names.length, `${ids.join()} of ${imported}`)
  for (const id of ids) t.match(id, /^[a-z0-9][a-z0-9_-]*$/)
  await run('validate -c imported.yaml')
  t.match(await run('plan -c imported.yaml'), /adopt/)
  for (const [id, path, message] of [
    ['../../escape', 'x.env', 'is not a key id'],
    ['__proto__', 'x.env', 'is not a key id'],
    ['a', '../../{name}.env', 'no placeholder'],
    ['a', 'x.env\\0', 'is not a path'],
  ] as const) {
    await place.write(
      'bad.yaml',
      `version: 1\nstack: bad\nkeys:\n  "${id}": { name: A, scope: all, permissions: [read_scenarios], expires: 90d, store: { env-file: { path: "${path}", name: K } } }\n`,
    )
    t.match(await run('validate -c bad.yaml', 2), message, id)
  }
  t.strictSame(await readdir(place.root), before)
})
