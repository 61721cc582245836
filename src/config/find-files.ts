import { stat } from 'node:fs/promises'
import { isAbsolute, relative, resolve } from 'node:path'

import type { Diagnostic } from '../model/diagnostic.ts'
import { fileDiagnostic } from './source.ts'

const standardNames = ['fluxloop-keys.yaml', 'fluxloop-keys.yml', 'fluxloop-keys']

export interface Found {
  /** Absolute, sorted, each once. */
  readonly files: readonly string[]
  readonly diagnostics: readonly Diagnostic[]
}

type Kind = 'file' | 'folder' | 'missing'

async function kindOf(path: string): Promise<Kind | { readonly why: string }> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file'
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? ''
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'missing' : { why: code }
  }
}

/** How a file is called on screens: relative to the working directory where it lies below it. */
export function shownPath(file: string, cwd: string): string {
  const path = relative(cwd, file)
  return path === '' || path.startsWith('..') || isAbsolute(path) ? file : path
}

/** Loaded only for folders and patterns: with one file, which is the usual case, it would take longer than the rest. */
const loadGlobs = () => import('tinyglobby')

async function yamlFilesBelow(folder: string): Promise<string[]> {
  const { glob } = await loadGlobs()
  // Hidden files are editors' and tools' own; links to folders are not followed, so that no folder holds itself.
  return glob(['**/*.yaml', '**/*.yml'], { cwd: folder, absolute: true, followSymbolicLinks: false })
}

/** The files that a pattern names; null where it is no pattern. */
async function filesLike(pattern: string, cwd: string): Promise<string[] | null> {
  const { escapePath, glob, isDynamicPattern } = await loadGlobs()
  if (!isDynamicPattern(pattern)) return null
  const whole = isAbsolute(pattern) ? pattern : `${escapePath(cwd)}/${pattern}`
  return glob([whole], { cwd, absolute: true, followSymbolicLinks: false })
}

async function standardPath(cwd: string): Promise<string | null> {
  for (const name of standardNames) {
    if ((await kindOf(resolve(cwd, name))) !== 'missing') return name
  }
  return null
}

/**
 * The YAML files that `paths` (files, folders, globs) name, or the standard places where none is given. What cannot be
 * found is a diagnostic, so that all of it shows at once.
 */
export async function findFiles(paths: readonly string[], cwd: string): Promise<Found> {
  const files = new Set<string>()
  const diagnostics: Diagnostic[] = []
  let given = paths
  if (given.length === 0) {
    const standard = await standardPath(cwd)
    if (standard === null) {
      const message = `There is no configuration: neither ${standardNames.join(', nor ')}/ is here`
      const hint = 'Name a file, folder or glob with -c, or start from examples/fluxloop-keys.yaml.'
      return { files: [], diagnostics: [fileDiagnostic('.', 'no-files', message, hint)] }
    }
    given = [standard]
  }
  for (const path of given) {
    const absolute = resolve(cwd, path)
    const kind = await kindOf(absolute)
    if (kind === 'file') files.add(absolute)
    else if (kind === 'folder') {
      const below = await yamlFilesBelow(absolute)
      for (const file of below) files.add(resolve(file))
      if (below.length === 0) {
        const message = 'The folder has no *.yaml or *.yml file in it'
        diagnostics.push(fileDiagnostic(path, 'no-files', message, 'Hidden files and folders do not count.'))
      }
    } else if (kind !== 'missing') {
      const message = `The path cannot be reached (${kind.why})`
      const hint = 'Check the permissions of the folders that lead to it.'
      diagnostics.push(fileDiagnostic(path, 'unreadable-file', message, hint))
    } else {
      const matches = await filesLike(path, cwd)
      for (const file of matches ?? []) files.add(resolve(file))
      if (matches === null) {
        const message = 'There is no such file or folder'
        diagnostics.push(fileDiagnostic(path, 'missing-file', message, `It was looked for in ${cwd}.`))
      } else if (matches.length === 0) {
        const hint = 'Put the pattern in quotes, so that it arrives as written.'
        diagnostics.push(fileDiagnostic(path, 'no-files', 'No file matches this pattern', hint))
      }
    }
  }
  return { files: [...files].sort(), diagnostics }
}
