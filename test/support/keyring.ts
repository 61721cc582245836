import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundled } from './bundled.ts'

export interface KeyringHome {
  /** Runs a TypeScript file on a session bus of its own; answers with its standard output, and fails where the script does. */
  run(keyring: 'unlocked' | 'as found', script: string, args: readonly string[]): Promise<string>
  remove(): Promise<void>
}

/** A home for a real gnome-keyring that needs no desktop. A keyring left in it is locked for the next session. */
export async function keyringHome(): Promise<KeyringHome> {
  const home = await mkdtemp(join(tmpdir(), 'keyring-home-'))
  const runtime = join(home, 'runtime')
  await mkdir(runtime, { mode: 0o700 })
  const unlock = 'printf %s test | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1; '
  return {
    async run(keyring, script, args) {
      const shell = `${keyring === 'unlocked' ? unlock : ''}exec "$0" "$@"`
      const command = ['--', 'sh', '-c', shell, process.execPath, await bundled(script), ...args]
      const env = { PATH: process.env['PATH'], HOME: home, XDG_RUNTIME_DIR: runtime }
      return await output('dbus-run-session', command, env)
    },
    remove: () => rm(home, { recursive: true, force: true }),
  }
}

function output(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    let out = ''
    let err = ''
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
    child.on('error', reject)
    child.on('close', code => {
      if (code === 0) resolve(out)
      else reject(new Error(`${command} ended with ${code ?? 'a signal'}:\n${out}${err}`))
    })
  })
}
