import { mkdir } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import {
  type CiHost,
  type CiOptions,
  actionPattern,
  ciFiles,
  gitlabPipeline,
  hostOfRemote,
  plainFolder,
  unnamedPackage,
} from '../../config/ci-file.ts'
import type { Context } from '../../context.ts'
import { readBounded } from '../../files/bounded-file.ts'
import { realPath, repositoryAbove } from '../../files/boundary.ts'
import { Failure } from '../../model/failure.ts'
import type { Prompts } from '../../runtime/prompts.ts'
import { fileFailure } from '../../stores/file-failure.ts'
import { replaceFile, textOf } from '../replace-file.ts'

export interface CiAsked {
  /** Null: somebody is asked, where a remote names a host. */
  readonly ci: CiHost | 'none' | null
  readonly action: string | null
}

const hostNames: Readonly<Record<CiHost, string>> = { github: 'GitHub', gitlab: 'GitLab' }

/** Far above any configuration of git. */
const largest = 1_048_576

function rootOf({ cwd }: Pick<Context, 'cwd'>): string | null {
  return repositoryAbove(realPath(cwd) ?? cwd)
}

/** The host of the repository's remote; null where there is none, or it is another one. */
async function ownHost(context: Pick<Context, 'cwd'>): Promise<CiHost | null> {
  const root = rootOf(context)
  if (root === null) return null
  const file = await readBounded(join(root, '.git', 'config'), largest).catch(() => null)
  return file?.ok === true ? hostOfRemote(file.bytes.toString('utf8')) : null
}

/** Throws a usage `Failure` where the flags make no sense. */
export function requireCiFlags({ ci, action }: CiAsked): void {
  if (action === null) return
  if (ci !== 'github')
    throw new Failure('usage', '--action is about the workflow for GitHub, so it needs --ci github')
  if (!actionPattern.test(action))
    throw new Failure('usage', `--action takes owner/name@ and a whole commit, not \`${action}\``, {
      hints: ['A tag or a branch can be moved by others; a commit of 40 digits cannot.'],
    })
}

export async function askCi(
  { ci }: CiAsked,
  prompts: Prompts,
  context: Pick<Context, 'cwd'>,
): Promise<CiHost | null> {
  if (ci !== null) return ci === 'none' ? null : ci
  const host = await ownHost(context)
  if (host === null) return null
  const wanted = await prompts.one(
    `Add a CI file for ${hostNames[host]}?`,
    [
      { value: 'yes', label: 'Yes', hint: 'a plan on each request to merge, apply after it' },
      { value: 'no', label: 'No', hint: 'init --ci writes it for a new configuration' },
    ],
    'yes',
  )
  return wanted === 'yes' ? host : null
}

/** A file to be written: null text where there is one already, which stays. */
interface Planned {
  readonly path: string
  readonly text: string
  readonly isNew: boolean
}

export interface CiFilesToWrite {
  readonly root: string
  readonly files: readonly Planned[]
  readonly host: CiHost
}

/** Looks what is to be written, before anything is. Throws a usage `Failure` where the folder's name cannot stand in such a file. */
export async function planCiFiles(
  host: CiHost,
  { action }: CiAsked,
  context: Pick<Context, 'cwd'>,
): Promise<CiFilesToWrite> {
  const cwd = realPath(context.cwd) ?? context.cwd
  const root = rootOf(context) ?? cwd
  const folder = relative(root, cwd).split(sep).join('/')
  if (!plainFolder.test(folder))
    throw new Failure('usage', `The folder ${folder} has a name that no CI file is written for`, {
      hints: ['Run init in a folder of plain letters, digits, dots and dashes, or with --ci none.'],
    })
  const options: CiOptions = { action, folder }
  const { path, text } = ciFiles[host]
  const all = [{ path, text: text(options) }, ...(host === 'gitlab' ? [gitlabPipeline] : [])]
  const files: Planned[] = []
  for (const file of all) files.push({ ...file, isNew: (await textOf(join(root, file.path))) === null })
  return { root, files, host }
}

/** Writes those that are not there. */
export async function writeCiFiles({ root, files }: CiFilesToWrite): Promise<void> {
  for (const { path, text } of files.filter(({ isNew }) => isNew)) {
    const file = join(root, path)
    await mkdir(dirname(file), { recursive: true }).catch((cause: unknown) => {
      throw fileFailure('make the folder', dirname(file), cause)
    })
    await replaceFile(file, null, text)
  }
}

/** What is left to do by hand, a paragraph each. */
export function ciSteps({ files, host }: CiFilesToWrite, { action }: CiAsked): readonly string[] {
  const [own] = files
  const kept = files
    .filter(({ isNew }) => !isNew)
    .map(({ path }) => `${path} is there already and stays as it is.`)
  const include =
    host === 'gitlab' && files.some(({ path, isNew }) => path === gitlabPipeline.path && !isNew)
      ? [
          `Add to ${gitlabPipeline.path}, under include: - local: ${own?.path ?? ''}, with inputs: { package: '${unnamedPackage}' }`,
        ]
      : []
  const source =
    host === 'gitlab' && own?.isNew === true
      ? [
          `In ${gitlabPipeline.path}, replace ${unnamedPackage} by where you have fluxloop-keys, at the whole commit that you have looked at. Until then GitLab refuses to run the pipeline.`,
        ]
      : []
  const pin =
    host === 'github' && action === null && own?.isNew === true
      ? [
          `In ${own.path}, replace OWNER/fluxloop-keys@COMMIT by where you have the action, at the whole commit that you have looked at: git ls-remote https://github.com/OWNER/fluxloop-keys shows them. Until then GitHub refuses to run the workflow.`,
        ]
      : []
  const secrets =
    host === 'github'
      ? 'Make the environments keys-plan, keys and keys-review, the last two with reviewers, and set the secret FLUXLOOP_API_KEY in each: docs/guides/ci.md says why.'
      : 'Set the protected and masked variables FLUXLOOP_API_KEY and FLUXLOOP_KEYS_TOKEN.'
  return [...kept, ...include, ...source, ...pin, secrets]
}
