// Bundles the program into dist/: the bin, which looks at the version of Node, a first file that answers help and version, the program with the parts that commands load
// when they need them, and the processes of their own that keychain and clipboard have. Native packages stay outside and are dependencies; everything else
// is inside. The program is bundled by rolldown, which can say what lies together in a chunk; single files by esbuild.
import { readFile, rm, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { build } from 'esbuild'
import { buildFleet } from './build-fleet.mjs'
import { buildProgram } from './build-program.mjs'
import { manifestForScripts } from './manifest-read.mjs'
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

/** Who has no proxy, and no NODE_DEBUG, does not load undici. */
const scripts = { 'undici-way': 'src/platform/undici-way.ts' }

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

/** These load each other, and the program, as they are built. Node's loader of modules is started by an import, and not by `require`. */
const asBuilt = {
  name: 'as-built',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/(first|program)\.ts$/ }, ({ path }) => ({
      path: path.replace('.ts', '.cjs'),
      external: true,
    }))
    // The commands, too: the first file has what they say of themselves, and runs none.
    onResolve({ filter: /\.ts$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: './main.js', external: true } : undefined,
    )
  },
}
/** Each stream gets the colours that its palette says, and kleur's own switch would load standard output to set itself. */
const withoutSwitch = {
  name: 'without-switch',
  setup({ onLoad }) {
    onLoad({ filter: /\/kleur\/colors\.mjs$/ }, async ({ path }) => {
      const code = await readFile(path, 'utf8')
      const contents = code.replace('process.stdout && process.stdout.isTTY', 'false')
      if (contents === code) throw new Error('kleur asks for the terminal in another way than is known here.')
      return { contents }
    })
  },
}
const scriptsBefore = {
  ...common,
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
  format: 'cjs',
  // Written as they are, expressions are compiled when they are used first.
  supported: { 'dynamic-import': false, 'regexp-unicode-property-escapes': true },
  plugins: [asBuilt, manifestForScripts, withoutSwitch],
}
const { metafile: first } = await build({
  ...scriptsBefore,
  entryPoints: ['src/first.ts', 'src/program.ts'],
  minify: true,
})
// Of what its target cannot parse esbuild makes an error.
await build({ ...scriptsBefore, entryPoints: ['src/start.ts'], target: 'es5' })

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
  plugins: [manifestForScripts],
})

const inside = [...program, ...[apart, first, action].flatMap(({ inputs }) => Object.keys(inputs))]
await writeFile('dist/THIRD-PARTY-NOTICES.md', await noticesText(inside))
await writeFile('dist/sbom.cdx.json', await sbomText(inside, native))

// The package of fleets, with what it takes over from here.
await buildFleet({ scripts, yaml: common.alias.yaml, apart: Object.keys(apart.inputs) })
