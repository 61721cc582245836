import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { type Plugin, build } from 'esbuild'

/** A deliberately wrong edit of one source file. */
export interface Mutation {
  /** Below `src`. */
  readonly file: string
  /** Stands there exactly once. */
  readonly from: string
  readonly to: string
}

/** The platform as apply sees it, some of whose calls do something else; they may call the right ones on `right`. */
export function wrongPlatform(calls: string): Mutation {
  const right = 'platformWithCrashPoints(connection.client, context.checkpoint)'
  return {
    file: 'commands/apply-command.ts',
    from: `    platform: ${right},\n`,
    to: `    platform: (right => ({ ...right, ${calls} }))(${right}),\n`,
  }
}

/** Every store as apply sees it, likewise. */
export function wrongStores(calls: string): Mutation {
  const right = 'storesWithCrashPoints(stores, context.checkpoint)'
  return {
    file: 'commands/apply-command.ts',
    from: `    stores: ${right},\n`,
    to: `    stores: (all => ({ ...all, open: spec => (right => ({ ...right, ${calls} }))(all.open(spec)) }))(${right}),\n`,
  }
}

/** A program that is wrong, and how the harness finds it. */
export interface Mutant {
  readonly edits: readonly Mutation[]
  /** Titles of cases. */
  readonly caught: readonly string[]
  /** What one of their faults says. */
  readonly as: string
}

/** Throws where the text to replace is not there, or more than once: the mutation has to follow the code. */
export function mutated(source: string, { file, from, to }: Mutation): string {
  if (source.split(from).length !== 2) throw new Error(`${file} does not have once: ${from}`)
  return source.replace(from, () => to)
}

function patching(mutations: readonly Mutation[]): Plugin {
  return {
    name: 'mutate',
    setup(building) {
      building.onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, async ({ path }) => {
        const own = mutations.filter(({ file }) => relative(resolve('src'), path) === file)
        if (own.length === 0) return undefined
        const contents = own.reduce(mutated, await readFile(path, 'utf8'))
        return { contents, loader: 'ts' }
      })
    },
  }
}

/** Builds the program with wrong edits into a folder of its own. Gives the file to run, and takes the folder away again. */
export async function buildMutant(
  mutations: readonly Mutation[],
): Promise<{ readonly program: string; readonly end: () => Promise<void> }> {
  await mkdir('build', { recursive: true })
  const folder = await mkdtemp(join('build', 'mutant-'))
  await build({
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    splitting: true,
    external: ['libsql', '@napi-rs/keyring', 'undici'],
    mainFields: ['module', 'main'],
    alias: { yaml: './node_modules/yaml/browser/index.js' },
    logLevel: 'silent',
    entryPoints: { main: 'src/main.ts' },
    outdir: folder,
    plugins: [patching(mutations)],
  })
  await symlink(resolve('package.json'), join(folder, 'package.json'))
  return { program: resolve(folder, 'main.js'), end: () => rm(folder, { recursive: true, force: true }) }
}
