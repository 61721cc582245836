import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { copySecret } from '../../src/runtime/clipboard/copy-secret.ts'
import { Secret } from '../../src/model/secret.ts'

const secret = new Secret('flux_dev_sentinel0123456789')

/** Programs of a desktop: each writes down what it was given, in a file of its own name, and exits with a code. */
function desktop(t: Test, programs: Readonly<Record<string, number>>) {
  const folder = t.testdir({})
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  for (const [name, code] of Object.entries(programs)) {
    const path = join(bin, name)
    writeFileSync(path, `#!/bin/sh\n{ cat; echo; echo "$@"; env; } >${folder}/${name}.seen\nexit ${code}\n`)
    chmodSync(path, 0o755)
  }
  const env = { PATH: `${bin}:/usr/bin:/bin`, FLUXLOOP_API_KEY: 'flux_dev_ourown', XAUTHORITY: '/x' }
  const seen = (name: string) => {
    const path = join(folder, `${name}.seen`)
    return existsSync(path) ? readFileSync(path, 'utf8').split('\n') : null
  }
  return { env, seen }
}

const shared = '/dev/shm'

/** A folder in memory, as a session has one; null where there can be none here. */
function sessionFolder(t: Test): string | null {
  if (!existsSync(shared)) {
    t.pass(`skipped: needs ${shared}`, { skip: `needs ${shared}` })
    return null
  }
  const folder = mkdtempSync(join(shared, 'session-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  return folder
}

t.test(
  'gives the secret to the program of the desktop on its standard input, and nothing else of ours',
  async t => {
    const folder = sessionFolder(t)
    if (folder === null) return
    const { env, seen } = desktop(t, { 'wl-copy': 0, xclip: 0, pbcopy: 0, 'clip.exe': 0 })
    const cases = [
      ['wl-copy', 'linux', { WAYLAND_DISPLAY: 'wayland-0', XDG_RUNTIME_DIR: folder, DISPLAY: ':0' }],
      ['xclip', 'linux', { DISPLAY: ':0' }],
      ['pbcopy', 'darwin', {}],
      ['clip.exe', 'linux', { WSL_DISTRO_NAME: 'Debian' }],
    ] as const
    for (const [name, platform, more] of cases) {
      t.match(await copySecret(secret, { env: { ...env, ...more }, platform }), { ok: true }, name)
      const [input, args, ...environment] = seen(name) ?? []
      t.equal(input, secret.reveal(), name)
      t.notMatch(args, /sentinel/)
      t.notMatch(environment.join('\n'), /flux_dev_/)
    }
    t.equal(seen('xclip')?.[1], '-selection clipboard')
  },
)

t.test('goes on to the next program where one fails or is missing, and names them where all do', async t => {
  const display = { DISPLAY: ':0' }
  const next = desktop(t, { xclip: 1, xsel: 0 })
  t.match(await copySecret(secret, { env: { ...next.env, ...display }, platform: 'linux' }), {
    ok: true,
  })
  t.equal(next.seen('xsel')?.[0], secret.reveal())
  const none = desktop(t, { xclip: 1 })
  t.strictSame(
    await copySecret(secret, {
      env: { ...none.env, PATH: none.env.PATH.split(':')[0], ...display },
      platform: 'linux',
    }),
    { ok: false, tried: ['xclip', 'xsel'], withheld: [] },
  )
})

t.test('has the program keep its temporary file in the memory of the session', async t => {
  const folder = sessionFolder(t)
  if (folder === null) return
  const { env, seen } = desktop(t, { 'wl-copy': 0 })
  const session = { WAYLAND_DISPLAY: 'wayland-0', XDG_RUNTIME_DIR: folder, TMPDIR: '/var/tmp' }
  await copySecret(secret, { env: { ...env, ...session }, platform: 'linux' })
  t.ok(seen('wl-copy')?.includes(`TMPDIR=${folder}`))
})

t.test('has it keep that file in shared memory where the session has no folder in memory', async t => {
  if (sessionFolder(t) === null) return
  const { env, seen } = desktop(t, { 'wl-copy': 0 })
  const session = { ...env, WAYLAND_DISPLAY: '/run/wayland-0', TMPDIR: '/var/tmp' }
  for (const folder of ['', '/nowhere', '/proc']) {
    const named = { ...session, XDG_RUNTIME_DIR: folder }
    t.match(await copySecret(secret, { env: named, platform: 'linux' }), { ok: true })
    t.ok(seen('wl-copy')?.includes(`TMPDIR=${shared}`), folder)
  }
})

t.test('does not give it the secret where the file would be on a disk, but goes on to the next', async t => {
  const { env, seen } = desktop(t, { 'wl-copy': 0, xclip: 0 })
  const session = { ...env, WAYLAND_DISPLAY: '/run/wayland-0', XDG_RUNTIME_DIR: '/proc' }
  // No folder, a file, and a folder that is not a place in memory for files.
  for (const sharedMemory of ['/nowhere', process.execPath, '/proc']) {
    t.strictSame(await copySecret(secret, { env: session, platform: 'linux', sharedMemory }), {
      ok: false,
      tried: [],
      withheld: ['wl-copy'],
    })
    t.equal(seen('wl-copy'), null)
  }
  const both = { ...session, DISPLAY: ':0' }
  t.match(await copySecret(secret, { env: both, platform: 'linux', sharedMemory: '/nowhere' }), { ok: true })
  t.equal(seen('xclip')?.[0], secret.reveal())
  t.equal(seen('wl-copy'), null)
})

t.test('tries nothing where there is no desktop', async t => {
  const { env, seen } = desktop(t, { xclip: 0, 'wl-copy': 0 })
  t.strictSame(await copySecret(secret, { env, platform: 'linux' }), { ok: false, tried: [], withheld: [] })
  t.equal(seen('xclip'), null)
})
