// Bundles the program into dist/: the bin, which looks at the version of Node, a first file that answers help and version, the program with the parts that commands load
// when they need them, and the processes of their own that keychain and clipboard have. Native packages stay outside and are dependencies; everything else
// is inside. The program is bundled by rolldown, which can say what lies together in a chunk; single files by esbuild.
import { rm, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { build } from 'esbuild'
import { buildFleet } from './build-fleet.mjs'
import { buildProgram } from './build-program.mjs'
import { noticesText, sbomText } from './notices.mjs'

/** Packages with binaries. The database of the sandbox is installed by those who want one. */
const native = [
  { name: '@napi-rs/keyring', optional: false },
  { name: 'libsql', optional: true },
]
/** Loaded at run time, by those who operate a fleet. */
const fleet = 'fluxloop-keys-fleet'
const external = [...native.map(({ name }) => name), fleet]

const common = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  external,
  mainFields: ['module', 'main'],
  // What yaml has for Node is CommonJS, which requires Node's modules; what it has for browsers is the same as a module.
  alias: { yaml: './node_modules/yaml/browser/index.js' },
  logLevel: 'warning',
  metafile: true,
}

/** Who has no proxy does not load undici. */
const scripts = { 'proxied-fetch': 'src/platform/proxied-fetch.ts' }

await rm('dist', { recursive: true, force: true })
const program = await buildProgram({ external, scripts, yaml: common.alias.yaml })

const undiciParts = {
  name: 'undici-parts',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^undici$/ }, () => ({ path: resolve('scripts/undici-parts.mjs') }))
    // Its parser comes twice; the one without SIMD runs everywhere.
    onResolve({ filter: /llhttp_simd-wasm\.js$/ }, () => ({
      path: resolve('node_modules/undici/lib/llhttp/llhttp-wasm.js'),
    }))
    // Proxies are spoken to by HTTP/1.1, and not by SOCKS.
    onResolve({ filter: /(client-h2|socks5-proxy-agent)\.js$/ }, ({ path }) => ({
      path,
      namespace: 'unused',
    }))
    onLoad({ filter: /./, namespace: 'unused' }, () => ({ contents: 'module.exports = undefined' }))
  },
}
const { metafile: apart } = await build({
  ...common,
  entryPoints: scripts,
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
  format: 'cjs',
  minify: true,
  plugins: [undiciParts],
})

/** Whatever the first file loads later, it loads as the program itself. */
const laterFromProgram = {
  name: 'later-from-program',
  setup({ onResolve }) {
    onResolve({ filter: /\.ts$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: './main.js', external: true } : undefined,
    )
  },
}
const { metafile: first } = await build({
  ...common,
  entryPoints: ['src/first.ts'],
  outfile: 'dist/first.cjs',
  format: 'cjs',
  minify: true,
  // To import a script, Node starts its loader of modules and looks for what the script exports; to require it, neither.
  supported: { 'dynamic-import': false },
  plugins: [laterFromProgram],
})

/** The bin loads the first file as it is built. */
const asBuilt = {
  name: 'as-built',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/first\.ts$/ }, () => ({ path: './first.cjs', external: true }))
  },
}
await build({
  ...common,
  entryPoints: ['src/start.ts'],
  outfile: 'dist/start.cjs',
  format: 'cjs',
  // Of what its target cannot parse esbuild makes an error.
  target: 'es5',
  plugins: [asBuilt],
})

// The demo of a checkout; no part of the package.
await rm('build', { recursive: true, force: true })
await build({ ...common, entryPoints: ['scripts/demo.ts'], outdir: 'build' })

// The GitHub action: one script for the runner's own Node, with everything inside that a step can use there. `npm run bundle` commits it.
const { metafile: action } = await build({
  ...common,
  entryPoints: { action: 'src/pull-request/github/action.ts' },
  outdir: 'build',
  outExtension: { '.js': '.cjs' },
  format: 'cjs',
  target: 'node24',
  minify: true,
  legalComments: 'none',
  // Helpers of the desktop stand next to the program, and there is none of them here.
  define: { 'import.meta.url': '"file:///"' },
  logOverride: { 'empty-import-meta': 'silent' },
})

const inside = [...program, ...[apart, first, action].flatMap(({ inputs }) => Object.keys(inputs))]
await writeFile('dist/THIRD-PARTY-NOTICES.md', await noticesText(inside))
await writeFile('dist/sbom.cdx.json', await sbomText(inside, native))

// The package of fleets, with what it takes over from here.
await buildFleet({ scripts, yaml: common.alias.yaml, apart: Object.keys(apart.inputs) })
