// What a release is made of: notices and a bill of materials of what is really inside, exact native packages, and a workflow that holds.
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { parse } from 'yaml'
import manifest from '../../package.json' with { type: 'json' }
import { folder as outside } from '../support/failed.ts'
import { ended } from '../support/program.ts'
import lock from '../../package-lock.json' with { type: 'json' }

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string) => readFile(join(root, path), 'utf8')
const { noticesText } = (await import(new URL('../../scripts/notices.mjs', import.meta.url).href)) as {
  noticesText: (paths: readonly string[], root?: string) => Promise<string>
}

interface Component {
  readonly name: string
  readonly version?: string
  readonly scope?: string
  readonly purl?: string
  readonly hashes?: readonly { readonly content: string }[]
  readonly components?: readonly Component[]
}

t.test('every package that is inside has its notice, and llhttp in undici has one', async t => {
  const notices = await read('dist/THIRD-PARTY-NOTICES.md')
  const { components } = JSON.parse(await read('dist/sbom.cdx.json')) as { components: Component[] }
  const bundled = components.filter(({ name }) => !['libsql', '@napi-rs/keyring'].includes(name))
  t.ok(bundled.length > 20)
  for (const { name } of bundled) t.match(notices, `## ${name}\n`)
  t.match(notices, /## llhttp \(inside undici\)\n\n[^#]*Copyright Fedor Indutny, 2018/)
  t.match(notices, /## ws \(inside undici\)\n/)
})

t.test('the bill of materials has the version and the hash of the lockfile', async t => {
  const bom = JSON.parse(await read('dist/sbom.cdx.json')) as { components: Component[] } & object
  t.match(bom, {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    metadata: { component: { name: manifest.name, version: manifest.version } },
  })
  const packages = lock.packages as Readonly<Record<string, { version?: string; integrity?: string }>>
  for (const { name, version, hashes, purl } of bom.components) {
    const locked = packages[`node_modules/${name}`]
    t.equal(version, locked?.version, name)
    t.match(purl, `@${version ?? ''}`)
    const digest = Buffer.from(locked?.integrity?.replace('sha512-', '') ?? '', 'base64').toString('hex')
    t.equal(hashes?.[0]?.content, digest, name)
  }
  t.match(
    bom.components.map(({ name, scope }) => `${name} ${scope ?? ''}`),
    new Set(['libsql optional', '@napi-rs/keyring required']),
  )
  t.same(
    bom.components.find(({ name }) => name === 'undici')?.components?.map(({ name }) => name),
    ['llhttp', 'ws'],
  )
})

t.test('the build fails where code of others has no notice', async t => {
  const own = 'Copyright (c) 2020 Jane Doe'
  const folder = t.testdir({
    node_modules: {
      known: { LICENSE: `MIT\n${own}`, 'index.js': `// ${own}\n` },
      taken: { LICENSE: `MIT\n${own}`, 'index.js': '// Copyright (c) 2011 Somebody Else\n' },
      bare: { 'index.js': '' },
    },
  })
  t.match(await noticesText(['node_modules/known/index.js'], folder), `## known\n\nMIT\n${own}`)
  await t.rejects(noticesText(['node_modules/taken/index.js'], folder), /Somebody Else": name it in/)
  await t.rejects(noticesText(['node_modules/bare/index.js'], folder), /bare is bundled and has no licence/)
})

t.test('native packages have exact versions, and the package says where it is from', t => {
  const native = { ...manifest.dependencies, ...manifest.peerDependencies }
  t.strictSame(Object.keys(native).sort(), ['@napi-rs/keyring', 'fluxloop-keys-fleet', 'libsql'])
  for (const [name, version] of Object.entries(native)) t.match(version, /^\d+\.\d+\.\d+$/, name)
  t.equal(manifest.devDependencies.libsql, manifest.peerDependencies.libsql)
  t.equal(manifest.peerDependenciesMeta.libsql.optional, true)
  t.equal(manifest.peerDependenciesMeta['fluxloop-keys-fleet'].optional, true)
  t.match(manifest, { publishConfig: { provenance: true }, bugs: { url: /^https:/ }, author: /./ })
  t.end()
})

interface Step {
  readonly name?: string
  readonly uses?: string
  readonly run?: string
}

interface Job {
  readonly permissions?: Readonly<Record<string, string>>
  readonly environment?: string
  readonly needs?: string
  readonly steps: readonly Step[]
}

t.test('the release workflow pins its actions, and one job alone may publish', async t => {
  const text = await read('.github/workflows/release.yml')
  const { permissions, jobs } = parse(text) as { permissions: object; jobs: Record<string, Job> }
  t.strictSame(permissions, {}, 'nothing by default')
  const steps = Object.values(jobs).flatMap(({ steps }) => steps)
  for (const { uses } of steps.filter(({ uses }) => uses !== undefined))
    t.match(uses, /@[0-9a-f]{40}$/, 'a whole commit')
  const writers = Object.entries(jobs).filter(([, job]) => job.permissions?.['id-token'] === 'write')
  t.strictSame(
    writers.map(([name]) => name),
    ['publish'],
  )
  t.match(jobs['publish'], { environment: 'release', needs: 'build' })
  t.notMatch(JSON.stringify(jobs['publish']?.steps), /npm ci|npm run|npm test/, 'and it builds nothing')
  t.match(text, /grep -rn 'OWNER\/fluxloop-keys'/, 'it stops as long as a name is missing')
})

t.test('a release gives both packages one version, and the tool names that of the other', async t => {
  // Outside of this repository, which it would take for its own.
  const folder = outside(t)
  await mkdir(join(folder, 'fleet'))
  for (const part of [
    'package.json',
    'fleet/package.json',
    'scripts/changeset.mjs',
    'CHANGELOG.md',
    '.changeset',
  ])
    await cp(join(root, part), join(folder, part), { recursive: true })
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  await writeFile(join(folder, '.changeset/one.md'), '---\n"fluxloop-keys": minor\n---\n\nA sentence.\n')
  const args = ['-u', 'NODE_OPTIONS', process.execPath, 'scripts/changeset.mjs', 'version']
  const versioned = await ended('env', args, { cwd: folder, env: { PATH: process.env['PATH'] } })
  t.equal(versioned.code, 0, versioned.stderr)
  const after = async (path: string) => JSON.parse(await readFile(join(folder, path), 'utf8')) as object
  const version = manifest.version.replace(/^(\d+)\.(\d+)\..*$/, (_, major: string, minor: string) =>
    [major, Number(minor) + 1, 0].join('.'),
  )
  const { peerDependencies } = manifest
  t.strictSame(await after('package.json'), {
    ...manifest,
    version,
    peerDependencies: { ...peerDependencies, 'fluxloop-keys-fleet': version },
  })
  t.match(await after('fleet/package.json'), { name: 'fluxloop-keys-fleet', version })
  t.match(await readFile(join(folder, 'CHANGELOG.md'), 'utf8'), `## ${version}`)
})
