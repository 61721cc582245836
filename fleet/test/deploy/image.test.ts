// The container file, built by Debian's buildah: on a root made of nothing but Node and its libraries, so that a shell would be missed.
import { execFileSync } from 'node:child_process'
import { cp, mkdir, readdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { installed } from '../../../test/support/installed.ts'
import { type Ended, ended, workplace } from '../../../test/support/program.ts'
import { createMetrics } from '../../src/serve/metrics.ts'
import { serveOperations } from '../../src/serve/serve-operations.ts'
import { needsPrograms } from '../support/daemon.ts'

const containerFile = fileURLToPath(new URL('../../deploy/Containerfile', import.meta.url))

interface Config {
  readonly User: string
  readonly Entrypoint: readonly string[]
  readonly Cmd: readonly string[]
  readonly Healthcheck: { readonly Test: readonly string[] }
}

interface Builder {
  readonly run: (...args: readonly string[]) => Promise<string>
  readonly tried: (...args: readonly string[]) => Promise<Ended>
}

/** Images in a folder of their own. Chroots need neither a daemon nor control groups. */
function buildah(folder: string): Builder {
  const store = ['--root', join(folder, 'store'), '--runroot', join(folder, 'run'), '--storage-driver', 'vfs']
  const tried = (...args: readonly string[]) =>
    ended('buildah', [...store, ...args], { cwd: folder, env: { PATH: process.env['PATH'], HOME: folder } })
  return {
    tried,
    run: async (...args) => {
      const { code, stdout, stderr } = await tried(...args)
      if (code !== 0) throw new Error(`buildah ${args[0] ?? ''} exits ${String(code)}: ${stderr}`)
      return stdout.trim()
    },
  }
}

/** An image with the libraries that Node loads, and nothing else: no shell, no tools. */
async function makeBase(folder: string, { run }: Builder): Promise<void> {
  const libraries = execFileSync('ldd', [process.execPath], { encoding: 'utf8' }).match(/\/[^ )]+/g) ?? []
  for (const library of libraries) {
    const place = join(folder, 'base', library)
    await mkdir(dirname(place), { recursive: true })
    await cp(library, place, { dereference: true })
  }
  await mkdir(join(folder, 'base/tmp'))
  // The mount point of Node.
  await mkdir(join(folder, 'base/usr/local/bin'), { recursive: true })
  await writeFile(join(folder, 'base/usr/local/bin/node'), '', { mode: 0o755 })
  await writeFile(join(folder, 'Base'), 'FROM scratch\nCOPY base /\n')
  await run('bud', '--isolation', 'chroot', '--file', 'Base', '--tag', 'localhost/base', '.')
}

async function imageOf(t: Test) {
  const place = await workplace(t)
  const folder = place.root
  const builder = buildah(folder)
  t.teardown(() => builder.tried('rm', '--all'))
  await makeBase(folder, builder)
  await installed('both', join(folder, 'app'))
  const how = ['--isolation', 'chroot', '--format', 'docker', '--build-arg', 'BASE=localhost/base']
  await builder.run('bud', ...how, '--file', containerFile, '--tag', 'localhost/fleet', '.')
  const described = await builder.run('inspect', '--type', 'image', 'localhost/fleet')
  const config = (JSON.parse(described) as { Docker: { config: Config } }).Docker.config
  const container = await builder.run('from', '--pull-never', 'localhost/fleet')
  // Node is mounted where base images have it: in the image, each step would copy its hundred megabytes.
  const node = `${process.execPath}:/usr/local/bin/node:ro`
  const inside = (...command: readonly string[]) =>
    builder.tried('run', '--isolation', 'chroot', '--volume', node, container, '--', ...command)
  return { folder, config, inside }
}

t.test(
  'builds an image that runs as nobody, needs no shell and says how it is',
  { timeout: 240_000 },
  async t => {
    if (process.getuid?.() !== 0 || !needsPrograms(t, 'buildah', 'ldd')) return
    const { folder, config, inside } = await imageOf(t)
    t.notOk((await readdir(join(folder, 'base'))).includes('bin'), 'the base has no shell')
    t.equal(config.User, '65532:65532')
    t.match(await inside('node', '-p', 'process.getuid()'), { code: 0, stdout: '65532' })
    t.strictSame(config.Cmd.slice(0, 2), ['fleet', 'run'])

    const started = await inside(...config.Entrypoint, 'fleet', 'status')
    t.match(started, { code: 2, stderr: /FLUXLOOP_KEYS_DATABASE_URL/ }, 'both packages are there')

    const [how, ...check] = config.Healthcheck.Test
    t.equal(how, 'CMD')
    t.match(await inside(...check), { code: 1 }, 'nothing answers')
    const replica = { alive: true }
    const server = await serveOperations({
      listen: '127.0.0.1:9464',
      metrics: createMetrics(),
      isReady: () => Promise.resolve({ ok: true }),
      isAlive: () => (replica.alive ? { ok: true } : { ok: false, why: 'stuck' }),
    })
    t.teardown(() => server.close())
    t.match(await inside(...check), { code: 0 })
    replica.alive = false
    t.match(await inside(...check), { code: 1 }, 'it is stuck')
  },
)
