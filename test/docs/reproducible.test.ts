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

async function packagesInside(): Promise<readonly string[]> {
  const { components } = JSON.parse(await readFile(join(root, 'dist/sbom.cdx.json'), 'utf8')) as Bom
  return components.map(({ name }) => name)
}

t.test('builds the same bytes in another folder', async t => {
  const folder = t.testdir()
  const parts = ['src', 'scripts', 'schemas', 'package.json', 'package-lock.json', 'tsconfig.json']
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
  const names = (await readdir(join(root, 'dist'))).sort()
  t.strictSame((await readdir(join(folder, 'dist'))).sort(), names)
  t.ok(names.length > 20)
  for (const name of [...names.map(each => `dist/${each}`), 'build/action.cjs']) {
    const [here, there] = await Promise.all([root, folder].map(each => readFile(join(each, name))))
    t.ok(here?.equals(there ?? Buffer.alloc(0)), name)
  }
})
