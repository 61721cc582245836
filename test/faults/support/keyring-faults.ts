import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import type { Test } from 'tap'
import { type SessionBus, sessionBus } from '../../support/session-bus.ts'
import type { Broken } from './store-fault.ts'
import { type StoreScene, execute } from './store-scene.ts'

/** A real keyring as the store at fault, which locks. */
export async function keyring(t: Test, scene: StoreScene): Promise<Broken & { readonly bus: SessionBus }> {
  const bus = await sessionBus(t)
  Object.assign(scene.env, bus.env)
  return {
    bus,
    store: 'keychain',
    breaks: () => bus.lock(),
    mends: () => unlockWith(bus, 'test'),
    held: async () => (await bus.lookup('fluxloop', 'faults/agents')) || null,
  }
}

const environment = ({ env, home }: SessionBus) => ({ PATH: process.env['PATH'], HOME: home, ...env })

/** Starts the keyring daemon anew with a passphrase, right (`test`) or wrong. Resolves once it answers. */
export async function unlockWith(bus: SessionBus, passphrase: string): Promise<void> {
  const daemon = spawn('gnome-keyring-daemon', ['--replace', '--unlock', '--components=secrets'], {
    env: environment(bus),
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  daemon.stdin.end(passphrase)
  await once(daemon, 'exit')
  await daemonOf(bus)
}

/** The process that answers for the Secret Service on this bus. */
export async function daemonOf(bus: SessionBus): Promise<number> {
  const call = ['--session', '--print-reply', '--dest=org.freedesktop.DBus', '/']
  const method = ['org.freedesktop.DBus.GetConnectionUnixProcessID', 'string:org.freedesktop.secrets']
  for (;;) {
    const { stdout } = await execute('dbus-send', [...call, ...method], { env: environment(bus) }).catch(
      () => ({ stdout: '' }),
    )
    const pid = /uint32 (\d+)/.exec(stdout)?.[1]
    if (pid !== undefined) return Number(pid)
    await wait(20)
  }
}

/** Kills the daemon. The bus starts another one for whoever asks next, and that one is locked. */
export async function killDaemon(bus: SessionBus): Promise<void> {
  process.kill(await daemonOf(bus), 'SIGKILL')
}

/** From now on every prompt of the keyring is shown to nobody, and never answered. Resolves to what ends that. */
export async function silencePrompts(t: Test, bus: SessionBus): Promise<() => void> {
  const name = 'org.gnome.keyring.SystemPrompter'
  const hole = spawn('dbus-test-tool', ['black-hole', `--name=${name}`], {
    env: { ...environment(bus), DBUS_SESSION_BUS_ADDRESS: bus.env.DBUS_SESSION_BUS_ADDRESS },
    stdio: 'ignore',
  })
  const end = () => void hole.kill()
  t.teardown(end)
  const ask = ['--session', '--print-reply', '--dest=org.freedesktop.DBus', '/']
  for (;;) {
    const { stdout } = await execute(
      'dbus-send',
      [...ask, 'org.freedesktop.DBus.NameHasOwner', `string:${name}`],
      { env: environment(bus) },
    )
    if (stdout.includes('true')) return end
    await wait(20)
  }
}
