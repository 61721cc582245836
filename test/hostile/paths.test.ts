// A configuration that leads a secret to a file that its author has chosen and its reader does not see.
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { loadConfiguration } from '../../src/config/load.ts'
import { hasEnvFileName } from '../../src/model/store-path.ts'
import { Secret } from '../../src/model/secret.ts'
import { withFileLock } from '../../src/stores/file-lock.ts'
import { createStores } from '../../src/stores/open.ts'
import { writeFileDurably } from '../../src/stores/write-file.ts'
import { failed } from '../support/failed.ts'
import { type Ended, type Workplace, ended, workplace } from '../support/program.ts'
import { type ServedPlatform, servedPlatform } from '../support/served-platform.ts'
import { whole } from '../support/whole.ts'

const identity = 'AGE-SECRET-KEY-1GQ9778VQXMMJVE8SK7J6VT8UJ4HDQAJUVSFCWCM02D8GEWQ72PVQ2Y5J33\n'

const configuration = (store: string, strategy = 'overlap') => `version: 1
stack: acme
keys:
  agents:
    name: Agents
    scope: all
    permissions: [read_scenarios]
    expires: 90d
    rotate: { maxAge: 60d, strategy: ${strategy} }
    store: ${store}
`

interface Scene {
  readonly place: Workplace
  readonly platform: ServedPlatform
  readonly outside: string
  readonly home: string
  readonly declare: (store: string, strategy?: string) => Promise<void>
  readonly run: (line: string, options?: Parameters<Workplace['run']>[1]) => Promise<Ended>
  /** The requests that change something, since the last `forget`. */
  readonly writes: () => readonly string[]
}

async function scene(t: Test): Promise<Scene> {
  const place = await workplace(t)
  const platform = await servedPlatform(t)
  const outside = join(place.root, 'outside')
  await mkdir(outside)
  await place.write('identity.txt', identity)
  return {
    place,
    platform,
    outside,
    home: join(place.root, 'home'),
    declare: (store, strategy) => place.write('fluxloop-keys.yaml', configuration(store, strategy)),
    run: (line, options = {}) =>
      place.run(line.split(' '), { ...options, env: { ...platform.env, ...options.env } }),
    writes: () => platform.requests.filter(line => !line.startsWith('GET')),
  }
}

const words = ({ stdout, stderr }: Ended) => `${stdout}${stderr}`.replace(/\s+/g, ' ')

const envFile = (path: string, name = 'FLUXLOOP_API_KEY') =>
  `{ env-file: { path: '${path}', name: ${name} } }`
const ageFile = (path: string) => `{ age-file: { path: '${path}', identity: identity.txt } }`

t.test(
  'a link of the repository leads no file of a store out of it, and nothing is made for one',
  async t => {
    for (const [what, link] of [
      ['a relative link', async ({ place }: Scene) => symlink('../outside', join(place.work, 'vault'))],
      ['an absolute link', async ({ place, outside }: Scene) => symlink(outside, join(place.work, 'vault'))],
      [
        'a link by a link',
        async ({ place, outside }: Scene) => {
          await symlink('other', join(place.work, 'vault'))
          await symlink(outside, join(place.work, 'other'))
        },
      ],
      [
        'a link to a folder that is yet to be',
        async ({ place }: Scene) => symlink('../later', join(place.work, 'vault')),
      ],
    ] as const) {
      for (const store of [envFile('vault/deep/.env'), ageFile('vault/a.age')]) {
        const own = await scene(t)
        const { declare, run, writes, outside, place } = own
        await link(own)
        await declare(store)
        const ending = await run('apply --auto-approve')
        t.not(ending.code, 0, `${what}, ${store}`)
        t.match(words(ending), /led out of its repository by the symbolic link \S+(vault|other)/)
        t.strictSame(writes(), [])
        t.strictSame(await readdir(outside), [])
        t.notOk(existsSync(join(place.root, 'later')))
        const doctor = await run('doctor')
        t.equal(doctor.code, 1)
        t.match(words(doctor), 'led out of its repository')
        t.strictSame(await readdir(outside), [])
      }
    }
  },
)

