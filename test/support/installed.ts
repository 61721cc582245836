import { mkdtempSync, rmSync } from 'node:fs'
import { copyFile, cp, mkdir, readFile, readdir, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
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

/** Packs the package in `from` into a folder as `npm publish` would. */
async function packInto(folder: string, from: string): Promise<Packed> {
  // Its scripts would build anew, under the feet of the other tests; dist is what `npm test` built.
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder]
  const { stdout } = await requireDone(npm(from, ...args))
  const [packed] = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[]
  if (packed === undefined) throw new Error(`npm packed nothing: ${stdout}`)
  return { tarball: join(folder, packed.filename), paths: packed.files.map(({ path }) => path).sort() }
}

/** What npm made for all tests of this process, each of it once: a call of npm takes a second. */
const made = new Map<string, Promise<unknown>>()

function once<T>(name: string, make: () => Promise<T>): Promise<T> {
  const known = made.get(name) as Promise<T> | undefined
  const one = known ?? make()
  made.set(name, one)
  return one
}

let shared: string | null = null

function sharedFolder(): string {
  if (shared !== null) return shared
  const folder = mkdtempSync(join(tmpdir(), 'fluxloop-keys-installed-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  return (shared = folder)
}

/** The tarball of the package in `from`, as `npm publish` would pack it. */
export function pack(from = root): Promise<Packed> {
  return once(from, () => packInto(sharedFolder(), from))
}

/** From npm's cache where that has all, else from the registry. */
export async function install(what: string, folder: string): Promise<void> {
  const args = ['install', '--no-audit', '--no-fund', what]
  if ((await npm(folder, ...args, '--offline')).code === 0) return
  await requireDone(npm(folder, ...args, '--prefer-offline'))
}

async function copyOf(from: string, folder: string): Promise<void> {
  await cp(from, folder, { recursive: true, verbatimSymlinks: true })
}

async function toolAlone(): Promise<string> {
  const { tarball } = await pack()
  const folder = join(sharedFolder(), 'tool')
  await mkdir(folder)
  await install(tarball, folder)
  return folder
}

async function toolAndFleet(): Promise<string> {
  const { tarball } = await pack(join(root, 'fleet'))
  const folder = join(sharedFolder(), 'both')
  await copyOf(await once('tool', toolAlone), folder)
  await install(tarball, folder)
  return folder
}

/** Makes a folder in which npm installed the tool alone, or first that and then the package of fleets, from their tarballs. */
export async function installed(what: 'tool' | 'both', folder: string): Promise<void> {
  await copyOf(await once(what, what === 'tool' ? toolAlone : toolAndFleet), folder)
  // Where npm finds them when something else is installed there: package.json names them next to the folder.
  const packed = [await pack(), ...(what === 'tool' ? [] : [await pack(join(root, 'fleet'))])]
  for (const { tarball } of packed) await copyFile(tarball, join(dirname(folder), basename(tarball)))
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
