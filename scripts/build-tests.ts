// Bundles the tests for `npm test`, each process of `test/processes.ts` into one script. With tsx, which reads one file as it is, a process loads a
// thousand files through hooks before its first test, and that took a third of the time of all tests.
import { readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Plugin, build, transform } from 'esbuild'
import { processes } from '../test/processes.ts'

const target = 'node20.19'
const outdir = 'build/tests'

/** For each process a module that loads its files, one after the other. */
const loaders: Plugin = {
  name: 'loaders',
  setup(bundle) {
    bundle.onResolve({ filter: /^process:/ }, ({ path }) => ({
      path: path.slice('process:'.length),
      namespace: 'process',
    }))
    bundle.onLoad({ filter: /./, namespace: 'process' }, ({ path }) => ({
      contents: (processes[path] ?? []).map(file => `import './${file}'\n`).join(''),
      resolveDir: resolve('.'),
    }))
  },
}

/** What the package of fleets alone has installed is not found from here, so it goes into the bundle. */
const fleetPackages: Plugin = {
  name: 'fleet-packages',
  setup(bundle) {
    const installed = createRequire(resolve('fleet/package.json'))
    bundle.onResolve({ filter: /^kubernetes-models\// }, ({ path }) => ({ path: installed.resolve(path) }))
  },
}

/** In a bundle a module still finds what lies next to its own file. */
const places: Plugin = {
  name: 'places',
  setup(bundle) {
    bundle.onLoad({ filter: /\.(ts|mjs)$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8')
      if (!text.includes('import.meta.')) return null
      const url = JSON.stringify(pathToFileURL(path).href)
      const { code } = await transform(text, {
        loader: path.endsWith('.ts') ? 'ts' : 'js',
        sourcemap: 'inline',
        sourcefile: path,
        target,
        define: {
          'import.meta.url': url,
          'import.meta.dirname': JSON.stringify(dirname(path)),
          'import.meta.filename': JSON.stringify(path),
        },
      })
      // Of a name that begins with a dot, which is all that is asked for.
      return {
        contents: code.replaceAll('import.meta.resolve(', `(name => new URL(name, ${url}).href)(`),
        loader: 'js',
      }
    })
  },
}

await rm(outdir, { recursive: true, force: true })
await build({
  entryPoints: Object.keys(processes).map(name => ({ in: `process:${name}`, out: `${name}.test` })),
  outdir,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  // Two processes that load the same module share its code, and its map.
  splitting: true,
  chunkNames: 'chunks/[hash]',
  format: 'esm',
  platform: 'node',
  target,
  packages: 'external',
  // Errors and their tests name classes.
  keepNames: true,
  sourcemap: 'linked',
  sourcesContent: false,
  // For packages that are CommonJS.
  banner: {
    js: "import { createRequire as requireFor } from 'node:module'; const require = requireFor(import.meta.url);",
  },
  logLevel: 'warning',
  plugins: [loaders, fleetPackages, places],
})
