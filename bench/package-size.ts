import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')

interface Packed {
  readonly unpackedSize: number
}

/** The size of what npm installs of this package itself, and which packages come with it. */
export function packageFigures(): string {
  const { stdout } = spawnSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    encoding: 'utf8',
  })
  const [packed] = JSON.parse(stdout) as [Packed]
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    dependencies: object
  }
  const megabytes = (packed.unpackedSize / 1e6).toFixed(2)
  return `The package itself: ${megabytes} MB; its dependencies: ${Object.keys(dependencies).join(', ')}`
}
