import { emptyAuditPolicy } from '../../src/model/audit-policy.ts'
import { mkdir, chmod, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { spawnSync } from 'node:child_process'
import { homedir, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

import { fc } from '../support/properties.ts'
import t from 'tap'

import { findLostStores } from '../../src/config/former-stores.ts'
import { loadConfiguration } from '../../src/config/load.ts'
import { readYaml } from '../../src/config/read-yaml.ts'
import { storeHash } from '../../src/config/resolve-stores.ts'
import type { RawStore } from '../../src/config/raw.ts'
import { day, hour } from '../../src/model/duration.ts'
import { isSamePlace } from '../../src/model/store.ts'
import { desired, inFolder, load, now } from './support.ts'
import { needs } from '../support/needs.ts'

const head = 'version: 1\nstack: acme\n'
const names = { stack: 'acme', key: 'ci', name: 'CI', environment: 'ci' }
const repository = fileURLToPath(new URL('../..', import.meta.url))

function keyOf(id: string, more = 'expires: 90d'): string {
  return `  ${id}: { name: ${id}, scope: all, permissions: [read_results], ${more} }\n`
}

t.test('fills in every default, where a key says only what it must', async t => {
  const state = await desired({ 'a.yaml': `${head}keys:\n${keyOf('ci')}` })
  t.same(state, {
    stack: 'acme',
    formerly: [],
    keys: [
      {
        keyId: 'ci',
        name: 'ci',
        description: '',
        owner: null,
        environment: null,
        scope: 'all',
        permissions: ['read_results'],
        grants: [],
        expires: { kind: 'period', length: 90 * day },
        rotation: {
          strategy: 'overlap',
          maxAge: null,
          grace: 48 * hour,
          quiet: 24 * hour,
          renewBefore: 9 * day,
        },
        stores: [
          {
            spec: { kind: 'keychain', service: 'fluxloop', account: 'acme/ci', fallback: null },
            hash: storeHash('keychain', names),
          },
        ],
        keepRemoved: false,
        protect: false,
        previously: null,
        adopt: null,
        exceptions: [],
        consumers: [],
        position: { file: 'a.yaml', line: 4, column: 3 },
      },
    ],
    prune: {
      removed: 'revoke',
      releaseStack: false,
      unmanaged: 'report',
      unused: null,
      keep: [],
      quiet: 24 * hour,
    },
    limits: { revoke: 0.25, rotate: 0.25, always: 2 },
    marker: null,
    policy: { forbid: [], breakGlass: [], audit: emptyAuditPolicy },
  })
})

t.test('keeps the keychain account of a stack, or a key, that was renamed', async t => {
  const account = async (text: string, keyId = 'ci') => {
    const state = await desired({ 'a.yaml': text })
    const [store] = state.keys.find(key => key.keyId === keyId)?.stores ?? []
    return store?.spec.kind === 'keychain' ? { account: store.spec.account, hash: store.hash } : null
  }
  const before = await account(`version: 1\nstack: old\nkeys:\n${keyOf('ci')}`)
  const rows = {
    'the stack': `${head}formerly: [old]\nkeys:\n${keyOf('ci')}`,
    'the stack, which had two names': `${head}formerly: [old, older]\nkeys:\n${keyOf('ci')}`,
  }
  t.equal(before?.account, 'old/ci')
  for (const [what, text] of Object.entries(rows)) t.strictSame(await account(text), before, what)
  const both = `${head}formerly: [old]\nkeys:\n${keyOf('pipeline', 'expires: 90d, previously: ci')}`
  t.strictSame(await account(both, 'pipeline'), before, 'the stack and the key')
  const moved = await account(`${head}keys:\n${keyOf('ci')}`)
  const own = "expires: 90d, store: { keychain: { account: '{stack}/{key}' } }"
  t.strictSame(
    await account(`${head}formerly: [old]\nkeys:\n${keyOf('ci', own)}`),
    moved,
    'an account that is written down moves it while the former one is still known',
  )
  t.equal(moved?.account, 'acme/ci', 'without the line it is that of the stack')
})

t.test('finds a place again that the stack had under a former name', async t => {
  const text = `${head}formerly: [old, older]\nkeys:\n${keyOf('ci', "expires: 90d, store: { age-file: { path: 'x/{stack}/{key}.age', identity: id } }")}`
  const file = '/srv/a.yaml'
  const state = await desired({ 'a.yaml': text })
  for (const stack of ['old', 'older']) {
    const former = { ...names, stack }
    const hashes = [
      storeHash({ 'age-file': { path: 'x/{stack}/{key}.age', identity: 'id' } }, former),
      storeHash('keychain', former),
    ]
    const found = await findLostStores(state, new Map([['ci', hashes]]), [{ file, text }])
    t.match(
      found
        .get('ci')
        ?.map(({ spec }) => ('path' in spec ? spec.path : spec.kind === 'keychain' && spec.account)),
      [`${stack}/ci`, `/srv/x/${stack}/ci.age`],
    )
  }
})

t.test('takes an empty configuration for the release of a stack only where `prune` asks for one', async t => {
  const rows = {
    'keys: {} and retain': [`${head}prune: { removed: retain }\nkeys: {}\n`, true],
    'no keys, and retain': [`${head}prune: { removed: retain }\n`, false],
    'keys: {} alone': [`${head}keys: {}\n`, false],
    'a key, and retain': [`${head}prune: { removed: retain }\nkeys:\n${keyOf('ci')}`, false],
  } as const
  for (const [what, [text, releases]] of Object.entries(rows))
    t.equal((await desired({ 'a.yaml': text })).prune.releaseStack, releases, what)
})

t.test('reads whose signatures are proof, and where the signing key is', async t => {
  const keys = [
    'MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=',
    'MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=',
  ]
  const read = async (more: string) =>
    (await desired({ 'a.yaml': `${head}marker: { publicKeys: [${keys.join(', ')}]${more} }\nkeys: {}\n` }))
      .marker
  t.strictSame(await read(''), { publicKeys: keys, signingKey: null })
  const variable = 'FLUXLOOP_KEYS_SIGNING_KEY_ACME'
  t.strictSame(await read(`, signingKey: { env: ${variable} }`), { publicKeys: keys, signingKey: variable })
})

t.test('reads what the policy forbids', async t => {
  const state = await desired({ 'a.yaml': `${head}policy: { forbid: [widening] }\nkeys: {}\n` })
  t.same(state.policy, { forbid: ['widening'], breakGlass: [], audit: emptyAuditPolicy })
})

t.test('takes each rotation setting from the key, then from the defaults', async t => {
  const state = await desired({
    'a.yaml':
      `${head}defaults: { expires: 1y, rotate: { maxAge: 60d, grace: 3d, quiet: 2d } }\nkeys:\n` +
      keyOf('a', 'expires: 1y') +
      keyOf('b', 'rotate: { maxAge: never, quiet: 1h, renewBefore: 1d }') +
      keyOf('c', 'expires: 10d') +
      keyOf('d', 'expires: never'),
  })
  const day365 = 365 * day
  t.same(
    state.keys.map(({ expires, rotation }) => ({ expires, rotation })),
    [
      {
        expires: { kind: 'period', length: day365 },
        rotation: {
          strategy: 'overlap',
          maxAge: 60 * day,
          grace: 3 * day,
          quiet: 2 * day,
          renewBefore: day365 / 10,
        },
      },
      {
        expires: { kind: 'period', length: day365 },
        rotation: { strategy: 'overlap', maxAge: null, grace: 3 * day, quiet: hour, renewBefore: day },
      },
      {
        expires: { kind: 'period', length: 10 * day },
        rotation: {
          strategy: 'overlap',
          maxAge: 60 * day,
          grace: 3 * day,
          quiet: 2 * day,
          renewBefore: 3 * day,
        },
      },
      {
        expires: { kind: 'never' },
        rotation: {
          strategy: 'overlap',
          maxAge: 60 * day,
          grace: 3 * day,
          quiet: 2 * day,
          renewBefore: 3 * day,
        },
      },
    ],
  )
  t.equal(state.prune.quiet, 2 * day)
})

t.test('warns and goes on, where an age can never count', async t => {
  const loaded = await load({
    'a.yaml': `${head}keys:\n${keyOf('ci', 'expires: 30d, rotate: { maxAge: 60d }')}`,
  })
  t.match(loaded, { ok: true, warnings: [{ code: 'age-beyond-expiry', line: 4 }] })
  t.match(await load({ 'a.yaml': head }), { ok: true, warnings: [{ code: 'no-keys' }] })
})

t.test(
  'warns of environment variables in texts that nothing fills in, and of none that a program may have',
  async t => {
    const text = `version: 1
stack: acme
defaults: { expires: 90d }
keys:
  ci:
    name: Deploy \${BRANCH}
    description: 'For $TEAM_NAME, costs $5 and US$'
    scope: all
    permissions: [read_results]
    store:
      - keychain: { account: 'acme/\${CI}' }
      - vault: { path: 'a/$VAULT_PATH' }
      - exec: { put: [store, '--profile=$PROFILE'], get: [sh, -c, 'echo "$SECRET"'] }
`
    const loaded = await load({ 'a.yaml': text })
    t.ok(loaded.ok)
    t.strictSame(
      loaded.ok &&
        loaded.warnings.map(({ code, line, message }) => [code, line, /`(.*?)`/.exec(message)?.[1]]),
      [
        ['variable-in-text', 6, '${BRANCH}'],
        ['variable-in-text', 7, '$TEAM_NAME'],
        ['variable-in-text', 11, '${CI}'],
        ['variable-in-text', 12, '$VAULT_PATH'],
        ['variable-in-text', 13, '$PROFILE'],
      ],
    )
  },
)

t.test('resolves roles into sorted permissions without repeats', async t => {
  const text = `${head}roles: { r: [upload_results, read_results] }\nkeys:\n  k:\n    name: k\n    scope: [b, a]\n    permissions: [role:r, read_results, create_scenarios]\n    expires: never\n`
  const state = await desired({ 'a.yaml': text })
  t.same(state.keys[0]?.permissions, ['create_scenarios', 'read_results', 'upload_results'])
  t.same(state.keys[0]?.scope, ['a', 'b'])
})

t.test('resolves paths from the declaring file and fills placeholders in', async t => {
  await inFolder(
    {
      'conf/base.yaml': `${head}defaults: { expires: 1y, store: { age-file: { path: "../s/{stack}/{key}.age", identity: ~/id.txt } } }\n`,
      'conf/team/keys.yaml':
        'keys:\n' +
        keyOf('ci-one', 'owner: x') +
        keyOf(
          'two',
          'store: [{ keychain: { service: "{stack}-ci", account: "{key}@x" } }, { env-file: { path: .env, name: "FLUX_{key}" } }]',
        ) +
        keyOf('x-three', 'store: { env-file: { path: /etc/e.env, name: "{stack}_{key}" } }'),
    },
    async cwd => {
      const loaded = await loadConfiguration({ paths: ['conf'], cwd, now })
      t.same(loaded.ok && loaded.desired.keys.map(key => key.stores.map(store => store.spec)), [
        [
          {
            kind: 'age-file',
            path: join(cwd, 's/acme/ci-one.age'),
            declaredIn: join(cwd, 'conf'),
            recipients: [],
            identity: join(homedir(), 'id.txt'),
            shared: false,
          },
        ],
        [
          { kind: 'keychain', service: 'acme-ci', account: 'two@x', fallback: null },
          {
            kind: 'env-file',
            path: join(cwd, 'conf/team/.env'),
            name: 'FLUX_TWO',
            declaredIn: join(cwd, 'conf/team'),
          },
        ],
        [{ kind: 'env-file', path: '/etc/e.env', name: 'ACME_X_THREE', declaredIn: join(cwd, 'conf/team') }],
      ])
    },
  )
})

t.test('hashes a store as it was declared, whatever the shorthand, the order or the machine', async t => {
  t.match(storeHash('keychain', names), /^[0-9a-f]{6}$/)
  const named = (name: string | readonly string[]) => storeHash({ 'env-file': { path: '.env', name } }, names)
  t.equal(named(['X']), named('X'))
  t.ok(isSamePlace(named(['X', 'Y']), named('X')), 'another variable of the same file is not another place')
  t.not(named(['X', 'Y']), named('X'), 'and is delivered to anyway')
  t.equal(storeHash('keychain', names), storeHash({ keychain: {} }, names))
  t.equal(
    storeHash({ 'env-file': { path: '.env', name: 'X' } }, names),
    storeHash({ 'env-file': { name: 'X', path: '.env' } }, names),
  )
  t.not(
    storeHash({ 'env-file': { path: '.env', name: 'X' } }, names),
    storeHash({ 'env-file': { path: '.env', name: 'Y' } }, names),
  )
  const exec = { put: ['save', '{key}'], get: ['load'], remove: ['drop'] }
  t.equal(
    storeHash({ exec }, names),
    storeHash({ exec: { ...exec, timeout: '5s', local: true } }, names),
    'how long it is waited for changes nothing there',
  )
  const age = { path: 'k.age', recipients: ['age1a'], identity: 'me.txt' }
  t.equal(storeHash({ 'age-file': age }, names), storeHash({ 'age-file': { ...age, shared: true } }, names))
  const pairs: readonly (readonly [string, RawStore, RawStore])[] = [
    ['get', { exec }, { exec: { ...exec, get: ['other'] } }],
    ['remove', { exec }, { exec: { ...exec, remove: ['payload'] } }],
    ['no remove', { exec }, { exec: { put: exec.put, get: exec.get } }],
    ['recipients', { 'age-file': age }, { 'age-file': { ...age, recipients: ['age1a', 'age1b'] } }],
    ['identity', { 'age-file': age }, { 'age-file': { path: 'k.age', recipients: ['age1a'] } }],
  ]
  for (const [what, one, other] of pairs) {
    const hashes = [storeHash(one, names), storeHash(other, names)] as const
    t.not(hashes[0], hashes[1], `${what} is part of the hash`)
    t.ok(isSamePlace(...hashes), `${what} does not change the place`)
  }
  t.not(
    storeHash({ exec: { put: ['save', 'a'] } }, names),
    storeHash({ exec: { put: ['save', 'b'] } }, names),
  )
  const hashes = await Promise.all(
    ['x', 'y'].map(async () => {
      const state = await desired({
        'a.yaml': `${head}keys:\n${keyOf('k', 'expires: 1y, store: { env-file: { path: .env, name: X } }')}`,
      })
      return state.keys[0]?.stores[0]?.hash
    }),
  )
  t.equal(hashes[0], hashes[1], 'two folders, one hash')
})

t.test('waits for a command as long as its store says, and 30 seconds where it says nothing', async t => {
  const timeoutOf = async (said: string) => {
    const store = `expires: 1y, store: { exec: { put: [save]${said} } }`
    const spec = (await desired({ 'a.yaml': `${head}keys:\n${keyOf('k', store)}` })).keys[0]?.stores[0]?.spec
    return spec?.kind === 'exec' ? spec.timeout : null
  }
  t.equal(await timeoutOf(''), 30_000)
  t.equal(await timeoutOf(', timeout: 5s'), 5_000)
  t.equal(await timeoutOf(', timeout: 2m'), 120_000)
})

t.test('finds files, folders and globs, each file once, and shows them by their way from here', async t => {
  const files = {
    'fluxloop-keys/a.yaml': `${head}keys:\n${keyOf('a')}`,
    'fluxloop-keys/deep/b.yml': `stack: acme\nkeys:\n${keyOf('b')}`,
    'fluxloop-keys/.hidden/c.yaml': 'nonsense',
    'fluxloop-keys/readme.md': 'nonsense',
  }
  for (const paths of [
    [],
    ['fluxloop-keys'],
    ['fluxloop-keys/**/*.y*ml'],
    ['fluxloop-keys', 'fluxloop-keys/a.yaml', '*/deep/*'],
  ]) {
    const state = await desired(files, paths)
    t.same(
      state.keys.map(key => key.position.file),
      ['fluxloop-keys/a.yaml', 'fluxloop-keys/deep/b.yml'],
      paths.join(' '),
    )
  }
})

t.test('allows two key ids with one name, and the same permissions of aliases', async t => {
  const text = `${head}defaults: { expires: 1y }\nkeys:\n  a: &a { name: Same, scope: [x], permissions: &p [read_results] }\n  b: { name: Same, scope: [x], permissions: *p }\n  c: *a\n`
  const state = await desired({ 'a.yaml': text })
  t.same(
    state.keys.map(key => [key.keyId, key.name, key.permissions, key.position.line]),
    [
      ['a', 'Same', ['read_results'], 5],
      ['b', 'Same', ['read_results'], 6],
      ['c', 'Same', ['read_results'], 7],
    ],
  )
})

t.test('does not depend on the order of keys and files', async t => {
  const one = `keys:\n${keyOf('a')}${keyOf('b')}`
  const same = await desired({ 'x.yaml': head, 'y.yaml': one })
  const turned = await desired({ 'a.yaml': `keys:\n${keyOf('b')}${keyOf('a')}`, 'z.yaml': head })
  const bare = (state: typeof same) => state.keys.map(key => ({ ...key, position: null }))
  t.same(bare(same), bare(turned))
})

t.test('loads the example, without a warning and with none of the demo’s unmanaged names', async t => {
  const loaded = await loadConfiguration({ paths: ['examples/fluxloop-keys.yaml'], cwd: repository, now })
  t.match(loaded, { ok: true, warnings: [] })
  if (!loaded.ok) return
  const ids = loaded.desired.keys.map(key => key.keyId)
  for (const id of ['nightly-simulations', 'release-gate', 'analytics-export', 'support-bot-dev'])
    t.ok(ids.includes(id), id)
  const names = loaded.desired.keys.map(key => key.name)
  for (const name of ['My Development Key', 'CI/CD Pipeline', 'Backup Key'])
    t.notOk(names.includes(name), name)
  for (const key of loaded.desired.keys) {
    t.match(key.stores[0]?.spec, {
      kind: 'keychain',
      fallback: { kind: 'age-file', path: resolve(repository, `.demo/secrets/${key.keyId}.age`) },
    })
  }
})

t.test('reads files through links, as Kubernetes mounts them', async t => {
  const files = { 'shared/keys/a.yaml': head, 'mount/..1/b.yaml': `keys:\n${keyOf('b')}` }
  await inFolder(files, async cwd => {
    // Without a repository the folder of the configuration is the most that its links may lead to.
    await mkdir(join(cwd, '.git'))
    await symlink('..1', join(cwd, 'mount/..data'))
    await symlink('..data/b.yaml', join(cwd, 'mount/b.yaml'))
    await symlink('../shared/keys/a.yaml', join(cwd, 'mount/a.yaml'))
    for (const paths of [['mount'], ['mount/*.yaml'], ['mount/{a,b}.yaml']]) {
      const loaded = await loadConfiguration({ paths, cwd, now })
      t.match(loaded, { ok: true, desired: { keys: [{ keyId: 'b' }] } }, paths.join(' '))
    }
  })
})

t.test('is not a configuration where a link on the way to a part of it is not followed', async t => {
  const files = { 'keys/a.yaml': head, 'shared/b.yaml': `keys:\n${keyOf('b')}` }
  const cases = [
    { link: 'keys/team', to: '../shared', paths: ['keys', 'keys/**/*.yaml', 'keys/*/*.yaml'] },
    { link: 'keys/b.yaml', to: '../gone.yaml', paths: ['keys', 'keys/*.yaml', 'keys/b.yaml'] },
    { link: 'keys/b.yaml', to: 'b.yaml', paths: ['keys', 'keys/*.yaml', 'keys/b.yaml'] },
    { link: 'fluxloop-keys.yaml', to: 'gone.yaml', paths: [] },
  ]
  for (const { link, to, paths } of cases)
    await inFolder(files, async cwd => {
      await symlink(to, join(cwd, link))
      for (const path of paths.length === 0 ? [[]] : paths.map(one => [one])) {
        const loaded = await loadConfiguration({ paths: path, cwd, now })
        t.match(loaded, { ok: false, diagnostics: [{ file: link }] }, `${link} -> ${to}: ${path.join()}`)
      }
    })
  await inFolder(files, async cwd => {
    await symlink('../shared', join(cwd, 'keys/team'))
    const loaded = await loadConfiguration({ paths: ['keys/*.yaml', 'shared'], cwd, now })
    t.match(loaded, { ok: true }, 'where no pattern leads through the link, it is none of our business')
  })
})

t.test('names a file and a folder that it may not read', async t => {
  await inFolder({ 'a.yaml': head, 'b.yaml': 'stak: x\n', 'team/c.yaml': head }, async cwd => {
    for (const path of ['a.yaml', 'team']) await chmod(join(cwd, path), 0)
    const expected = {
      ok: false,
      diagnostics: [
        { file: 'a.yaml', code: 'unreadable-file', message: /permission denied/ },
        { file: 'b.yaml', code: 'unknown-property' },
        { file: 'team', code: 'unreadable-file', message: /permission denied/ },
      ],
    }
    if (process.getuid?.() !== 0) {
      t.match(await loadConfiguration({ paths: ['.'], cwd, now }), expected)
      return
    }
    // Root reads everything, so another user has to try, with a copy of the program that it can reach.
    if (!needs(t, 'setpriv')) return
    const program = await mkdtemp(join(tmpdir(), 'fluxloop-program-'))
    try {
      await chmod(program, 0o755)
      await chmod(cwd, 0o755)
      const { build } = await import('esbuild')
      await build({
        stdin: {
          contents: `import { loadConfiguration } from './src/config/load.ts'
            console.log(JSON.stringify(await loadConfiguration({ paths: ['.'], cwd: process.argv[2], now: ${now} })))`,
          resolveDir: repository,
          loader: 'ts',
        },
        bundle: true,
        platform: 'node',
        format: 'esm',
        outfile: join(program, 'load.mjs'),
        banner: {
          js: `import { createRequire as requireFor } from 'node:module'; const require = requireFor(import.meta.url)`,
        },
        logLevel: 'silent',
      })
      const { stdout, stderr } = spawnSync(
        'setpriv',
        [
          '--reuid',
          '65534',
          '--regid',
          '65534',
          '--clear-groups',
          process.execPath,
          join(program, 'load.mjs'),
          cwd,
        ],
        { encoding: 'utf8', cwd: program },
      )
      t.match(JSON.parse(stdout || '{}'), expected, stderr)
    } finally {
      await rm(program, { recursive: true, force: true })
    }
  })
})

t.test('reads values by the core schema of YAML 1.2', t => {
  const text = 'a: [yes, 012, 0o17, 0x1F, .5, -1e3, ~, "1", 2027-01-31, 36h, true, 1_000]\n'
  const reading = readYaml(text)
  t.same(reading.ok && reading.document.root, {
    a: ['yes', 12, 15, 31, 0.5, -1000, null, '1', '2027-01-31', '36h', true, '1_000'],
  })
  t.end()
})

t.test('never throws and never loses its place, whatever the file holds', async t => {
  const sample = `${head}roles:\n  r: [read_results]\nkeys:\n${keyOf('ci')}  b:\n    name: "x"\n    scope: [a, b]\n    permissions: [role:r]\n    expires: 1y\n    store:\n      - keychain\n`
  const pieces = [
    '\t',
    '  ',
    '\n',
    '- ',
    ': ',
    '{',
    '}',
    '[',
    ']',
    '&a ',
    '*a',
    '!x ',
    '"',
    "'",
    '|',
    '>',
    '#',
    '---',
    '<<: ',
    '漢',
    '\u0000',
    '\r',
    '%',
    '@',
    '~',
  ]
  const mutated = fc
    .array(fc.tuple(fc.nat(sample.length), fc.nat(8), fc.constantFrom(...pieces)), {
      minLength: 1,
      maxLength: 4,
    })
    .map(edits =>
      edits.reduce((text, [at, gone, piece]) => text.slice(0, at) + piece + text.slice(at + gone), sample),
    )
  await inFolder({}, async cwd => {
    const file = join(cwd, 'a.yaml')
    await fc.assert(
      fc.asyncProperty(
        fc.oneof({ weight: 4, arbitrary: mutated }, fc.string({ unit: 'binary' })),
        async text => {
          await writeFile(file, text)
          const loaded = await loadConfiguration({ paths: ['a.yaml'], cwd, now })
          if (loaded.ok) return true
          return (
            loaded.diagnostics.length > 0 &&
            loaded.diagnostics.every(
              one =>
                one.line >= 1 &&
                one.column >= 1 &&
                one.length >= 1 &&
                (one.sourceLine === null || one.column <= one.sourceLine.length + 1),
            )
          )
        },
      ),
      { numRuns: 400 },
    )
  })
  t.pass('400 files')
})

t.test(
  'asks nothing of dates where no moment is given, since a plan warns of them and keeps the other keys going',
  async t => {
    const yaml = [
      'version: 1',
      'stack: acme',
      'keys:',
      '  gone: { name: Gone, scope: all, permissions: [read_scenarios], expires: 2020-01-01 }',
      '',
    ].join('\n')
    await inFolder({ 'a.yaml': yaml }, async cwd => {
      t.match(await loadConfiguration({ paths: ['a.yaml'], cwd, now }), {
        ok: false,
        diagnostics: [{ code: 'date-past' }],
      })
      t.match(await loadConfiguration({ paths: ['a.yaml'], cwd, now: null }), { ok: true })
    })
  },
)

t.test(
  'keeps temporary permissions and projects apart, to the end of their last day, past ones too',
  async t => {
    const { keys } = await desired({
      'a.yaml': `${head}roles: { reader: [read_results] }
keys:
  ci:
    name: CI
    expires: 90d
    scope: [bot, { project: pilot, until: 2027-01-31, reason: a pilot }]
    permissions: ['role:reader', { permission: manage_keys, until: 2020-01-31, reason: migration }]
`,
    })
    t.match(keys[0], { scope: ['bot'], permissions: ['read_results'] })
    t.strictSame(keys[0]?.grants, [
      {
        kind: 'permission',
        name: 'manage_keys',
        until: Date.UTC(2020, 1, 1),
        reason: 'migration',
        position: { file: 'a.yaml', line: 9, column: 34 },
      },
      {
        kind: 'project',
        name: 'pilot',
        until: Date.UTC(2027, 1, 1),
        reason: 'a pilot',
        position: { file: 'a.yaml', line: 8, column: 18 },
      },
    ])
  },
)

t.test('reads consumers, of which only the name is required, and who may break glass', async t => {
  const state = await desired({
    'a.yaml': `${head}policy: { breakGlass: [{ who: [ops], keys: [ci], permissions: [manage_keys], maxFor: 4h }] }
keys:
${keyOf('ci', "expires: 90d, consumers: [{ name: a }, { name: b, userAgent: 'x/*', addresses: ['::1'], projects: [p], operations: [Pull scenarios], every: 7d }]")}`,
  })
  t.strictSame(state.keys[0]?.consumers, [
    { name: 'a', userAgent: null, addresses: null, projects: null, operations: null, every: 28 * day },
    {
      name: 'b',
      userAgent: 'x/*',
      addresses: ['::1'],
      projects: ['p'],
      operations: ['Pull scenarios'],
      every: 7 * day,
    },
  ])
  t.strictSame(state.policy.breakGlass, [
    { who: ['ops'], keys: ['ci'], permissions: ['manage_keys'], maxFor: 4 * hour },
  ])
})
