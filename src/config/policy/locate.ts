import { realpath, stat } from 'node:fs/promises'
import { dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { readBounded } from '../../files/bounded-file.ts'
import type { Boundary } from '../../files/boundary.ts'

/** Where a package keeps its policy, when its package.json says nothing else under `fluxloop-keys`. */
const usualFile = 'fluxloop-policy.yaml'

/** Far above any package.json. */
const largest = 4 * 1024 * 1024

/** A package that is installed here, and where it lies. */
export interface Package {
  readonly name: string
  readonly folder: string
}

/** Where policies may come from while somebody else's configuration is judged: nothing else is looked for, let alone read. */
export interface Confined {
  /** The folder whose `node_modules` has the packages; null: there are none. */
  readonly packages: string | null
  /** The packages that may be read; null: all. */
  readonly allowed: ReadonlySet<string> | null
  /** Those that were read are added here. */
  readonly used: Set<string>
}

export type Located =
  /** `within` is the package that it came with; null for a file of the configuration's own. `quotable` as of `Source`. */
  | { readonly ok: true; readonly file: string; readonly within: Package | null; readonly quotable: boolean }
  | { readonly ok: false; readonly message: string; readonly hint: string }

const refuse = (message: string, hint: string): Located => ({ ok: false, message, hint })

/** The rules of npm, and nothing that could lead out of `node_modules`. */
const packageName = /^(@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*(?=\/|$)/

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  )
}

/** As Node finds packages: in `node_modules` of this folder, or of one above it. */
async function packageFolder(name: string, from: string): Promise<string | null> {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name)
    if (await exists(join(candidate, 'package.json'))) return candidate
    if (dirname(folder) === folder) return null
  }
}

/** What package.json names; no code of the package runs. */
async function fileOf(folder: string): Promise<string> {
  try {
    const file = await readBounded(join(folder, 'package.json'), largest)
    const raw: unknown = file.ok ? JSON.parse(file.bytes.toString('utf8')) : null
    const named =
      typeof raw === 'object' && raw !== null ? (raw as Record<string, unknown>)['fluxloop-keys'] : null
    return typeof named === 'string' ? named : usualFile
  } catch {
    return usualFile
  }
}

/** Lies it in the repository? A link that leads out of it is refused; a path that names a file elsewhere is read, and not shown. */
async function bounded(
  source: string,
  folder: string,
  file: string,
  within: Package | null,
  boundary: Boundary,
): Promise<Located> {
  if (boundary.contains(await realpath(file))) return { ok: true, file, within, quotable: true }
  const named = resolve(await realpath(folder), relative(folder, file))
  if (boundary.contains(named))
    return refuse(`${source} is a link that leads out of the repository`, 'Put the file itself there.')
  return { ok: true, file, within, quotable: false }
}

/** A package may be a link, as in a workspace; what lies in it may not lead out of it. */
async function insideOf(within: Package, source: string, file: string, boundary: Boundary): Promise<Located> {
  const way = relative(await realpath(within.folder), await realpath(file))
  if (way.startsWith('..') || isAbsolute(way))
    return refuse(`${source} leads out of the package ${within.name}`, 'Name a file in it.')
  return await bounded(source, within.folder, file, within, boundary)
}

/** Null where that package may not be read, or is not there. */
async function confinedFolder(name: string, { packages, allowed, used }: Confined): Promise<string | null> {
  if (packages === null || allowed?.has(name) === false) return null
  const folder = join(packages, 'node_modules', name)
  if (!(await exists(join(folder, 'package.json')))) return null
  used.add(name)
  return folder
}

async function inPackage(
  source: string,
  from: string,
  boundary: Boundary,
  confined: Confined | null,
): Promise<Located> {
  const name = packageName.exec(source)?.[0]
  if (name === undefined)
    return refuse(
      `"${source}" is neither a path nor the name of a package`,
      'Write a path that begins with ./ or ../ or is absolute, or the name of an npm package, such as @acme/flux-policy.',
    )
  if (confined?.allowed?.has(name) === false)
    return refuse(
      `The base branch does not use the package ${name}`,
      'A pull request brings no policy package: add it in one of its own, merged first.',
    )
  const folder = confined === null ? await packageFolder(name, from) : await confinedFolder(name, confined)
  if (folder === null)
    return refuse(
      `The package ${name} is not installed here`,
      `Install it (npm install --save-dev ${name}), or write ./ before the path of a file.`,
    )
  const manifest = await bounded(name, dirname(folder), join(folder, 'package.json'), null, boundary)
  if (!manifest.ok) return manifest
  const rest = source.slice(name.length + 1)
  const inside = rest === '' ? await fileOf(folder) : rest
  const file = resolve(folder, inside)
  if (!(await exists(file)))
    return refuse(`The package ${name} has no file ${inside}`, `Name one that it has: ${name}/policy.yaml.`)
  return await insideOf({ name, folder }, source, file, boundary)
}

/**
 * The file of a shared policy that a file in `folder` names. Nothing is asked of the network. What came `within` a package names files of
 * that package, or other packages: errors show lines of what was read, and no package may choose which files those are. `confined`: null
 * where the caller wrote the configuration, and may name any file.
 */
export async function locatePolicy(
  source: string,
  folder: string,
  within: Package | null,
  boundary: Boundary,
  confined: Confined | null,
): Promise<Located> {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(source))
    return refuse(
      'A policy is not fetched from the network',
      'Publish it as an npm package and install that, or copy the file.',
    )
  if (!/^\.{1,2}\//.test(source) && !isAbsolute(source))
    return await inPackage(source, folder, boundary, confined)
  const file = resolve(folder, source)
  if (confined !== null && within === null && !boundary.contains(file))
    return refuse(`${source} leads out of the repository`, 'Put the file itself there.')
  if (!(await exists(file)))
    return refuse(`There is no file ${source}`, 'Paths count from the folder of the file that names them.')
  return within === null
    ? await bounded(source, folder, file, null, boundary)
    : await insideOf(within, source, file, boundary)
}