t.test(
  'a folder that became a link after a key was delivered stops a rotation in place and by hand',
  async t => {
    const { place, outside, declare, run, writes, platform } = await scene(t)
    await declare(envFile('vault/.env'), 'in-place')
    t.match(await run('apply --auto-approve'), { code: 0 })
    await rename(join(place.work, 'vault'), join(place.work, 'vault.before'))
    await symlink('../outside', join(place.work, 'vault'))
    platform.forget()
    const [key] = await platform.managed()
    for (const line of [
      'rotate agents --auto-approve',
      'rotate agents --now --auto-approve',
      `apikeys regenerate ${key?.id ?? ''} --force`,
    ]) {
      const ending = await run(line)
      t.not(ending.code, 0, line)
      t.match(words(ending), /led out of its repository|in another folder/)
      t.strictSame(
        writes().filter(request => !request.startsWith('PATCH')),
        [],
        line,
      )
    }
    t.strictSame(await readdir(outside), [])
  },
)

t.test('links of the machine and links that stay in the repository lead wherever they like', async t => {
  const { place, outside, home, declare, run } = await scene(t)
  // The repository and the home are reached by links, as /tmp is on a Mac.
  await symlink(place.work, join(place.root, 'checkout'))
  await symlink(home, join(place.root, 'me'))
  await symlink(outside, join(home, 'elsewhere'))
  await ended('git', ['init', '-q', place.work])
  await mkdir(join(place.work, 'teams/one'), { recursive: true })
  await mkdir(join(place.work, 'secrets'))
  await symlink('../../secrets', join(place.work, 'teams/one/vault'))
  const stores = [
    envFile('teams/one/vault/.env'),
    envFile('~/elsewhere/one.env'),
    ageFile(`${outside}/x.age`),
  ]
  await declare(`[${stores.join(', ')}]`)
  const ending = await run('apply --auto-approve', {
    cwd: join(place.root, 'checkout'),
    env: { HOME: join(place.root, 'me') },
  })
  t.equal(ending.code, 0, words(ending))
  t.match(await place.read('secrets/.env'), 'FLUXLOOP_API_KEY=flux_')
  t.strictSame((await readdir(outside)).sort(), ['one.env', 'x.age'])
})

t.test('a place that a link leads to gets the secret where --allow-path names the place itself', async t => {
  const { place, outside, declare, run, writes } = await scene(t)
  await symlink('../outside', join(place.work, 'vault'))
  await declare(envFile('vault/.env'))
  t.not((await run(`apply --auto-approve --allow-path ${outside}/other.env`)).code, 0)
  t.not((await run('apply --auto-approve --allow-path vault/.env')).code, 0, 'not by the path that hides it')
  t.strictSame(writes(), [])
  t.match(await run('apply --auto-approve --allow-path ../outside/.env'), { code: 0 })
  t.match(await readFile(join(outside, '.env'), 'utf8'), 'FLUXLOOP_API_KEY=flux_')
})

t.test(
  'an env file with another name is warned of by validate and plan, and refused before anything is made',
  async t => {
    const { place, home, declare, run, writes, platform } = await scene(t)
    await writeFile(join(home, '.bashrc'), 'export A=1\n', { mode: 0o600 })
    const paths = ['~/.bashrc', '.envrc', '../home/.bashrc', 'run.sh', 'env', '.npmrc', 'config.env.js']
    for (const path of whole ? paths : paths.slice(0, 2)) {
      await declare(envFile(path))
      platform.forget()
      for (const line of ['validate', 'plan']) {
        const looked = await run(line)
        t.equal(looked.code, 0, `${line}: ${path}`)
        t.match(words(looked), /fluxloop-keys\.yaml:10:\d+/)
        t.match(words(looked), /is not called \.env, \.env\.NAME or NAME\.env.*--allow-path/)
      }
      for (const line of ['apply --auto-approve', 'apply --auto-approve --allow-path .env', 'doctor']) {
        const ending = await run(line)
        t.not(ending.code, 0, `${line}: ${path}`)
        t.match(words(ending), /--allow-path/)
      }
      t.strictSame(writes(), [])
    }
    t.equal(await readFile(join(home, '.bashrc'), 'utf8'), 'export A=1\n')
    t.strictSame((await readdir(place.work)).sort(), ['fluxloop-keys.yaml', 'identity.txt'])

    await declare(envFile('~/.bashrc'))
    const allowed = await run('plan --allow-path ~/.bashrc')
    t.equal(allowed.code, 0)
    t.notMatch(words(allowed), 'is not called')
    t.match(await run('apply --auto-approve --allow-path ~/.bashrc'), { code: 0 })
    t.match(await readFile(join(home, '.bashrc'), 'utf8'), /^export A=1\nFLUXLOOP_API_KEY=flux_\w+\n$/)
  },
)

