import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'
import { ended } from './program.ts'

/** A session bus with a real gnome-keyring that outlives the programs that talk to it. */
export interface SessionBus {
  /** Leads a program to the bus. */
  readonly env: { readonly DBUS_SESSION_BUS_ADDRESS: string; readonly XDG_RUNTIME_DIR: string }
  /** Where the keyring keeps its files. */
  readonly home: string
  /** What secret-tool finds; empty where there is nothing. */
  lookup(service: string, account: string): Promise<string>
  lock(): Promise<void>
}

export const keyringPrograms = [
  'dbus-run-session',
  'dbus-send',
  'gnome-keyring-daemon',
  'secret-tool',
] as const

export async function sessionBus(t: Test): Promise<SessionBus> {
  const home = await mkdtemp(join(tmpdir(), 'session-bus-'))
  const runtime = join(home, 'runtime')
  await mkdir(runtime, { mode: 0o700 })
  // It lives until its standard input ends.
  const shell =
    'printf %s test | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1; echo "$DBUS_SESSION_BUS_ADDRESS"; cat'
  const session = spawn('dbus-run-session', ['--', 'sh', '-c', shell], {
    env: { PATH: process.env['PATH'], HOME: home, XDG_RUNTIME_DIR: runtime },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const closed = once(session, 'close')
  t.teardown(async () => {
    session.stdin.end()
    await closed
    await rm(home, { recursive: true, force: true })
  })
  const [address] = (await once(createInterface({ input: session.stdout }), 'line')) as [string]
  const env = { DBUS_SESSION_BUS_ADDRESS: address, XDG_RUNTIME_DIR: runtime }
  const onBus = (command: string, ...args: readonly string[]) =>
    ended(command, args, { env: { PATH: process.env['PATH'], HOME: home, ...env } })
  return {
    env,
    home,
    lookup: async (service, account) =>
      (await onBus('secret-tool', 'lookup', 'service', service, 'username', account)).stdout,
    lock: async () => {
      // secret-tool can lock too, and dies of it.
      const { code, stderr } = await onBus(
        'dbus-send',
        '--print-reply',
        '--dest=org.freedesktop.secrets',
        '/org/freedesktop/secrets',
        'org.freedesktop.Secret.Service.Lock',
        'array:objpath:/org/freedesktop/secrets/collection/login',
      )
      if (code !== 0) throw new Error(`the keyring cannot be locked: ${stderr}`)
    },
  }
}
