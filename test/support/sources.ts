import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import ts from 'typescript'

/** A file of a house, as tests of its architecture see it. */
export interface Source {
  /** Within the house. */
  readonly path: string
  readonly text: string
  /** Files of the house, and of other houses: their paths from this house begin with `../`. */
  readonly imports: readonly string[]
  /** Everything else: packages and parts of Node. */
  readonly packages: readonly string[]
}

/** All files below a folder, without what is generated. */
export function sourcesOf(root: string): readonly Source[] {
  const paths = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
    path => path.endsWith('.ts') && !path.includes('generated'),
  )
  return paths.map(path => {
    const text = readFileSync(join(root, path), 'utf8')
    // The compiler's own eyes: also for side effects, dynamic ones, types, re-exports and require.
    const named = ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName)
    return {
      path,
      text,
      imports: named
        .filter(name => name.startsWith('.'))
        .map(specifier => relative(root, join(root, dirname(path), specifier))),
      packages: named.filter(name => !name.startsWith('.')),
    }
  })
}

/** The circles in which files import each other, each as one line. */
export function circlesOf(house: readonly Source[]): readonly string[] {
  const graph = new Map(house.map(({ path, imports }) => [path, imports]))
  const done = new Set<string>()
  const circles: string[] = []
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) circles.push([...trail.slice(trail.indexOf(path)), path].join(' → '))
    if (trail.includes(path) || done.has(path)) return
    for (const target of graph.get(path) ?? []) visit(target, [...trail, path])
    done.add(path)
  }
  for (const path of graph.keys()) visit(path, [])
  return circles
}
