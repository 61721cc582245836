// What can be wrong with a keychain, and with a program behind a store.
import { execFileSync } from 'node:child_process'
import { mkdir, rm, writeFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { keyringPrograms } from '../../support/session-bus.ts'
import { keyring, killDaemon, unlockWith } from './keyring-faults.ts'
import type { StoreFault } from './store-fault.ts'
import { execute } from './store-scene.ts'

export const programStoreFaults: readonly StoreFault[] = [
  {
    what: 'there is no D-Bus session',
    when: 'before',
    programs: keyringPrograms,
    setUp: async (t, scene) => {
      const made = await keyring(t, scene)
      return {
        ...made,
        breaks: async () => delete scene.env['DBUS_SESSION_BUS_ADDRESS'],
        mends: async () => Object.assign(scene.env, made.bus.env),
      }
    },
    reason: /no keychain service here/,
  },
  {
    what: 'the keyring is locked',
    when: 'before',
    programs: keyringPrograms,
    setUp: keyring,
    reason: /The keychain is locked/,
  },
  {
    what: 'the keyring gets locked',
    when: 'midway',
    programs: keyringPrograms,
    setUp: keyring,
    reason: /The keychain is locked/,
  },
  {
    what: 'the keyring was unlocked with a wrong passphrase',
    when: 'before',
    programs: keyringPrograms,
    setUp: async (t, scene) => {
      const made = await keyring(t, scene)
      // Only a keyring that is there can have another passphrase.
      const line = ['store', '--label=x', 'service', 'x', 'username', 'x']
      const env = { PATH: process.env['PATH'], HOME: made.bus.home, ...made.bus.env }
      execFileSync('secret-tool', line, { env, input: 'x' })
      return { ...made, breaks: () => unlockWith(made.bus, 'wrong') }
    },
    reason: /The keychain is locked/,
  },
  {
    what: 'the keyring daemon is killed',
    when: 'midway',
    programs: keyringPrograms,
    setUp: async (t, scene) => {
      const made = await keyring(t, scene)
      return { ...made, breaks: () => killDaemon(made.bus) }
    },
    reason: /keychain/,
  },
  {
    what: 'gpg gets a wrong passphrase',
    when: 'before',
    programs: ['pass', 'gpg', 'gpgconf'],
    setUp: async (t, scene) => {
      const home = join(scene.place.root, 'g')
      await mkdir(home, { mode: 0o700 })
      const passphrase = 'right'
      const options = (word: string) =>
        `--batch --pinentry-mode loopback --no-symkey-cache --passphrase ${word}`
      const env = { GNUPGHOME: home, PASSWORD_STORE_DIR: join(scene.place.root, 'pass') }
      Object.assign(scene.env, env, { PASSWORD_STORE_GPG_OPTS: options(passphrase) })
      const all = { env: { ...process.env, ...env, PASSWORD_STORE_GPG_OPTS: options(passphrase) } }
      t.teardown(() => execFileSync('gpgconf', ['--kill', 'all'], all))
      await writeFile(
        join(home, 'gpg-agent.conf'),
        'max-cache-ttl 0\ndefault-cache-ttl 0\nallow-loopback-pinentry\n',
      )
      const key = ['--quick-generate-key', 'ci@example.com', 'future-default', 'default', 'never']
      await execute(
        'gpg',
        ['--batch', '--pinentry-mode', 'loopback', '--passphrase', passphrase, ...key],
        all,
      )
      await execute('pass', ['init', 'ci@example.com'], all)
      return {
        store: "pass: { path: 'faults/{key}' }",
        breaks: async () => Object.assign(scene.env, { PASSWORD_STORE_GPG_OPTS: options('wrong') }),
        mends: async () => Object.assign(scene.env, { PASSWORD_STORE_GPG_OPTS: options(passphrase) }),
        held: async () => (await execute('pass', ['show', 'faults/agents'], all)).stdout.trim(),
      }
    },
    reason: /pass ended with exit code 2 when asked to give the secret/,
    hidden: true,
  },
  {
    what: 'a store gives back something else',
    when: 'before',
    setUp: async (_, scene) => {
      const file = join(scene.folder, 'second')
      const lie = join(scene.folder, 'lie')
      const get = `test -e ${lie} && echo flux_ci_other || cat ${file} 2>/dev/null || true`
      return {
        store: `exec: { put: [sh, -c, 'umask 077; cat >${file}'], get: [sh, -c, '${get}'] }`,
        breaks: () => writeFile(lie, ''),
        mends: () => rm(lie),
        held: () => readFile(file, 'utf8'),
      }
    },
    reason: /gives back is not the secret/,
    hidden: true,
  },
]
