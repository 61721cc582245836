// Bundles the program itself into a few large chunks and many small ones: Node needs a quarter of a millisecond for each file that it
// loads, and a plan needs a few hundred modules. `first`: what every command reaches, `validate` among them. `secrets`: what `exec` and a plan
// share, so that `exec` loads no planner. `core`: the platform, the planner and the audit of a plan. `stores`: what `exec` and whoever writes
// secrets need besides. What only some commands load stays apart, in chunks of its own.
import { writeFile } from 'node:fs/promises'
import { basename, relative, resolve } from 'node:path'
import { rolldown } from 'rolldown'
import { manifestForChunks } from './manifest-read.mjs'

// What `main` shows of a failure is in the first too, or every command would load the second for it.
const first = [
  'package.json',
  'src/context.ts',
  'src/commands/validate-command.ts',
  'src/render/text/failure-text.ts',
  'src/render/report/event-line.ts',
]
const secrets = [
  'src/commands/exec-command.ts',
  'src/stores/open.ts',
  'src/stores/env-file.ts',
  'src/runtime/child-program.ts',
]
const core = [
  'src/commands/plan-command.ts',
  'src/commands/audited-plan.ts',
  'src/audit/audit-plan.ts',
  'src/render/plan/plan-audit-text.ts',
  'src/runtime/connection.ts',
  'src/runtime/credential-readers.ts',
]

/** By module, those that it imports when it is loaded. */
const imports = new Map()
const noteImports = {
  name: 'note-imports',
  moduleParsed: ({ id, importedIds }) => void imports.set(id, importedIds),
}

/** Everything that modules load with them. `main` waits for others at its top, so that none of them may lie in one chunk with it. */
function reachedFrom(paths) {
  const reached = new Set()
  const left = paths.map(path => resolve(path))
  const stray = left.find(id => !imports.has(id))
  if (stray !== undefined) throw new Error(`${stray} is a root of a chunk, and the program does not load it`)
  for (let id = left.pop(); id !== undefined; id = left.pop()) {
    if (reached.has(id)) continue
    reached.add(id)
    left.push(...(imports.get(id) ?? []))
  }
  return reached
}

/** What all of these lists of modules reach. */
function groupOf(name, priority, ...lists) {
  let reached = null
  const isIn = id => (reached ??= lists.map(reachedFrom)).every(one => one.has(id))
  return { name, priority, test: isIn }
}

/** What is in CommonJS and requires Node's modules is built as a script of its own; the program imports it when it needs it. */
export function scriptsApart(scripts) {
  return {
    name: 'scripts-apart',
    resolveId(path, importer, { kind }) {
      const name = basename(path, '.ts')
      const isApart = kind === 'dynamic-import' && Object.hasOwn(scripts, name)
      return isApart ? { id: `./${name}.cjs`, external: true } : null
    },
  }
}

/** The schema of the configuration is in the package as a file, and not in a chunk besides. */
const schemaFromPackage = {
  name: 'schema-from-package',
  load(id) {
    if (!id.endsWith('schemas/fluxloop-keys.schema.json')) return null
    const code = `import { readFileSync } from 'node:fs'
export default JSON.parse(readFileSync(new URL('../schemas/fluxloop-keys.schema.json', import.meta.url), 'utf8'))`
    return { code, moduleType: 'js' }
  },
}

/** What a chunk exports, in a third of the bytes. */
const shortExports = {
  name: 'short-exports',
  generateBundle(_, bundle) {
    const exported =
      /Object\.defineProperty\(exports,"(\w+)",\{enumerable:!0,get:function\(\)\{return ([\w$]+)\}\}\)/g
    for (const chunk of Object.values(bundle)) {
      if (chunk.type !== 'chunk' || chunk.isEntry) continue
      const short = chunk.code.replace(exported, 'export_("$1",()=>$2)')
      if (short === chunk.code) continue
      const helper = 'const export_=(name,get)=>Object.defineProperty(exports,name,{enumerable:!0,get});'
      chunk.code = short.replace('"use strict";', directive => directive + helper)
    }
  },
}

/** Writes `dist/`, and resolves to the paths of all modules that are inside. */
export async function buildProgram({ external, scripts, yaml }) {
  const bundle = await rolldown({
    input: {
      main: 'src/main.ts',
      // What GitLab's template runs.
      gitlab: 'src/pull-request/gitlab/gitlab.ts',
      'keychain-helper': 'src/stores/keychain-helper.ts',
      'clear-helper': 'src/runtime/clipboard/clear-helper.ts',
    },
    platform: 'node',
    external,
    resolve: { alias: { yaml: resolve(yaml) } },
    plugins: [noteImports, scriptsApart(scripts), schemaFromPackage, manifestForChunks, shortExports],
    checks: { ineffectiveDynamicImport: false },
  })
  await bundle.write({
    dir: 'dist',
    // Scripts, since the loader of modules takes Node longer to start than all that validate does with a small file.
    format: 'cjs',
    // Next to the entries, so that every chunk finds the helpers next to itself.
    chunkFileNames: 'chunk-[name]-[hash].js',
    // The package is to stay small: a third of the bytes, and a Node that has less to read.
    minify: true,
    // As modules are.
    strict: true,
    codeSplitting: {
      groups: [
        groupOf('first', 3, first),
        groupOf('secrets', 2, secrets, core),
        groupOf('core', 1, core),
        groupOf('stores', 0, secrets),
      ],
    },
  })
  await bundle.close()
  await writeFile('dist/package.json', '{ "type": "commonjs" }\n')
  return [...imports.keys()].map(id => relative('.', id))
}
