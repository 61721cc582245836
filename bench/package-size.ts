import { spawnSync } from 'node:child_process'
import { readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const modules = join(root, 'node_modules')

const mostBytes = 6e6
const mostPackages = 5

function bytesOf(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
}

/** A package and what it brings along, as far as it is installed here: of the builds for each platform, the one for this. */
function withDependencies(name: string): readonly string[] {
  try {
    const text = readFileSync(join(modules, name, 'package.json'), 'utf8')
    const { dependencies = {}, optionalDependencies = {} } = JSON.parse(text) as Record<string, object>
    return [name, ...Object.keys({ ...dependencies, ...optionalDependencies }).flatMap(withDependencies)]
  } catch {
    return []
  }
}

/** What npm installs for a user, without the sandbox's database: how large it is, and in how many packages. */
export function packageFigures(): string {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts']
  const [packed] = JSON.parse(spawnSync('npm', args, { cwd: root, encoding: 'utf8' }).stdout) as [
    { readonly unpackedSize: number },
  ]
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    dependencies: object
  }
  const others = [...new Set(Object.keys(dependencies).flatMap(withDependencies))]
  const bytes = others.reduce((sum, name) => sum + bytesOf(join(modules, name)), packed.unpackedSize)
  const count = others.length + 1
  const verdict = bytes < mostBytes && count <= mostPackages ? 'met' : 'MISSED'
  const megabytes = (size: number) => (size / 1e6).toFixed(2)
  return (
    `Installed: ${megabytes(bytes)} MB in ${count} packages, of which the package itself ${megabytes(packed.unpackedSize)} MB ` +
    `(${verdict}: under 6 MB, at most ${mostPackages} packages): ${others.join(', ')}`
  )
}
