import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { type Workplace, ended, workplace } from './program.ts'

/** A machine of its own, as far as the program can see: another home, and another machine id where the system lets us. */
export interface Host extends Workplace {
  /** Runs any program in the working folder, and throws what it printed where it fails. */
  readonly shell: (command: string, ...args: readonly string[]) => Promise<string>
}

/** Binds a file over the machine id, in a mount namespace that nobody else sees; then runs the rest of the line. */
const asMachine = 'mount --bind "$0" /etc/machine-id && exec "$@"'

function canBind(file: string): boolean {
  const trial = spawnSync('unshare', ['--mount', '--map-root-user', 'sh', '-c', asMachine, file, 'true'])
  return trial.status === 0
}

export async function host(
  t: Pick<Test, 'teardown' | 'comment'>,
  id: string,
  env: Readonly<Record<string, string>>,
): Promise<Host> {
  const place = await workplace(t, {
    ...env,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_AUTHOR_NAME: id,
    GIT_AUTHOR_EMAIL: `${id}@example.com`,
    GIT_COMMITTER_NAME: id,
    GIT_COMMITTER_EMAIL: `${id}@example.com`,
  })
  const file = join(place.root, 'machine-id')
  await writeFile(file, `${Buffer.from(id.padEnd(16, '0')).toString('hex').slice(0, 32)}\n`)
  const machine = canBind(file)
  if (!machine) t.comment('no mount namespace here: the hosts differ by their homes alone')
  const within = machine ? ['unshare', '--mount', '--map-root-user', 'sh', '-c', asMachine, file] : []
  return {
    ...place,
    run: (args, options = {}) => place.run(args, { ...options, within }),
    shell: async (command, ...args) => {
      const { code, stdout, stderr } = await ended(command, args, { cwd: place.work, env: place.env })
      if (code !== 0) throw new Error(`${command} ${args.join(' ')} exits ${code}: ${stderr}`)
      return stdout
    },
  }
}
