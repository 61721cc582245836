// Bundles the package of fleets into fleet/dist: what it takes of `src` is inside, and the packages that fleet/package.json names as its
// dependencies stay outside. A keychain helper and the script for proxies stand next to it, where the code looks for them.
import { copyFile, readFile, rm, writeFile } from 'node:fs/promises'
import { relative, resolve } from 'node:path'
import { rolldown } from 'rolldown'
import { scriptsApart } from './build-program.mjs'
import { noticesText, sbomText } from './notices.mjs'

const manifest = 'fleet/package.json'
const folder = 'fleet/dist'

/** `apart`: what is inside the scripts that are built apart, which come from the tool's own build. */
export async function buildFleet({ scripts, yaml, apart }) {
  const { dependencies } = JSON.parse(await readFile(manifest, 'utf8'))
  const outside = Object.keys(dependencies)
  const inside = new Set(apart)
  const bundle = await rolldown({
    input: { fleet: 'fleet/src/main.ts', 'keychain-helper': 'src/stores/keychain-helper.ts' },
    platform: 'node',
    // A package, and whatever of it is imported by a path. The database of the sandbox is required, where somebody installed it.
    external: [...outside, 'fluxloop-keys-fleet'].flatMap(name => [name, new RegExp(`^${name}/`)]),
    resolve: { alias: { yaml: resolve(yaml) } },
    plugins: [
      { name: 'note-modules', moduleParsed: ({ id }) => void inside.add(relative('.', id)) },
      scriptsApart(scripts),
    ],
    checks: { ineffectiveDynamicImport: false },
  })
  await rm(folder, { recursive: true, force: true })
  await bundle.write({
    dir: folder,
    format: 'esm',
    // Next to the entries, so that every chunk finds the helper next to itself.
    chunkFileNames: 'chunk-[name]-[hash].js',
    minify: true,
  })
  await bundle.close()
  for (const name of Object.keys(scripts)) await copyFile(`dist/${name}.cjs`, `${folder}/${name}.cjs`)
  const paths = [...inside]
  await writeFile(`${folder}/THIRD-PARTY-NOTICES.md`, await noticesText(paths))
  const installed = outside.map(name => ({ name, optional: false }))
  await writeFile(`${folder}/sbom.cdx.json`, await sbomText(paths, installed, manifest))
}
