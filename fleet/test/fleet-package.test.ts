// The tarball of the package of fleets, next to that of the tool, in a folder that knows nothing of this repository.
import { appendFile, readFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import manifest from '../package.json' with { type: 'json' }
import tool from '../../package.json' with { type: 'json' }
import { installed, measured, pack, root } from '../../test/support/installed.ts'
import { ended, workplace } from '../../test/support/program.ts'

function contents(t: Test, paths: readonly string[]): void {
  const expected =
    /^(?:dist\/[\w.-]+|schemas\/[\w.-]+|deploy\/[\w./-]+|README\.md|LICENSE|CHANGELOG\.md|package\.json)$/
  t.strictSame(
    paths.filter(path => !expected.test(path) || path.endsWith('.map')),
    [],
    'nothing else is in it',
  )
  for (const path of [
    'dist/fleet.js',
    'dist/keychain-helper.js',
    'dist/undici-way.cjs',
    'dist/THIRD-PARTY-NOTICES.md',
    'dist/sbom.cdx.json',
    'README.md',
    'LICENSE',
  ])
    t.ok(paths.includes(path), path)
}

t.test(
  'both packages install into an empty folder, and the tool finds the other',
  { timeout: 180_000 },
  async t => {
    const place = await workplace(t)
    contents(t, (await pack(join(root, 'fleet'))).paths)
    const alone = join(place.work, 'alone')
    const folder = join(place.work, 'both')
    const runIn = (cwd: string, args: readonly string[]) =>
      ended('env', ['-u', 'NODE_OPTIONS', 'node_modules/.bin/fluxloop-keys', ...args], {
        cwd,
        env: place.env,
      })
    const run = (...args: readonly string[]) => runIn(folder, args)

    await installed('tool', alone)
    t.match(await runIn(alone, ['fleet', '--help']), { code: 0, stdout: /fleet migrate/ })
    const missing = await runIn(alone, ['fleet', 'run'])
    t.match(missing, { code: 1, stderr: /The package fluxloop-keys-fleet is not installed/ })
    t.match(missing.stderr, `npm install fluxloop-keys-fleet@${tool.peerDependencies['fluxloop-keys-fleet']}`)
    t.strictSame(
      Object.keys(tool.dependencies).filter(name => name !== '@napi-rs/keyring'),
      [],
      'the tool has no dependency for it',
    )

    await installed('both', folder)
    const { packages, bytes } = await measured(folder)
    t.comment(
      `Node ${process.version}: ${packages.length} packages, ${(bytes / 1e6).toFixed(2)} MB installed`,
    )
    t.match(await run('fleet', 'status'), { code: 2, stderr: /FLUXLOOP_KEYS_DATABASE_URL/ })

    const loaded = join(place.root, 'loaded')
    const line = `\n;(await import('node:fs')).writeFileSync(${JSON.stringify(loaded)}, '')\n`
    await appendFile(join(folder, 'node_modules/fluxloop-keys-fleet/dist/fleet.js'), line)
    t.match(await run('validate', '-c', 'node_modules/fluxloop-keys/examples/fluxloop-keys.yaml'), {
      code: 0,
    })
    t.match(await run('plan'), { code: 2 })
    t.match(await run('help', 'fleet', 'run'), { code: 0 })
    t.notOk(existsSync(loaded), 'what is not about a fleet loads nothing of it')
    await run('fleet', 'migrate')
    t.ok(existsSync(loaded), 'and what is loads it')
  },
)

t.test('never takes the package from the working directory', async t => {
  const place = await workplace(t)
  const planted = join(place.work, 'node_modules/fluxloop-keys-fleet')
  const ran = join(place.root, 'ran')
  await place.write(
    'node_modules/fluxloop-keys-fleet/package.json',
    '{ "type": "module", "main": "fleet.js" }',
  )
  await place.write(
    'node_modules/fluxloop-keys-fleet/fleet.js',
    `import { writeFileSync } from 'node:fs'\nwriteFileSync(${JSON.stringify(ran)}, '')\nexport const protocol = 1\n`,
  )
  const env = { ...place.env, NODE_PATH: join(place.work, 'node_modules') }
  t.match(await place.run(['fleet', 'status'], { env, apart: true }), { code: 2 })
  t.notOk(existsSync(ran))
  await import(join(planted, 'fleet.js'))
  t.ok(existsSync(ran), 'what was planted would have left a trace')
})

t.test('has one version with the tool, and the licence of the tool', async t => {
  t.equal(manifest.version, tool.version)
  t.equal(tool.peerDependencies['fluxloop-keys-fleet'], manifest.version)
  t.equal(await readFile(join(root, 'fleet/LICENSE'), 'utf8'), await readFile(join(root, 'LICENSE'), 'utf8'))
  t.notOk('scripts' in manifest, 'nothing runs when it is installed')
})

interface Component {
  readonly name: string
  readonly version?: string
}

t.test(
  'every package that is inside has its notice, and the bill of materials has what is next to it',
  async t => {
    const read = (path: string) => readFile(join(root, 'fleet/dist', path), 'utf8')
    const bom = JSON.parse(await read('sbom.cdx.json')) as { components: readonly Component[] }
    t.match(bom, { metadata: { component: { name: manifest.name, version: manifest.version } } })
    const names = bom.components.map(({ name }) => name)
    const outside = Object.keys(manifest.dependencies)
    t.strictSame(
      outside.filter(name => !names.includes(name)),
      [],
    )
    const notices = await read('THIRD-PARTY-NOTICES.md')
    const inside = names.filter(name => !outside.includes(name))
    t.ok(inside.length > 0)
    for (const name of inside) t.match(notices, `## ${name}\n`)
  },
)
