// The package has no documents, so its README leads to those of the repository, at the tag of its version. `prepack` writes it so, and `postpack`
// takes that back. As long as package.json does not say whose repository it is, there is nothing to lead to.
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

/** A README for readers elsewhere: links and pictures within the repository get whole addresses. */
export function packedReadme(text, { repository, version }) {
  const [, place] = /^git\+https:\/\/github\.com\/((?!OWNER\/).+)\.git$/.exec(repository.url) ?? []
  if (place === undefined) return text
  return text.replaceAll(/\]\((?![a-z]+:|#)([^)\s]+)\)/g, (_link, path) =>
    path.endsWith('.svg')
      ? `](https://raw.githubusercontent.com/${place}/v${version}/${path})`
      : `](https://github.com/${place}/blob/v${version}/${path})`,
  )
}

const kept = '.README.kept.md'

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv[2] === 'back') {
    await rename(kept, 'README.md').catch(() => undefined)
  } else {
    const text = await readFile('README.md', 'utf8')
    const packed = packedReadme(text, JSON.parse(await readFile('package.json', 'utf8')))
    await rm(kept, { force: true })
    if (packed !== text) {
      await rename('README.md', kept)
      await writeFile('README.md', packed)
    }
  }
}
