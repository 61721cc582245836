import { execFile } from 'node:child_process'
import { dirname } from 'node:path'
import { childEnvironment } from './child-environment.ts'
import { isTrackedByGit } from './git-tracked.ts'
import { nearestFolder } from './write-file.ts'

/** What git would do with a file: commit it, take it with the next `git add`, leave it out, or it is in no repository. */
export type GitFate = 'tracked' | 'would-be-added' | 'ignored' | 'outside'

/** Throws a `Failure` where git cannot tell. */
export async function gitFate(path: string, env: NodeJS.ProcessEnv): Promise<GitFate> {
  if (await isTrackedByGit(path, env)) return 'tracked'
  const folder = await nearestFolder(dirname(path))
  const args = ['-C', folder, '-c', 'safe.directory=*', '-c', 'core.fsmonitor=false', 'check-ignore', '-q']
  const options = { env: { ...childEnvironment(env), LC_ALL: 'C' }, timeout: 10_000 }
  return new Promise(resolve => {
    execFile('git', [...args, '--', path], options, error => {
      const code: unknown = error === null ? 0 : error.code
      resolve(code === 0 ? 'ignored' : code === 1 ? 'would-be-added' : 'outside')
    })
  })
}
