import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { readdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { checkNode } from '../../src/commands/doctor/machine.ts'
import { checkClock, checkPermissions } from '../../src/commands/doctor/platform.ts'
import { day, minute } from '../../src/model/duration.ts'
import { Failure } from '../../src/model/failure.ts'
import type { CheckupJson } from '../../src/render/report/checkup-text.ts'
import { createStores } from '../../src/stores/open.ts'
import { desiredState, liveKey, now } from '../support/build.ts'
import { stage } from '../support/stage.ts'
import { dispensable, required } from '../support/missing-calls.ts'
import { standIn } from '../support/stand-in.ts'
import type { Variant } from '../support/variant-proxy.ts'

const schema = JSON.parse(
  readFileSync(new URL('../../schemas/checkup.schema.json', import.meta.url), 'utf8'),
) as object
const isCheckup = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(schema)

const identity = 'AGE-SECRET-KEY-1GQ9778VQXMMJVE8SK7J6VT8UJ4HDQAJUVSFCWCM02D8GEWQ72PVQ2Y5J33'

function configuration(store: string): string {
  return `
version: 1
stack: acme
defaults: { expires: 90d }
keys:
  bot: { name: Bot, scope: all, permissions: [read_scenarios], store: ${store} }
  cat: { name: Cat, scope: all, permissions: [read_scenarios], store: { env-file: { path: 'b.env', name: CAT } } }
`
}

function scene(
  t: Test,
  store = '{ env-file: { path: a.env, name: KEY } }',
  variants: readonly Variant[] = [],
) {
  const files = { 'fluxloop-keys.yaml': configuration(store), 'identity.txt': `${identity}\n` }
  const s = stage(t, files, variants)
  const run = async (...[line, options = {}]: Parameters<typeof s.run>) => {
    // To find git by.
    const ran = await s.run(line, { env: { PATH: process.env['PATH'] }, ...options })
    const whole = JSON.parse(ran.out()) as CheckupJson
    t.ok(isCheckup(whole), JSON.stringify(isCheckup.errors))
    const calls = whole.checks.filter(({ check }) => check === 'call')
    const json = { ...whole, checks: whole.checks.filter(({ check }) => check !== 'call') }
    return { ...ran, json, calls, told: json.checks.map(({ check, status }) => `${check} ${status}`) }
  }
  return { ...s, run }
}

t.test('tries everything in five requests, and leaves nothing behind', async t => {
  const { run, folder } = scene(t)
  const before = (await readdir(folder)).toSorted()
  const ran = await run('doctor --json')
  t.equal(ran.code, 0, ran.err())
  t.strictSame(ran.told, [
    'program ok',
    'node ok',
    'configuration ok',
    'credentials ok',
    'platform ok',
    'clock ok',
    'permissions ok',
    // The stage has no keychain, and no key of this configuration needs one.
    'keychain warning',
    'store ok',
    'store ok',
    'git ok',
    'git ok',
  ])
  t.strictSame(
    ran.requests.map(request => request.replace(/key_\w+/, '{id}')),
    [
      'GET /api/auth/whoami',
      'GET /api/api-keys',
      'GET /api/api-keys/{id}/usage',
      'GET /api/projects',
      'GET /api/api-keys/{id}',
    ],
  )
  t.equal(ran.json.requests, 5)
  t.match(ran.json.checks[8]?.message, 'put, get, remove')
  t.strictSame((await readdir(folder)).toSorted(), before)
})

t.test('says of each call whether it is there, and of a missing one what follows', async t => {
  const whole = scene(t)
  const { calls } = await whole.run('doctor --json')
  t.strictSame(
    calls.map(({ subject, status }) => `${status} ${subject ?? ''}`),
    [
      'ok GET /api/auth/whoami',
      'ok GET /api/api-keys/{id}/usage',
      'ok GET /api/projects',
      'ok GET /api/api-keys/{id}',
      'ok If-Match and version',
      'skipped Idempotency-Key',
      'ok last_used_at',
      'ok regenerated_at',
      'ok next_cursor',
      'ok environment',
      'skipped POST /api/api-keys/{id}/regenerate',
      'skipped PATCH /api/api-keys/{id}',
      'skipped description',
    ],
  )
  const bare = scene(t, undefined, Object.values(dispensable))
  const lacking = await bare.run('doctor --json')
  t.equal(lacking.code, 0, 'a warning is not a failure')
  for (const { subject, status, message, hints } of lacking.calls) {
    if (status === 'skipped') continue
    t.strictSame([status, message, hints.length > 0], ['warning', 'It is missing', true], String(subject))
  }
  const unmanageable = await scene(t, undefined, [required.descriptions]).run('doctor --json')
  t.equal(unmanageable.code, 1)
  t.match(unmanageable.calls.at(-1), { status: 'failed', hints: [/^Nothing can be managed/] })
})

t.test('tries what has to be written for with --write, and leaves no key behind', async t => {
  const rows = {
    nothing: { variants: [], missing: [], code: 0 },
    'Idempotency-Key': { variants: [dispensable['Idempotency-Key']], missing: ['Idempotency-Key'], code: 0 },
    regenerate: {
      variants: [required.regenerate],
      missing: ['POST /api/api-keys/{id}/regenerate'],
      code: 0,
    },
    PATCH: { variants: [required.PATCH], missing: ['PATCH /api/api-keys/{id}'], code: 1 },
    descriptions: { variants: [required.descriptions], missing: ['description'], code: 1 },
    create: { variants: [required.create], missing: [], code: 1 },
  }
  for (const [what, { variants, missing, code }] of Object.entries(rows)) {
    const s = scene(t, undefined, variants)
    const ran = await s.run('doctor --json --write')
    t.equal(ran.code, code, what)
    t.strictSame(
      ran.calls.filter(({ message }) => message === 'It is missing').map(({ subject }) => subject),
      missing,
      what,
    )
    t.equal((await s.live()).length, 1, 'the calling key alone')
  }
  const endless = scene(t, undefined, [required.delete])
  const left = await endless.run('doctor --json --write')
  t.equal(left.code, 1)
  t.match(
    left.calls.find(({ subject }) => subject === 'DELETE /api/api-keys/{id}'),
    { status: 'failed', message: /^It does not end key_\w+, which doctor made$/, hints: [/in an hour/] },
  )
})

t.test(
  'fails where a key needs a keychain and there is none, and a fallback turns that into a warning',
  async t => {
    const { run, write } = scene(t, 'keychain')
    const failed = await run('doctor --json')
    t.equal(failed.code, 1)
    t.match(failed.json.checks, [{}, {}, {}, {}, {}, {}, {}, { check: 'keychain', status: 'failed' }])
    t.ok(failed.json.checks[7]?.hints.length)

    await write(
      'fluxloop-keys.yaml',
      configuration(
        '{ keychain: { fallback: { age-file: { path: "{key}.age", identity: identity.txt } } } }',
      ),
    )
    const fallen = await run('doctor --json')
    t.equal(fallen.code, 0)
    t.match(fallen.json.checks[7], { status: 'warning', message: /the fallbacks take its place/ })
    t.match(fallen.json.checks[8], { check: 'store', subject: /bot\.age/, message: /put, get, remove/ })
  },
)

t.test('tries each repository that a key goes to, and says which one refuses', async t => {
  const { run, folder } = scene(
    t,
    '[{ github-actions: { repo: a/b, name: K } }, { github-actions: { repo: a/b, name: L } }, { github-actions: { repo: a/c, name: K } }]',
  )
  const stand = standIn(join(folder, 'bin'), ['gh'])
  stand.answer([{ words: ['a/c', 'set'], code: 1, stderr: 'HTTP 403: Resource not accessible' }])
  const env = { ...process.env, PATH: `${stand.folder}:${process.env['PATH'] ?? ''}` }
  const stores = createStores({ env, keychainHelper: { command: 'false', args: [] } })
  t.teardown(() => stores.close())
  const ran = await run('doctor --json', { with: { stores: async () => stores } })
  t.equal(ran.code, 1)
  t.strictSame(
    ran.json.checks
      .flatMap(({ check, subject, status }) => (check === 'store' ? [[subject, status]] : []))
      .slice(0, 2),
    [
      ['github-actions a/b (L)', 'ok'],
      ['github-actions a/c (K)', 'failed'],
    ],
  )
  t.match(
    ran.json.checks.find(({ status, check }) => check === 'store' && status === 'failed')?.message,
    /HTTP 403/,
  )
})

t.test(
  'tries programs of the user with a key that there is not, where each of them names the key',
  async t => {
    const sh = (script: string) => `[sh, -c, '${script}', sh, 'x-{key}', '{name}']`
    const exec = (get: string) =>
      `{ exec: { put: ${sh('echo "$1 $2" >>calls; cat >"$1"')}, get: ${get}, remove: ${sh('rm "$1"')} } }`
    const { run, folder, read, write } = scene(t, exec(sh('test ! -e "$1" || cat "$1"')))
    const cwd = process.cwd()
    process.chdir(folder)
    t.teardown(() => process.chdir(cwd))
    const tried = await run('doctor --json')
    const exec1 = tried.json.checks.find(({ subject }) => subject?.startsWith('exec'))
    t.match(exec1, { status: 'ok', message: /^put, get, remove: they work/ })
    t.equal(await read('calls'), 'x-Fluxloop-Keys-Doctor Bot\n')
    t.notOk(
      (await readdir(folder)).some(name => name.startsWith('x-')),
      'nothing of it stays',
    )
    await write('calls', '')
    await write('fluxloop-keys.yaml', configuration(exec('[cat, x-bot]')))
    const asked = await run('doctor --json')
    t.match(
      asked.json.checks.find(({ subject }) => subject?.startsWith('exec')),
      { status: 'ok', message: /nothing was put there/ },
    )
    t.equal(await read('calls'), '')
    await symlink('/bin/cat', join(folder, 'cat-bot'))
    await write('fluxloop-keys.yaml', configuration(exec("['./cat-{key}', 'x-{key}']")))
    t.match(
      (await run('doctor --json')).json.checks.find(({ subject }) => subject?.startsWith('exec')),
      { status: 'ok', message: /nothing was put there/ },
      'a program of one key',
    )
    await write('fluxloop-keys.yaml', configuration(exec(sh('echo another'))))
    t.match(
      (await run('doctor --json')).json.checks.find(({ subject }) => subject?.startsWith('exec')),
      { status: 'failed', message: /does not give back/ },
    )
  },
)

t.test('says which env files git has, and which it would take', async t => {
  const { run, folder, write } = scene(t)
  const git = (...args: readonly string[]) => execFileSync('git', ['-C', folder, ...args])
  git('init', '-q')
  const loose = await run('doctor --json')
  t.equal(loose.code, 0)
  t.strictSame(loose.told.slice(-2), ['git warning', 'git warning'])
  await write('.gitignore', 'b.env\n')
  await write('a.env', 'KEY=x\n')
  git('add', '-f', 'a.env')
  const tracked = await run('doctor --json')
  t.equal(tracked.code, 1)
  t.strictSame(tracked.told.slice(-2), ['git failed', 'git ok'])
  t.match(tracked.json.checks.at(-2)?.hints, [/git rm --cached .*a\.env/])
  t.equal(tracked.told.includes('store failed'), true, 'the store refuses such a file')

  await write('fluxloop-keys.yaml', configuration("{ env-file: { path: ':(glob)*.env', name: KEY } }"))
  const odd = await run('doctor --json')
  t.strictSame(odd.told.slice(-2), ['git warning', 'git ok'], 'a path is not a pattern')
})

t.test('goes on where there are no credentials, no platform and no configuration', async t => {
  const { run } = scene(t)
  const nobody = await run('doctor --json', {
    with: {
      connect: async () => {
        throw new Failure('authentication', 'No API key was found.', { hints: ['Log in.'] })
      },
    },
  })
  t.equal(nobody.code, 1)
  t.match(nobody.json, { requests: 0, ok: false })
  t.strictSame(nobody.told.slice(2, 7), [
    'configuration ok',
    'credentials failed',
    'platform skipped',
    'clock skipped',
    'permissions skipped',
  ])
  const broken = await run('doctor --json -c nothing.yaml')
  t.equal(broken.code, 1)
  t.match(broken.json.checks[2], { status: 'failed', message: /nothing\.yaml.*no such file/ })
  t.equal(broken.told.includes('platform ok'), true)
})

t.test('tells a key that the platform does not know from a platform that does not answer', async t => {
  const { run } = scene(t)
  const answer = (status: number, body: object) => async () => Response.json(body, { status })
  const credential = (await import('../../src/model/secret.ts')).Secret
  const as = (fetch: () => Promise<Response>) => ({
    platform: { fetch, credential: new credential('flux_ci_x') },
  })
  const unknown = await run('doctor --json', as(answer(401, { detail: 'unknown', code: 'invalid_api_key' })))
  t.strictSame(unknown.told.slice(4, 7), ['platform ok', 'clock skipped', 'permissions failed'])
  const down = await run('doctor --json', as(answer(404, { detail: 'Not Found' })))
  t.strictSame(down.told.slice(4, 7), ['platform failed', 'clock skipped', 'permissions skipped'])
})

t.test('is read by people in 80 columns, with what to do below what is wrong', async t => {
  const s = stage(t, { 'fluxloop-keys.yaml': configuration('keychain') })
  const ran = await s.run('doctor', { width: 80, env: { PATH: process.env['PATH'] } })
  t.match(ran.out(), /^ok {6}program: fluxloop-keys 0\.0\.0-test\n/)
  t.match(ran.out(), /FAILED {2}keychain .*\n(.*\n)*? {10}• /)
  t.match(ran.out(), /1 failure, 0 warnings\.\n$/)
  t.strictSame(
    ran
      .out()
      .split('\n')
      .filter(line => line.length > 80 && !line.includes('/')),
    [],
  )
})

t.test('knows an old Node, a clock that is off, and callers that may not do enough', async t => {
  t.strictSame(
    ['18.20.1', '20.18.3', '20.19.0', '22.0.0'].map(version => checkNode(version).status),
    ['failed', 'failed', 'ok', 'ok'],
  )
  t.match(checkClock({ now, clock: 'server' }, now + minute), { status: 'ok' })
  t.match(checkClock({ now, clock: 'server' }, now + 5 * minute), {
    status: 'warning',
    message: /5 minutes ahead/,
  })
  t.match(checkClock({ now, clock: 'server' }, now - 90_000), {
    status: 'warning',
    message: /90 seconds behind/,
  })
  t.match(checkClock({ now, clock: 'local' }, now - day), { status: 'skipped' })

  const desired = desiredState()
  const permitted = (live: Parameters<typeof liveKey>[0] | null, expiresAt: number | null = null) => {
    const caller = { account: 'acme', key: null, liveKey: live === null ? null : liveKey(live) }
    return checkPermissions(caller, expiresAt, desired, now).status
  }
  t.equal(permitted(null), 'ok', 'a user')
  t.equal(permitted(null, now + day), 'warning', 'whose token ends tomorrow')
  t.equal(permitted({ permissions: ['*'], expiresAt: null }), 'ok')
  t.equal(permitted({ permissions: ['read_scenarios'] }), 'failed')
  t.equal(permitted({ permissions: ['*'], scope: ['x'] }), 'warning')
  t.equal(permitted({ permissions: ['manage_keys'] }), 'warning', 'and cannot grant what it does not hold')
  t.equal(permitted({ permissions: ['*'], expiresAt: now + day }), 'warning')
})
