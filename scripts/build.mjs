// Bundles the program into dist/: one entry for the bin, one for the keychain's own process, and the parts that commands load
// when they need them. Native packages stay outside and are dependencies; everything else is inside.
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'

const native = ['libsql', '@napi-rs/keyring']

/** Libraries in CommonJS require Node's own modules, which an ES module has to provide. */
const banner = {
  js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
}

const common = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  external: native,
  mainFields: ['module', 'main'],
  // Its build for Node is CommonJS, which a lazy import of a bundle gives no names.
  alias: { yaml: './node_modules/yaml/browser/index.js' },
  logLevel: 'warning',
  banner,
}

await rm('dist', { recursive: true, force: true })
const { metafile } = await build({
  ...common,
  entryPoints: { main: 'src/main.ts', 'keychain-helper': 'src/stores/keychain-helper.ts' },
  outdir: 'dist',
  // Beside the entries, so that every chunk finds the keychain's helper next to itself.
  chunkNames: 'chunk-[name]-[hash]',
  splitting: true,
  metafile: true,
})

// The demo of a checkout; no part of the package.
await rm('build', { recursive: true, force: true })
await build({ ...common, entryPoints: ['scripts/demo.ts'], outdir: 'build' })

/** The packages of which some code is in the bundle. */
function bundledPackages(inputs) {
  const names = Object.keys(inputs).map(path => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1])
  return [...new Set(names.filter(name => name !== undefined))].sort()
}

async function licenceOf(name) {
  for (const file of ['LICENSE', 'LICENSE.md', 'LICENSE.txt', 'license', 'LICENCE', 'license.md']) {
    const text = await readFile(join('node_modules', name, file), 'utf8').catch(() => null)
    if (text !== null) return text.trim()
  }
  const { license } = JSON.parse(await readFile(join('node_modules', name, 'package.json'), 'utf8'))
  return `Licence: ${license}`
}

const notices = await Promise.all(
  bundledPackages(metafile.inputs).map(async name => `## ${name}\n\n${await licenceOf(name)}\n`),
)
const title = '# Third-party notices\n\nThese packages are part of the bundled program.\n\n'
await writeFile('dist/THIRD-PARTY-NOTICES.md', title + notices.join('\n'))
