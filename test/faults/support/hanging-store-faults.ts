// What never ends: a program behind a store, a prompt, a daemon. Each is waited for as long as it may take, and then ended.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Test } from 'tap'
import { keyringPrograms } from '../../support/session-bus.ts'
import { daemonOf, keyring, silencePrompts } from './keyring-faults.ts'
import type { Broken, StoreFault } from './store-fault.ts'
import { type StoreScene, execute } from './store-scene.ts'

/** Are all processes gone whose ids are in the file, one a line? */
async function allGone(pids: string): Promise<boolean> {
  const lines = (await readFile(pids, 'utf8')).trim().split('\n')
  const isAlive = async (pid: string) =>
    await readFile(`/proc/${pid}/stat`, 'utf8').then(
      text => !text.includes(') Z '),
      () => false,
    )
  for (let tries = 0; tries < 100; tries += 1) {
    const alive = await Promise.all(lines.map(isAlive))
    if (!alive.includes(true)) return lines.length > 0
    await wait(50)
  }
  return false
}

/** A program that hangs with a child, neither of which heeds the signal to end, where one of its commands is asked for. */
function hangingProgram(
  { folder }: StoreScene,
  command: 'put' | 'get',
): Broken & { readonly untouched: () => Promise<boolean> } {
  const [file, hangs, pids] = ['second', 'hangs', 'pids'].map(name => join(folder, name)) as [
    string,
    string,
    string,
  ]
  const hang = `if test -e ${hangs}; then trap '' TERM; sleep 600 & echo $! $$ | tr ' ' '\\n' >>${pids}; wait; fi`
  const script = (own: 'put' | 'get', work: string) =>
    `[sh, -c, "${(own === command ? `${hang}; ${work}` : work).replaceAll(/[\\"]/g, '\\$&')}"]`
  const put = script('put', `umask 077; cat >${file}`)
  const get = script('get', `test ! -e ${file} || cat ${file}`)
  return {
    store: `exec: { put: ${put}, get: ${get}, timeout: 4s }`,
    breaks: () => writeFile(hangs, ''),
    mends: () => rm(hangs),
    held: () => readFile(file, 'utf8').catch(() => null),
    untouched: () => allGone(pids),
  }
}

/** gpg's passphrase prompt: nobody answers it, and, once it is mended, somebody does. */
async function pinentry(t: Test, scene: StoreScene): Promise<Broken> {
  const [home, hangs, pids, program] = ['g', 'hangs', 'pids', 'pinentry'].map(name =>
    join(scene.place.root, name),
  ) as [string, string, string, string]
  await mkdir(home, { mode: 0o700 })
  const answers = 'GETPIN) echo "D right"; echo OK;; BYE) echo OK; exit;; *) echo OK;;'
  await writeFile(
    program,
    `#!/bin/sh\nif test -e ${hangs}; then echo $$ >>${pids}; exec sleep 600; fi\necho OK\nwhile read -r word rest; do case $word in ${answers} esac; done\n`,
  )
  await chmod(program, 0o755)
  await writeFile(
    join(home, 'gpg-agent.conf'),
    `pinentry-program ${program}\nmax-cache-ttl 0\ndefault-cache-ttl 0\nallow-loopback-pinentry\n`,
  )
  const own = { GNUPGHOME: home, PASSWORD_STORE_DIR: join(scene.place.root, 'pass') }
  Object.assign(scene.env, own)
  const env = { env: { ...process.env, ...own } }
  const answerNone = async () => {
    const text = await readFile(pids, 'utf8').catch(() => '')
    for (const pid of text.trim().split('\n').filter(Boolean)) {
      try {
        process.kill(Number(pid))
      } catch {
        // gpg's agent ended it.
      }
    }
  }
  t.teardown(async () => {
    await answerNone()
    execFileSync('gpgconf', ['--kill', 'all'], env)
  })
  const quick = ['--batch', '--pinentry-mode', 'loopback', '--passphrase', 'right', '--quick-generate-key']
  await execute('gpg', [...quick, 'ci@example.com', 'future-default', 'default', 'never'], env)
  await execute('pass', ['init', 'ci@example.com'], env)
  return {
    store: "pass: { path: 'faults/{key}' }",
    breaks: () => writeFile(hangs, ''),
    mends: async () => {
      await rm(hangs)
      await answerNone()
    },
    // Who asks now hangs, too.
    held: async () =>
      existsSync(hangs) ? null : (await execute('pass', ['show', 'faults/agents'], env)).stdout.trim(),
  }
}

export const hangingStoreFaults: readonly StoreFault[] = [
  ...(['put', 'get'] as const).map((command): StoreFault => ({
    what: `the \`${command}\` of a program never ends, nor does its child`,
    when: 'before',
    setUp: async (_, scene) => hangingProgram(scene, command),
    reason: /sh did not end within 4 seconds/,
    hidden: true,
  })),
  {
    what: "gpg's prompt for the passphrase is never answered",
    when: 'before',
    programs: ['pass', 'gpg', 'gpgconf'],
    setUp: pinentry,
    reason: /pass did not end within 60 seconds/,
    hidden: true,
  },
  ...(['before', 'midway'] as const).map((when): StoreFault => ({
    what: 'a prompt of the keyring is never answered',
    when,
    programs: [...keyringPrograms, 'dbus-test-tool'],
    setUp: async (t, scene) => {
      const made = await keyring(t, scene)
      let end: () => void = () => undefined
      return {
        ...made,
        breaks: async () => {
          await made.bus.lock()
          end = await silencePrompts(t, made.bus)
        },
        mends: async () => {
          end()
          await made.mends()
        },
      }
    },
    reason: /did not answer in time/,
  })),
  ...(['before', 'midway'] as const).map((when): StoreFault => ({
    what: 'the keyring daemon hangs',
    when,
    programs: keyringPrograms,
    setUp: async (t, scene) => {
      const made = await keyring(t, scene)
      const daemon = await daemonOf(made.bus)
      let hangs = false
      const tell = (signal: 'SIGSTOP' | 'SIGCONT') => {
        hangs = signal === 'SIGSTOP'
        process.kill(daemon, signal)
      }
      t.teardown(() => (hangs ? tell('SIGCONT') : undefined))
      return {
        ...made,
        breaks: async () => tell('SIGSTOP'),
        mends: async () => tell('SIGCONT'),
        held: async () => (hangs ? null : await made.held()),
      }
    },
    reason: /no Secret Service answers/,
  })),
]
