import { dirname, isAbsolute, relative, resolve } from 'node:path'

import type { Diagnostic } from '../model/diagnostic.ts'
import { type Boundary, boundaryOf, realPath, rootFor } from '../files/boundary.ts'
import { type PathKind, kindOf } from './path-kind.ts'
import { type Search, filesLike, yamlFilesBelow } from './search-folders.ts'
import { fileDiagnostic } from './source.ts'

const standardNames = ['fluxloop-keys.yaml', 'fluxloop-keys.yml', 'fluxloop-keys']

export interface Found {
  /** Absolute, sorted, each once. */
  readonly files: readonly string[]
  readonly diagnostics: readonly Diagnostic[]
  /** What may be shown of files, these and those that they name. */
  readonly boundary: Boundary
}

/** How a file is called on screens: relative to the working directory where it lies below it. */
export function shownPath(file: string, cwd: string): string {
  const path = relative(cwd, file)
  return path === '' || path.startsWith('..') || isAbsolute(path) ? file : path
}

function standardPath(cwd: string): string | null {
  for (const name of standardNames) {
    if (kindOf(resolve(cwd, name)) !== 'missing') return name
  }
  return null
}

/** Where a search begins: a folder, the folder of a file, or what stands before the first special character of a pattern. */
function startOf(path: string, kind: PathKind, cwd: string): string {
  if (kind === 'folder') return resolve(cwd, path)
  if (kind !== 'missing') return dirname(resolve(cwd, path))
  const parts = path.split(/[\\/]/)
  const special = parts.findIndex(part => /[*?[\]{}()!+@]/.test(part))
  return special === 0 ? cwd : resolve(cwd, parts.slice(0, special).join('/') || '/')
}

function leadsOut(file: string): Diagnostic {
  const hint = 'Put the file itself here, or name the file that the link leads to with -c.'
  return fileDiagnostic(file, 'unreadable-file', 'The link leads out of the repository', hint)
}

/**
 * The YAML files that `paths` (files, folders, globs) name, or the standard places where none is given. What cannot be
 * found is a diagnostic, so that all of it shows at once.
 */
export async function findFiles(paths: readonly string[], cwd: string): Promise<Found> {
  const files = new Set<string>()
  const roots = new Set<string>()
  const diagnostics: Diagnostic[] = []
  let given = paths
  if (given.length === 0) {
    const standard = standardPath(cwd)
    if (standard === null) {
      const message = `There is no configuration: neither ${standardNames.join(', nor ')}/ is here`
      const hint = 'Name a file, folder or glob with -c, or write a first one: fluxloop-keys init'
      return {
        files: [],
        diagnostics: [fileDiagnostic('.', 'no-files', message, hint)],
        boundary: boundaryOf([]),
      }
    }
    given = [standard]
  }
  const take = (path: string, { files: found, unseen }: Search, none: string, hint: string) => {
    for (const file of found) files.add(file)
    for (const one of unseen)
      diagnostics.push(fileDiagnostic(shownPath(one.path, cwd), 'unreadable-file', one.message, one.hint))
    if (found.length + unseen.length === 0) diagnostics.push(fileDiagnostic(path, 'no-files', none, hint))
  }
  for (const path of given) {
    const absolute = resolve(cwd, path)
    const kind = kindOf(absolute)
    roots.add(rootFor(startOf(path, kind, cwd), cwd))
    if (kind === 'file') files.add(absolute)
    else if (kind === 'folder') {
      const none = 'The folder has no *.yaml or *.yml file in it'
      take(path, await yamlFilesBelow(absolute), none, 'Hidden files and folders do not count.')
    } else if (kind !== 'missing') {
      const message = `The path cannot be reached: ${kind.why}`
      const hint = 'Check the permissions of the folders that lead to it.'
      diagnostics.push(fileDiagnostic(path, 'unreadable-file', message, hint))
    } else {
      const found = await filesLike(path, cwd)
      if (found === null) {
        const message = 'There is no such file or folder'
        diagnostics.push(fileDiagnostic(path, 'missing-file', message, `It was looked for in ${cwd}.`))
      } else {
        const hint = 'Put the pattern in quotes, so that it arrives as written.'
        take(path, found, 'No file matches this pattern', hint)
      }
    }
  }
  const boundary = boundaryOf([...roots])
  const inside: string[] = []
  for (const file of [...files].sort()) {
    const real = realPath(file)
    // Whoever reads a link that leads nowhere says so.
    if (real === null || boundary.contains(real)) inside.push(file)
    else diagnostics.push(leadsOut(shownPath(file, cwd)))
  }
  return { files: inside, diagnostics, boundary }
}
