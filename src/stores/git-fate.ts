import { realpathSync } from 'node:fs'
import { basename, dirname, join, relative, sep } from 'node:path'
import { Failure } from '../model/failure.ts'
import { askGit, isWhole } from './git.ts'
import type { Answer } from './process-group.ts'
import { repositoryAround } from './repository.ts'
import { trackedNames } from './tracked-names.ts'
import { nearestFolder } from './write-file.ts'
import { shellWord } from '../model/shell-word.ts'

/** A file, and the folder of the configuration that names it. */
export interface DeclaredFile {
  readonly path: string
  readonly declaredIn: string
}

/** Whether a secret in a file would be committed. In a repository that is not the configuration's, git is not asked. */
export type GitTracking = 'tracked' | 'untracked' | 'outside' | 'other-repository'

/** What git would do with a file: commit it, take it with the next `git add`, or leave it out. */
export type GitFate = Exclude<GitTracking, 'untracked'> | 'would-be-added' | 'ignored'

interface Place {
  readonly root: string
  /** Relative to `root`, with slashes. */
  readonly name: string
}

function placeOf({ path, declaredIn }: DeclaredFile): Place | 'outside' | 'other-repository' {
  const folder = dirname(path)
  const repository = repositoryAround(folder)
  if (repository === null) return 'outside'
  const own = repositoryAround(declaredIn)
  if (repository.bare || repository.root !== own?.root) return 'other-repository'
  const { root } = repository
  // A missing folder is made where it is missing, below the real path of what is there.
  const nearest = nearestFolder(folder)
  const real = join(realpathSync.native(nearest), relative(nearest, folder), basename(path))
  return { root, name: relative(root, real).split(sep).join('/') }
}

function cannotTell(path: string, { root }: Place, { stderr }: Answer): Failure {
  const said = stderr.split('\n').find(line => /^(error|fatal):/.test(line)) ?? ''
  const isForeign = said.includes('dubious ownership')
  return new Failure(
    'refused',
    `git cannot tell whether it tracks ${path}, so a secret in it might be committed.`,
    {
      hints: [
        ...(said === '' ? [] : [`git says: ${said.slice(0, 300)}`]),
        isForeign
          ? `If you trust ${root}, run \`git config --global --add safe.directory ${shellWord(root)}\`.`
          : `Repair the repository in ${root}, or name a file outside of it.`,
      ],
    },
  )
}

async function isTracked(file: DeclaredFile, place: Place, env: NodeJS.ProcessEnv): Promise<boolean> {
  const known = await trackedNames(place.root, env)
  if (known !== null) return known.has(place.name.normalize())
  const answer = await askGit(place.root, 'ls-files', ['-z', '--', `:(literal)${place.name}`], env)
  if (!isWhole(answer) || answer.code !== 0) throw cannotTell(file.path, place, answer)
  return answer.stdout !== ''
}

/** A file that was deleted but is still in the index is tracked. Throws a `Failure` where git cannot tell. */
export async function gitTracking(file: DeclaredFile, env: NodeJS.ProcessEnv): Promise<GitTracking> {
  const place = placeOf(file)
  if (typeof place === 'string') return place
  return (await isTracked(file, place, env)) ? 'tracked' : 'untracked'
}

/** Throws a `Failure` where git cannot tell. */
export async function gitFate(file: DeclaredFile, env: NodeJS.ProcessEnv): Promise<GitFate> {
  const place = placeOf(file)
  if (typeof place === 'string') return place
  if (await isTracked(file, place, env)) return 'tracked'
  // It knows no `:(literal)`, and takes what begins with a colon for a pattern.
  const answer = await askGit(place.root, 'check-ignore', ['-q', '--', `./${place.name}`], env)
  if (!isWhole(answer)) throw cannotTell(file.path, place, answer)
  return answer.code === 0 ? 'ignored' : 'would-be-added'
}
