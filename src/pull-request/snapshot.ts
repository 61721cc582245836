import { mkdir, readFile, realpath, symlink, writeFile } from 'node:fs/promises'
import { basename, dirname, join, posix } from 'node:path'
import pLimit from 'p-limit'
import { findFiles } from '../config/find-files.ts'
import { Failure } from '../model/failure.ts'
import type { CodeHost, CommittedFile } from './port.ts'

/** The configuration of one commit, as files in a folder of its own. Nothing else of the commit is there. */
export interface Snapshot {
  /** What stands for the root of the repository. */
  readonly root: string
  /** What stands for the working directory. */
  readonly cwd: string
  /** Is there any configuration? */
  readonly found: boolean
}

export interface SnapshotOptions {
  /** As `-c` takes them; empty: the usual places. */
  readonly config: readonly string[]
  /** From the root of the repository; `.`: that itself. */
  readonly workingDirectory: string
}

const usualNames = ['fluxloop-keys.yaml', 'fluxloop-keys.yml', 'fluxloop-keys']
/** Each costs one request. */
const mostFiles = 1000
/** In all: whoever can write a file could otherwise fill the disk of the runner. */
const mostBytes = 64 * 1024 * 1024
const parallelism = 6

const isYaml = (path: string) => /\.ya?ml$/.test(path)

/** A path that a commit may hold, and that leads nowhere else. */
function isPlain(path: string): boolean {
  return (
    path !== '' &&
    !/[\\\0:]/.test(path) &&
    path
      .split('/')
      .every(part => part !== '' && part !== '.' && part !== '..' && part.toLowerCase() !== '.git')
  )
}

/** A path within the repository, from its root. Throws a usage `Failure` where it leads out of it. */
export function pathInRepository(...parts: readonly string[]): string {
  const path = posix.normalize(posix.join(...parts.map(part => part.replaceAll('\\', '/'))))
  if (parts.some(part => posix.isAbsolute(part)) || path === '..' || path.startsWith('../'))
    throw new Failure('usage', `${parts.at(-1) ?? ''} leads out of the repository`, {
      hints: ['working-directory and config are paths in the repository.'],
    })
  return path === '.' ? '' : path.replace(/\/$/, '')
}

/** The folders before the first special character of a pattern. */
function prefixOf(path: string): string {
  const parts = path.split('/')
  const special = parts.findIndex(part => /[*?[\]{}()!+@]/.test(part))
  return special === -1 ? path : parts.slice(0, special).join('/')
}

function isBelow(path: string, folder: string): boolean {
  return folder === '' || path === folder || path.startsWith(`${folder}/`)
}

/** The paths, from the root, that the configuration of a commit can be in: for whoever asks which commits touched it. */
export function configurationPaths({ config, workingDirectory }: SnapshotOptions): readonly string[] {
  const wanted = config.length === 0 ? usualNames : config
  return wanted.map(path => pathInRepository(workingDirectory, prefixOf(path)))
}

/** Writes the commit's configuration below `root`, with the shared policies and the project file that it may name. */
export async function takeSnapshot(
  host: Pick<CodeHost, 'files' | 'content'>,
  commit: string,
  options: SnapshotOptions,
  folder: string,
): Promise<Snapshot> {
  await mkdir(join(folder, '.git'), { recursive: true })
  const root = await realpath(folder)
  const cwd = join(root, pathInRepository(options.workingDirectory))
  await mkdir(cwd, { recursive: true })
  const places = configurationPaths(options)
  const all = await host.files(commit)
  const odd = all.find(
    ({ path }) => isYaml(path) && !isPlain(path) && places.some(place => isBelow(path, place)),
  )
  if (odd !== undefined)
    throw new Failure('configuration', `The configuration has a file of an unusual name: ${odd.path}`, {
      hints: ['Rename it: no colon, no backslash.'],
    })
  const files = all.filter(({ path }) => isPlain(path))
  const near = files.filter(
    ({ path, kind }) =>
      places.some(place => isBelow(path, place)) &&
      (kind === 'link' || isYaml(path) || places.includes(path)),
  )
  // Names alone: which of them belong to the configuration is decided as everywhere else.
  for (const file of near) {
    const path = join(root, file.path)
    await mkdir(dirname(path), { recursive: true })
    if (file.kind === 'file') await writeFile(path, '', { flag: 'wx' })
    // It is there, so that nobody takes the configuration for whole, and leads nowhere.
    else if (file.kind === 'link') await symlink('links-are-not-followed', path)
  }
  const found = await findFiles(options.config, cwd)
  const byPath = new Map(files.map(file => [join(root, file.path), file] as const))
  const wanted = found.files.flatMap(path => byPath.get(path) ?? [])
  await fetchAll(host, [...wanted, ...projectFiles(files, pathInRepository(options.workingDirectory))], root)
  await fetchPolicies(host, files, wanted, root)
  for (const place of ancestors(pathInRepository(options.workingDirectory)))
    if (files.some(({ path }) => path.startsWith(posix.join(place, '.fluxloop/'))))
      await mkdir(join(root, place, '.fluxloop'), { recursive: true })
  return { root, cwd, found: wanted.length > 0 }
}

/** The folder and those above it, up to the root. */
function ancestors(folder: string): readonly string[] {
  const all = ['']
  for (const part of folder.split('/').filter(each => each !== ''))
    all.push(posix.join(all.at(-1) ?? '', part))
  return all
}

function projectFiles(files: readonly CommittedFile[], folder: string): readonly CommittedFile[] {
  const paths = ancestors(folder).map(place => posix.join(place, '.fluxloop/project.json'))
  return files.filter(({ path, kind }) => kind === 'file' && paths.includes(path))
}

async function fetchAll(
  host: Pick<CodeHost, 'content'>,
  files: readonly CommittedFile[],
  root: string,
): Promise<void> {
  if (files.length > mostFiles)
    throw new Failure(
      'usage',
      `The configuration has ${files.length} files; more than ${mostFiles} are not fetched`,
      {
        hints: ['Put several keys into one file, or check the repository out.'],
      },
    )
  const limit = pLimit(parallelism)
  let bytes = 0
  await Promise.all(
    files
      .filter(({ kind }) => kind === 'file')
      .map(file =>
        limit(async () => {
          const path = join(root, file.path)
          await mkdir(dirname(path), { recursive: true })
          const content = await host.content(file)
          bytes += content.byteLength
          if (bytes > mostBytes)
            throw new Failure('usage', 'The configuration has more than 64 MB, which is not fetched', {
              hints: ['Split it into several stacks.'],
            })
          await writeFile(path, content)
        }),
      ),
  )
}

/** Shared policies may lie anywhere in the repository: every YAML file whose name a file with `extends` mentions is fetched. */
async function fetchPolicies(
  host: Pick<CodeHost, 'content'>,
  files: readonly CommittedFile[],
  begun: readonly CommittedFile[],
  root: string,
): Promise<void> {
  const known = new Set(begun.map(({ path }) => path))
  for (let fresh = begun; fresh.length > 0;) {
    const texts: string[] = []
    for (const { path, kind } of fresh) {
      const text = kind === 'file' ? await readFile(join(root, path), 'utf8') : ''
      if (text.includes('extends')) texts.push(text)
    }
    fresh = files.filter(
      ({ path, kind }) =>
        kind === 'file' &&
        isYaml(path) &&
        !known.has(path) &&
        texts.some(text => text.includes(basename(path))),
    )
    for (const { path } of fresh) known.add(path)
    await fetchAll(host, fresh, root)
  }
}
