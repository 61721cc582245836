// Of the manifest the program reads two fields: the rest would be 5 KB at every start, and a change of a script one of the committed action.
import { readFile } from 'node:fs/promises'

const filter = /\/package\.json$/

async function fieldsRead(path) {
  const { version, peerDependencies } = JSON.parse(await readFile(path, 'utf8'))
  return JSON.stringify({ version, peerDependencies })
}

/** For esbuild. */
export const manifestForScripts = {
  name: 'manifest-read',
  setup: ({ onLoad }) =>
    onLoad({ filter }, async ({ path }) => ({ contents: await fieldsRead(path), loader: 'json' })),
}

/** For rolldown. */
export const manifestForChunks = {
  name: 'manifest-read',
  load: async id => (filter.test(id) ? { code: await fieldsRead(id), moduleType: 'json' } : null),
}
