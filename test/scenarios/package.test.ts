// The tarball that users install: what is in it, and that it works in a folder that knows nothing of this repository.
import { readFile, readdir, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import manifest from '../../package.json' with { type: 'json' }
import { install, installed as installedIn, measured, pack, root } from '../support/installed.ts'
import { ended, workplace } from '../support/program.ts'

/** Files of a folder that hold one of the texts. */
async function filesWith(folder: string, texts: readonly string[]): Promise<readonly string[]> {
  const found: string[] = []
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const content = await readFile(path, 'latin1')
    if (texts.some(text => content.includes(text))) found.push(path)
  }
  return found
}

function contents(t: Test, paths: readonly string[]): void {
  const expected =
    /^(?:dist\/[\w.-]+|schemas\/[\w.-]+|examples\/[\w.-]+|templates\/[\w.-]+|man\/[\w.-]+|README\.md|LICENSE|CHANGELOG\.md|package\.json)$/
  t.strictSame(
    paths.filter(path => !expected.test(path) || path.endsWith('.map')),
    [],
    'nothing else is in it',
  )
  for (const path of [
    manifest.bin['fluxloop-keys'],
    manifest.bin['fluxloop-keys-gitlab'],
    'dist/main.js',
    'dist/keychain-helper.js',
    'dist/THIRD-PARTY-NOTICES.md',
    'dist/sbom.cdx.json',
    'man/fluxloop-keys-plan.1',
    'schemas/fluxloop-keys.schema.json',
    'examples/fluxloop-keys.yaml',
    'README.md',
    'LICENSE',
    'CHANGELOG.md',
  ]) {
    t.ok(paths.includes(path), path)
  }
}

t.test('the package installs into an empty folder and works there', { timeout: 180_000 }, async t => {
  const place = await workplace(t)
  contents(t, (await pack()).paths)
  const folder = join(place.work, 'empty')
  await installedIn('tool', folder)

  const { packages, bytes } = await measured(folder)
  t.comment(`Node ${process.version}: ${packages.length} packages, ${(bytes / 1e6).toFixed(2)} MB installed`)
  t.ok(packages.length <= 5, packages.join(' '))
  t.ok(bytes < 6e6, `${bytes} bytes`)

  const installed = join(folder, 'node_modules/fluxloop-keys')
  t.strictSame(await filesWith(installed, [root, `${homedir()}/`]), [], 'no path of this machine')
  const { mode } = await stat(join(folder, 'node_modules/.bin/fluxloop-keys'))
  t.ok(mode & 0o100, 'the bin can be run')

  const npx = await ended(
    'env',
    ['-u', 'NODE_OPTIONS', 'npx', '--no-install', 'fluxloop-keys', '--version'],
    { cwd: folder, env: place.env },
  )
  t.match(npx, { code: 0, stdout: manifest.version })
  // What npx runs, without the half second that npm itself takes.
  const run = (...args: readonly string[]) =>
    ended('env', ['-u', 'NODE_OPTIONS', 'node_modules/.bin/fluxloop-keys', ...args], {
      cwd: folder,
      env: place.env,
    })
  const gitlab = await ended(join(folder, 'node_modules/.bin/fluxloop-keys-gitlab'), ['check'], {
    env: place.env,
  })
  t.match(gitlab, { code: 2, stderr: /CI_PROJECT_ID is not set: this is not a job of GitLab CI/ })

  const sandbox = ['--api-url', 'sandbox:demo.db']
  t.match(await run('plan', ...sandbox), { code: 2, stderr: /no configuration/i })
  const written = await run('init', '--stack', 'installed', ...sandbox)
  t.match(written, { code: 0, stdout: /Wrote fluxloop-keys\.yaml/ })
  t.match(await run('plan', ...sandbox), { code: 1, stderr: /libsql\) cannot be loaded here/ })
  await install(`libsql@${manifest.peerDependencies.libsql}`, folder)
  const all = await measured(folder)
  t.comment(
    `with the sandbox's database: ${all.packages.length} packages, ${(all.bytes / 1e6).toFixed(2)} MB`,
  )

  const example = 'node_modules/fluxloop-keys/examples/fluxloop-keys.yaml'
  const plan = await run('plan', '-c', example, '--api-url', 'sandbox:demo.db')
  t.match(plan, { code: 0, stdout: /Plan: 5 to create/, stderr: '' })

  // Everything that is native or a process of its own takes part: the database, the keychain's helper.
  await place.write(
    'empty/fluxloop-keys.yaml',
    `version: 1
stack: installed
keys:
  agents:
    name: Agents
    scope: all
    permissions: [read_scenarios]
    expires: 30d
    store: { keychain: { fallback: { env-file: { path: agents.env, name: FLUXLOOP_API_KEY } } } }
`,
  )
  const apply = await run('apply', '--auto-approve', '--api-url', 'sandbox:demo.db')
  t.equal(apply.code, 0)
  t.match(apply.stdout.replace(/\s+/g, ' '), 'the fallback: no keychain service here')
  t.match(await place.read('empty/agents.env'), /^FLUXLOOP_API_KEY=.?flux_dev_/m)
  t.match(await run('plan', '--detailed-exitcode', '--api-url', 'sandbox:demo.db'), { code: 0 })
})
