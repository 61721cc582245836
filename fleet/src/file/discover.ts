import { basename, dirname, join, relative, sep } from 'node:path'
import { kindOf } from '../../../src/config/path-kind.ts'
import type { Path } from '../../../src/config/read-yaml.ts'
import { type Search, filesLike } from '../../../src/config/search-folders.ts'
import { boundaryOf, realPath } from '../../../src/files/boundary.ts'
import type { FleetDocument } from './read-document.ts'
import { resolveSettings } from './resolve-settings.ts'
import { type DeclaredStack, type StackContext, makeStack, pathBelow } from './resolve-stacks.ts'

/** As the schema has it: folders may be called anything. */
const stackName = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$/

async function find(glob: string, folder: string): Promise<Search> {
  const found = await filesLike(glob, folder)
  if (found !== null) return found
  const file = join(folder, glob)
  return { files: kindOf(file) === 'file' ? [file] : [], unseen: [] }
}

/** The files below the fleet's folder that a pattern finds. What cannot be looked at is reported: a stack must not go missing without a word. */
async function filesFor(
  glob: string,
  path: Path,
  { source, report }: FleetDocument,
): Promise<readonly string[]> {
  const { folder } = source
  const shown = (file: string) => relative(folder, file)
  if (pathBelow(glob) === null) {
    const message = 'The glob leads out of the folder of the fleet file'
    report(path, { code: 'bad-value', message, hint: 'Write a pattern that begins in that folder.' })
    return []
  }
  const { files, unseen } = await find(glob, folder)
  let untold = files.length === 0
  for (const one of unseen) {
    // What is not there at all has no match.
    if (kindOf(one.path) === 'missing') continue
    untold = false
    const message = `"${shown(one.path)}": ${one.message}`
    const hint = 'Put the folder itself here, or leave it out of the pattern.'
    report(path, { code: 'unreadable-file', message, hint })
  }
  const boundary = boundaryOf([realPath(folder) ?? folder])
  const inside: string[] = []
  for (const file of [...files].sort()) {
    const real = realPath(file)
    if (real !== null && boundary.contains(real)) inside.push(file)
    else {
      const where = real === null ? 'leads nowhere' : 'leads out of the folder of the fleet file'
      const hint = 'Put the file itself there, or remove the link.'
      report(path, { code: 'unreadable-file', message: `The link "${shown(file)}" ${where}`, hint })
    }
  }
  if (untold) {
    const hint =
      'Correct it, or remove the entry: a fleet whose folders are gone for a moment goes on as before.'
    report(path, { code: 'no-files', message: 'No file matches this glob', hint })
  }
  return inside
}

function byFolder(files: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const folders = new Map<string, string[]>()
  for (const file of files) {
    const folder = dirname(file)
    const config = folders.get(folder) ?? []
    folders.set(folder, [...config, basename(file)])
  }
  return folders
}

function nameOf(folder: string, root: string): string {
  const way = relative(root, folder).split(sep).join('/')
  return way === '' ? basename(root) : way
}

/** The stacks that patterns find, but for folders that are taken already. */
export async function discoverStacks(
  context: StackContext,
  listed: readonly DeclaredStack[],
): Promise<readonly DeclaredStack[]> {
  const { document, defaults, secrets } = context
  const { discover = [] } = document.raw
  if (!document.isValidAt(['discover'])) return []
  const { folder: root } = document.source
  const taken = new Set(
    listed.flatMap(({ stack: { source } }) => (source.kind === 'folder' ? [source.path] : [])),
  )
  const names = new Map(listed.map(({ stack, path }) => [stack.name, path]))
  const found: DeclaredStack[] = []
  for (const [index, raw] of discover.entries()) {
    const path = ['discover', index]
    if (!document.isValidAt(path)) continue
    const settings = resolveSettings(raw, path, defaults, document, secrets)
    const at = [...path, 'glob']
    for (const [folder, config] of byFolder(await filesFor(raw.glob, at, document))) {
      if (taken.has(folder)) continue
      taken.add(folder)
      const name = nameOf(folder, root)
      const first = names.get(name)
      if (!stackName.test(name) || first !== undefined) {
        const message =
          first === undefined
            ? `The folder "${name}" has no name that a stack can have`
            : `The folder "${name}" has the name of another stack`
        const hint = 'Rename the folder, or list the stack under `stacks` with a name.'
        const related = first === undefined ? [] : [document.placeOf(first)]
        document.report(at, { code: 'bad-value', message, hint }, related)
        continue
      }
      names.set(name, at)
      const stack = makeStack(
        { name, source: { kind: 'folder', path: folder }, config },
        settings,
        path,
        context,
      )
      // What is wrong with the account of one is wrong with that of all.
      if (stack === null) break
      found.push({ stack, path: at })
    }
  }
  return found
}
