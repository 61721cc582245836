import { execFile } from 'node:child_process'
import { dirname, relative, sep } from 'node:path'
import { Failure } from '../model/failure.ts'
import { childEnvironment } from './child-environment.ts'
import { nearestFolder } from './write-file.ts'

/**
 * Does git track this file, so that its content would be committed? A file that was deleted but is still in the index
 * counts. No git, or no repository around it, means no. Throws a Failure where git cannot tell.
 */
export async function isTrackedByGit(path: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  const folder = await nearestFolder(dirname(path))
  const inside = relative(folder, path).split(sep).join('/')
  // A repository of another owner is only read here, and no program that its configuration names may run.
  const safely = ['-c', 'safe.directory=*', '-c', 'core.fsmonitor=false']
  const args = ['-C', folder, ...safely, '--literal-pathspecs', 'ls-files', '--error-unmatch', '--', inside]
  return new Promise((resolve, reject) => {
    execFile(
      'git',
      args,
      { env: { ...childEnvironment(env), LC_ALL: 'C' }, timeout: 10_000 },
      (error, _, stderr) => {
        if (error === null) resolve(true)
        else if (error.code === 1 || stringCode(error) === 'ENOENT') resolve(false)
        else if (error.code === 128 && stderr.includes('not a git repository')) resolve(false)
        else {
          reject(
            new Failure('failed', `git cannot say whether it tracks ${path}.`, {
              hints: [`Run \`git -C ${folder} status\` to see why, and run this again.`],
            }),
          )
        }
      },
    )
  })
}

/** Node's types know only exit codes here, but a program that is missing gives a name. */
function stringCode(error: { code?: unknown }): string | null {
  return typeof error.code === 'string' ? error.code : null
}
