// Of the manifest the program reads two fields: the rest would be 5 KB at every start, and a change of a script one of the committed action.
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'

const manifest = resolve('package.json')

async function fieldsRead() {
  const { version, peerDependencies } = JSON.parse(await readFile(manifest, 'utf8'))
  return JSON.stringify({ version, peerDependencies })
}

/** For esbuild. */
export const manifestForScripts = {
  name: 'manifest-read',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\/package\.json$/ }, async ({ path }) =>
      path === manifest ? { contents: await fieldsRead(), loader: 'json' } : undefined,
    ),
}

/** For rolldown. */
export const manifestForChunks = {
  name: 'manifest-read',
  load: async id => (id === manifest ? { code: await fieldsRead(), moduleType: 'json' } : null),
}
