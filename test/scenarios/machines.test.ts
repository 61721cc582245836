// Machines as people have them: a mounted file, a user without a name, a package that is missing, descriptors that a shell opened.
import { spawnSync } from 'node:child_process'
import { chmod, cp, mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises'
import module from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runInNewContext } from 'node:vm'
import { Linter } from 'eslint'
import t, { type Test } from 'tap'
import manifest from '../../package.json' with { type: 'json' }
import { refuseSubstitutions } from '../../src/commands/exec-command.ts'
import { inheritedDescriptors } from '../../src/runtime/inherited-descriptors.ts'
import { mountPoints } from '../../src/stores/mount-point.ts'
import { ended, workplace } from '../support/program.ts'
import { servedPlatform } from '../support/served-platform.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

const configuration = (store: string) => `version: 1
stack: acme
keys:
  agents: { name: Agents, scope: all, permissions: [read_scenarios], expires: 90d, store: { ${store} } }
`

async function scene(t: Test, store: string) {
  const platform = await servedPlatform(t)
  const place = await workplace(t, platform.env)
  await place.write('fluxloop-keys.yaml', configuration(store))
  return { platform, place }
}

/** Programs that run the rest of their line in a namespace with one file mounted over another; null where the system lets nobody. */
function mounting(from: string, to: string): readonly string[] | null {
  const within = [
    'unshare',
    process.getuid?.() === 0 ? '-m' : '-Urm',
    ...['sh', '-c', 'mount --bind "$0" "$1" && shift && exec "$@"', from, to],
  ]
  const [command = '', ...args] = within
  return spawnSync(command, [...args, 'true']).status === 0 ? within : null
}

t.test('finds an env file that is a mount point before a key is made, and leaves it as it is', async t => {
  const { platform, place } = await scene(t, 'env-file: { path: .env, name: KEY }')
  await place.write('.env', 'A=1\n')
  await place.write('mounted', 'B=2\n')
  for (const name of ['.env', 'mounted']) await writeFile(join(place.work, name), 'B=2\n', { mode: 0o600 })
  const within = mounting(join(place.work, 'mounted'), join(place.work, '.env'))
  if (within === null) return void t.pass('no namespaces here', { skip: 'no namespaces here' })
  const apply = await place.run(['apply', '--auto-approve'], { within })
  t.match(apply.stdout + apply.stderr, /\.env is a mount point[^]*Mount the folder/)
  t.not(apply.code, 0)
  t.strictSame(await platform.managed(), [], 'no key was made')
  t.equal(await place.read('mounted'), 'B=2\n')
  const doctor = await place.run(['doctor'], { within })
  t.match(doctor.stdout, /\.env is a mount point/)
})

t.test('reads the places of mounts as the kernel writes them', async t => {
  const info = String.raw`26 1 254:0 / / rw,relatime - ext4 /dev/vda rw
41 26 254:0 /a /srv/a\040folder/\134.env rw - ext4 /dev/vda rw
`
  t.ok(mountPoints(info).has('/srv/a folder/\\.env'))
  t.notOk(mountPoints(info).has('/a'))
})