t.test('names of env files', async t => {
  for (const name of ['.env', '.env.local', '.env.ci.prod', 'agents.env', 'a.b.env'])
    t.ok(hasEnvFileName(`/srv/${name}`), name)
  for (const name of [
    'env',
    '.bashrc',
    '.envrc',
    '.env.',
    'x.env.sh',
    'x.envs',
    '.environment',
    'a.ENV2',
    '',
  ])
    t.notOk(hasEnvFileName(`/srv/.env/${name}`), name)
})

const obeyed = [
  ...[
    'PATH',
    'path',
    'IFS',
    'HOME',
    'SHELL',
    'ENV',
    'BASH_ENV',
    'BASH_FUNC_ls',
    'PROMPT_COMMAND',
    'PS4',
    'ZDOTDIR',
  ],
  ...[
    'LD_PRELOAD',
    'LD_LIBRARY_PATH',
    'DYLD_INSERT_LIBRARIES',
    'NODE_OPTIONS',
    'NODE_PATH',
    'npm_config_registry',
  ],
  ...[
    'PYTHONSTARTUP',
    'PYTHONPATH',
    'PERL5OPT',
    'PERL5LIB',
    'RUBYOPT',
    'JAVA_TOOL_OPTIONS',
    'DOTNET_STARTUP_HOOKS',
  ],
  ...[
    'GIT_SSH_COMMAND',
    'GIT_DIR',
    'SSH_ASKPASS',
    'EDITOR',
    'PAGER',
    'LESSOPEN',
    'BROWSER',
    'XDG_CONFIG_HOME',
  ],
  ...['HTTPS_PROXY', 'http_proxy', 'SSL_CERT_FILE', 'NODE_TLS_REJECT_UNAUTHORIZED', 'NODE_EXTRA_CA_CERTS'],
  ...[
    'GITHUB_ENV',
    'GITHUB_PATH',
    'CI_JOB_TOKEN',
    'KUBECONFIG',
    'DOCKER_HOST',
    'MAKEFLAGS',
    'FLUXLOOP_API_URL',
  ],
]

/** What a validation of this store finds, as `file:line:column code`. */
async function found(t: Test, store: string): Promise<readonly string[]> {
  const cwd = t.testdir({ 'fluxloop-keys.yaml': configuration(store) })
  const loaded = await loadConfiguration({ paths: [], cwd, now: null })
  return loaded.ok
    ? []
    : loaded.diagnostics.map(({ file, line, column, code }) => `${file}:${line}:${column} ${code}`)
}

t.test('no store writes a variable that programs obey, and validate says where it stands', async t => {
  for (const name of obeyed) {
    for (const store of [
      envFile('.env', name),
      `{ gitlab-ci: { project: acme/agents, name: ${name} } }`,
      `{ doppler: { project: acme, config: prd, name: ${name} } }`,
      `{ kubernetes: { namespace: agents, secret: keys, name: ${name} } }`,
      `{ keychain: { fallback: ${envFile('.env', name)} } }`,
    ]) {
      const column = '    store: '.length + store.lastIndexOf(name) + 1
      t.strictSame(await found(t, store), [`fluxloop-keys.yaml:10:${column} reserved-variable`], store)
    }
  }
  for (const name of [
    'FLUXLOOP_API_KEY',
    'CI_KEY',
    'CI_PIPELINE',
    'AGENTS',
    'PATHS',
    'MY_PATH',
    'HOMEPAGE_KEY',
    'LDAP_KEY',
  ])
    t.strictSame(await found(t, envFile('.env', name)), [], name)
})

