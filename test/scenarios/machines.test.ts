// Machines as people have them: a mounted file, a user without a name, a package that is missing, descriptors that a shell opened.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { spawnSync } from 'node:child_process'
import t, { type Test } from 'tap'
import { mountPoints } from '../../src/stores/mount-point.ts'
import { workplace } from '../support/program.ts'
import { servedPlatform } from '../support/served-platform.ts'

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
