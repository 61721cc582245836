import { readFile, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Ended, ended } from './program.ts'

export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

/** npm as a user runs it: with its cache and its registry, and without the loaders of tap. */
async function npm(cwd: string, ...args: readonly string[]): Promise<Ended> {
  const inherited = Object.entries(process.env).filter(([name]) => !/^npm_|^_?TAP/i.test(name))
  return await ended('env', ['-u', 'NODE_OPTIONS', 'npm', ...args], {
    cwd,
    env: Object.fromEntries(inherited),
  })
}

async function requireDone(running: Promise<Ended>): Promise<Ended> {
  const ending = await running
  if (ending.code !== 0) throw new Error(`npm exits ${ending.code}: ${ending.stdout}${ending.stderr}`)
  return ending
}

export interface Packed {
  readonly tarball: string
  readonly paths: readonly string[]
}

/** Packs the package in `from` as `npm publish` would. */
export async function pack(folder: string, from = root): Promise<Packed> {
  // Its scripts would build anew, under the feet of the other tests; dist is what `npm test` built.
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder]
  const { stdout } = await requireDone(npm(from, ...args))
  const [packed] = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[]
  if (packed === undefined) throw new Error(`npm packed nothing: ${stdout}`)
  return { tarball: join(folder, packed.filename), paths: packed.files.map(({ path }) => path).sort() }
}

/** From npm's cache where that has all, else from the registry. */
export async function install(what: string, folder: string): Promise<void> {
  const args = ['install', '--no-audit', '--no-fund', what]
  if ((await npm(folder, ...args, '--offline')).code === 0) return
  await requireDone(npm(folder, ...args, '--prefer-offline'))
}

export interface Installed {
  readonly packages: readonly string[]
  readonly bytes: number
}

/** What an installation put into a folder. */
export async function measured(folder: string): Promise<Installed> {
  const modules = join(folder, 'node_modules')
  const lock = JSON.parse(await readFile(join(modules, '.package-lock.json'), 'utf8')) as { packages: object }
  let bytes = 0
  for (const entry of await readdir(modules, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size
  return { packages: Object.keys(lock.packages), bytes }
}
