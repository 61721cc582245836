// The same commit gives the same bytes: a build in another folder, at another place of the world, is the one that `npm test` made.
import { cp, mkdir, readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { ended } from '../support/program.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** What the build itself runs, next to what it bundles. */
const tools = ['esbuild', '@esbuild', 'rolldown', '@rolldown', '@oxc-project']

interface Bom {
  readonly components: readonly { readonly name: string }[]
}

/** Also those next to the package of fleets, whose versions are in its bill of materials. */
async function packagesInside(): Promise<readonly string[]> {
  const boms = await Promise.all(
    ['dist', 'fleet/dist'].map(folder => readFile(join(root, folder, 'sbom.cdx.json'), 'utf8')),
  )
  return boms.flatMap(text => (JSON.parse(text) as Bom).components.map(({ name }) => name))
}

t.test('builds the same bytes in another folder', async t => {
  const folder = t.testdir()
  const parts = ['src', 'scripts', 'schemas', 'package.json', 'package-lock.json', 'tsconfig.json']
  parts.push('fleet/src', 'fleet/package.json')
  for (const part of parts) await cp(join(root, part), join(folder, part), { recursive: true })
  await mkdir(join(folder, 'node_modules'))
  for (const name of new Set([...(await packagesInside()), ...tools])) {
    const from = join(root, 'node_modules', name)
    await cp(from, join(folder, 'node_modules', name), { recursive: true })
  }
  const built = await ended('env', ['-u', 'NODE_OPTIONS', process.execPath, 'scripts/build.mjs'], {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder, TZ: 'Pacific/Auckland', LANG: 'C' },
  })
  t.equal(built.code, 0, built.stderr)
  const made: string[] = ['build/action.cjs']
  for (const dist of ['dist', 'fleet/dist']) {
    const names = (await readdir(join(root, dist))).sort()
    t.strictSame((await readdir(join(folder, dist))).sort(), names)
    made.push(...names.map(name => `${dist}/${name}`))
  }
  t.ok(made.length > 20)
  for (const name of made) {
    const [here, there] = await Promise.all([root, folder].map(each => readFile(join(each, name))))
    t.ok(here?.equals(there ?? Buffer.alloc(0)), name)
  }
})