t.test('says which Node it needs in a script that every Node can parse', async t => {
  const code = await readFile(join(root, 'dist/start.cjs'), 'utf8')
  const faults = (text: string) =>
    new Linter().verify(text, [{ languageOptions: { ecmaVersion: 5, sourceType: 'commonjs' } }])
  t.strictSame(faults(code.replace(/^#!.*/, '')), [])
  t.match(faults('const a = 1'), [{ fatal: true }], 'the parser is as old')
  const start = (node: string, args: readonly string[] = ['plan']) => {
    const argv = ['node', 'start.cjs', ...args]
    const loaded: string[] = []
    const said: string[] = []
    const process = {
      argv,
      versions: { node },
      stderr: { write: (text: string) => said.push(text) },
      exitCode: 0,
    }
    runInNewContext(code.replace(/^#!.*/, ''), { process, require: (name: string) => loaded.push(name) })
    return { loaded, said, code: process.exitCode }
  }
  const oldest = manifest.engines.node.replace('>=', '')
  for (const version of [`${oldest}.0`, '20.20.2', '22.0.0', '100.1.0'])
    t.strictSame(start(version), { loaded: ['./program.cjs'], said: [], code: 0 }, version)
  for (const args of [[], ['--help'], ['keys', '-v'], ['help', 'plan'], ['rotate', 'help']])
    t.strictSame(start('20.20.2', args).loaded, ['./first.cjs'], `what may ask for help: ${args.join(' ')}`)
  for (const args of [['plan'], ['exec', 'ci', '--', 'man', '--help']])
    t.strictSame(start('20.20.2', args).loaded, ['./program.cjs'], `what does not: ${args.join(' ')}`)
  for (const version of ['0.10.48', '6.17.1', '18.20.8', '20.18.3']) {
    t.match(start(version), {
      loaded: { length: 0 },
      said: [`fluxloop-keys needs Node ${oldest} or newer, and this is Node ${version}. Install a newer one`],
      code: 1,
    })
  }
})

t.test('names the remedy where a package with a binary is missing', async t => {
  const { place } = await scene(t, 'keychain: {}')
  // An installation without optional packages: nothing above this folder has one.
  await cp(join(root, 'dist'), join(place.root, 'installed/dist'), { recursive: true })
  const program = join(place.root, 'installed/dist/start.cjs')
  const plan = await place.run(['plan', '--api-url', 'sandbox:'], { program })
  t.match(plan, { code: 1, stdout: '' })
  t.match(plan.stderr, /libsql\) cannot be loaded here/)
  t.match(plan.stderr.replaceAll(/\s+/g, ' '), `npm install libsql@${manifest.peerDependencies.libsql}`)
  t.equal(plan.stderr.match(/Error:/g)?.length, 1, 'once')
  const apply = await place.run(['apply', '--auto-approve'], { program })
  t.match(apply.stdout, /keychain binding[^]*npm install\s+--include=optional/)
})

t.test('gives a program what a shell opened for it, and nothing of its own', async t => {
  if (process.platform !== 'linux') return void t.pass('Linux alone', { skip: 'reads /proc' })
  const { place } = await scene(t, 'env-file: { path: .env, name: KEY }')
  await writeFile(join(place.work, '.env'), 'KEY=flux_ci_secret\n', { mode: 0o600 })
  await place.write('input', 'read\n')
  // A file, a lock's, a pipe with one end here and one with both, as make has for its jobs.
  const shell =
    'exec 7<input 9>lock; echo piped | { exec 8<&0 5<&0 6>/proc/self/fd/0 </dev/null; "$@"; exit; }'
  const look = 'ls /proc/self/fd; cat <&7; echo written >&9; head -1 <&8; echo $KEY'
  const directly = ['sh', '-c', shell, 'sh', 'sh', '-c', look]
  const [command = '', ...args] = directly
  const expected = await ended(command, args, {
    cwd: place.work,
    env: { ...place.env, KEY: 'flux_ci_secret' },
  })
  t.match(expected.stdout, /\n5\n[^]*\n9\n[^]*read\npiped\nflux_ci_secret/)
  await writeFile(join(place.work, 'lock'), '')
  const seen = await place.run(['exec', 'agents', '--env', 'KEY', '--', 'sh', '-c', look], {
    within: ['sh', '-c', shell, 'sh'],
  })
  t.equal(seen.stderr, '')
  t.equal(seen.stdout, expected.stdout)
  t.equal(await place.read('lock'), 'written\n')

  // A program above that has /dev/null, for itself alone, under every number that ours could have it.
  const above =
    'for (let i = 0; i < 64; i += 1) fs.openSync("/dev/null");' +
    'const [command, ...args] = process.argv.slice(1);' +
    'child_process.spawnSync(command, args, { stdio: "inherit" })'
  const below = await place.run(['exec', 'agents', '--env', 'KEY', '--', 'sh', '-c', look], {
    within: [process.execPath, '-e', above, 'sh', '-c', shell, 'sh'],
  })
  t.match(below, { stderr: '', stdout: expected.stdout })
})

t.test('says how to do without what cannot be passed on', async t => {
  t.throws(() => refuseSubstitutions(['cat', '/dev/fd/11'], 'darwin'), {
    code: 'usage',
    message: /\/dev\/fd\/11 does not reach the program/,
    hints: [/a file/, /eval "\$\(fluxloop-keys env KEY\)"/],
  })
  t.doesNotThrow(() => refuseSubstitutions(['cat', '/dev/fd/11'], 'linux'))
  t.doesNotThrow(() => refuseSubstitutions(['cat', '/dev/fd/0', '/dev/fdx/5'], 'darwin'))
  t.strictSame(inheritedDescriptors('darwin'), [])
})

t.test(
  'keeps compiled code in a folder of the user alone, where Node can, and otherwise nowhere',
  async t => {
    const place = await workplace(t)
    const home = join(place.root, 'home')
    const folder = join(home, '.cache', 'fluxloop-keys', 'compiled')
    const keeps = 'enableCompileCache' in module
    const validate = () => place.run(['validate'], { apart: true })
    await place.run(['--help'], { apart: true })
    t.strictSame(await readdir(home), [], 'help needs no cache')
    await validate()
    t.strictSame(await readdir(home), keeps ? ['.cache'] : [])
    if (keeps) {
      t.equal((await stat(folder)).mode & 0o777, 0o700)
      t.not((await readdir(folder)).length, 0)
    }
    const shared = join(place.root, 'shared')
    await mkdir(shared)
    await chmod(shared, 0o777)
    await place.run(['validate'], { apart: true, env: { XDG_CACHE_HOME: shared } })
    t.strictSame(await readdir(shared), [], 'anybody could put something there')
  },
)
