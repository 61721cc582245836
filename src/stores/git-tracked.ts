import { execFile } from 'node:child_process'
import { dirname, join, relative, sep } from 'node:path'
import { Failure } from '../model/failure.ts'
import { childEnvironment } from './child-environment.ts'
import { nearestFolder } from './write-file.ts'

/**
 * Does git track this file, so that its content would be committed? A file that was deleted but is still in the index
 * counts. No git, or no repository around it, means no. Throws a Failure where git cannot tell.
 */
export async function isTrackedByGit(path: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  return (await trackedUnder(dirname(path), env, path)).has(path)
}

/** The absolute paths of the tracked files below `folder`, or of `only` where that is given. Rules as above. */
export async function trackedUnder(
  folder: string,
  env: NodeJS.ProcessEnv,
  only: string = folder,
): Promise<ReadonlySet<string>> {
  const nearest = await nearestFolder(folder)
  const inside = relative(nearest, only).split(sep).join('/')
  // A repository of another owner is only read here, and no program that its configuration names may run.
  const safely = ['-c', 'safe.directory=*', '-c', 'core.fsmonitor=false']
  const args = [
    '-C',
    nearest,
    ...safely,
    '--literal-pathspecs',
    'ls-files',
    '-z',
    '--',
    inside === '' ? '.' : inside,
  ]
  const options = { env: { ...childEnvironment(env), LC_ALL: 'C' }, timeout: 10_000, maxBuffer: 1 << 28 }
  return new Promise((resolve, reject) => {
    execFile('git', args, options, (error, stdout, stderr) => {
      if (error === null) {
        const names = stdout.split('\0').filter(name => name !== '')
        resolve(new Set(names.map(name => join(nearest, name))))
      } else if (hasNoGit(error) || stderr.includes('not a git repository')) resolve(new Set())
      else {
        reject(
          new Failure('failed', `git cannot say which files it tracks in ${nearest}.`, {
            hints: [`Run \`git -C ${nearest} status\` to see why, and run this again.`],
          }),
        )
      }
    })
  })
}

/** Node's types know only exit codes here, but a program that is missing gives a name. */
function hasNoGit(error: { code?: unknown }): boolean {
  return error.code === 'ENOENT'
}