t.test('a placeholder makes no variable that programs obey, nor does a flag', async t => {
  const cwd = t.testdir({
    'fluxloop-keys.yaml': configuration(envFile('.env', '"{key}"')).replace('agents:', 'bash-env:'),
  })
  const loaded = await loadConfiguration({ paths: [], cwd, now: null })
  t.match(loaded, { ok: false, diagnostics: [{ code: 'reserved-variable', message: /^BASH_ENV is code/ }] })

  const { declare, run, place } = await scene(t)
  await declare(envFile('.env'))
  t.match(await run('apply --auto-approve'), { code: 0 })
  const secret = /flux_\w+/.exec(await place.read('.env'))?.[0] ?? ''
  for (const line of [
    'env PATH=agents --reveal',
    'env agents --env LD_PRELOAD --reveal',
    'exec BASH_ENV=agents -- env',
    'exec agents --env NODE_OPTIONS -- env',
  ]) {
    const ending = await run(line)
    t.equal(ending.code, 2, line)
    t.match(words(ending), /so no secret may be in it/)
    t.notMatch(words(ending), secret)
  }
  const created = await run('apikeys create --name B --permissions read_scenarios --store env-file:.env:PATH')
  t.equal(created.code, 2)
  t.match(words(created), 'PATH says where programs are found')
})

t.test('an age file replaces and removes nothing but an age file', async t => {
  const { place, declare, run, writes } = await scene(t)
  for (const [name, text] of [
    ['package.json', '{}\n'],
    ['conftest.py', ''],
    ['binary', '\u0000\u0001'],
  ] as const) {
    await place.write(name, text)
    await declare(ageFile(name))
    const ending = await run('apply --auto-approve')
    t.not(ending.code, 0, name)
    t.match(words(ending), new RegExp(`${name} is not an age file`))
    t.equal(await place.read(name), text)
  }
  t.strictSame(writes(), [])

  const stores = createStores({ env: process.env, keychainHelper: { command: 'false', args: [] } })
  const path = join(place.work, 'package.json')
  const store = stores.open({
    kind: 'age-file',
    declaredIn: '/srv',
    path,
    recipients: [],
    identity: join(place.work, 'identity.txt'),
    shared: false,
  })
  t.match(await failed(store.put(new Secret('flux_ci_sentinel'))), { code: 'refused' })
  t.match(await failed(store.remove()), { code: 'refused' })
  t.equal(await place.read('package.json'), '{}\n')
})

t.test('a folder that is replaced by a link in the middle of a write gets nothing', async t => {
  const root = await mkdtemp(join(tmpdir(), 'fluxloop-keys-paths-'))
  t.teardown(() => rm(root, { recursive: true, force: true }))
  for (const name of ['vault', 'outside']) await mkdir(join(root, name))
  const path = join(root, 'vault', '.env')
  const write = withFileLock(path, async file => {
    await rename(join(root, 'vault'), join(root, 'before'))
    await symlink(join(root, 'outside'), join(root, 'vault'))
    await writeFileDurably(file, Buffer.from('KEY=1\n'))
  })
  t.match(await failed(write), { code: 'conflict', message: /was replaced while .* nothing was written/ })
  const left = await readdir(join(root, 'outside'), { recursive: true })
  t.notOk(left.includes('.env'))
})

t.test('no configuration names the keychain entries of the program itself', async t => {
  for (const service of ['fluxloop-keys', 'fluxloop-keys-doctor'])
    t.match(await found(t, `{ keychain: { service: ${service}, account: default } }`), [/ reserved-service$/])
})
