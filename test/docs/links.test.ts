// Every link of a document leads to something, every page can be found from docs/index.md, and no table has a paragraph in a cell.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import manifest from '../../package.json' with { type: 'json' }
import { documentPages, headingsOf, linksOf, proseOf, readDocument } from '../support/documents.ts'

const root = join(import.meta.dirname, '..', '..')
const pages = documentPages()
const links = pages.flatMap(linksOf)

t.test('every link leads to a file that there is, and to a heading that it has', t => {
  t.ok(links.length > 300, `${links.length} links`)
  for (const { page, target, file, heading } of links) {
    if (file === null) continue
    if (!existsSync(join(root, file))) t.fail(`${page}: ${target} is not there`)
    else if (heading !== '' && file.endsWith('.md') && !headingsOf(file).has(heading))
      t.fail(`${page}: ${target} has no such heading`)
  }
  t.end()
})

t.test('every page can be reached from docs/index.md', t => {
  const seen = new Set(['docs/index.md'])
  for (const page of seen) {
    for (const { file } of linksOf(page)) if (file !== null && pages.includes(file)) seen.add(file)
  }
  t.strictSame(
    pages.filter(page => page.startsWith('docs/') && !page.startsWith('docs/decisions/') && !seen.has(page)),
    [],
  )
  t.end()
})

t.test('no table has a paragraph in a cell', t => {
  // The faults of the wire are written by a test, a row a case.
  const exempt = ['docs/wire-faults.md', 'docs/reference.md']
  const written = pages.filter(page => !exempt.includes(page))
  for (const page of written) {
    const cells = proseOf(page)
      .split('\n')
      .filter(line => line.trim().startsWith('|'))
      .flatMap(line => line.split(/(?<!\\)\|/))
      .map(cell => cell.trim().replaceAll(/\]\([^)]*\)/g, ']'))
    for (const cell of cells)
      if (cell.length > 185 && !/^-+$/.test(cell)) t.fail(`${page}: ${cell.slice(0, 80)}…`)
  }
  t.end()
})

t.test('no document hands a key to a package that anybody could register', t => {
  const files = ['templates/fluxloop-keys.github.yml', 'templates/fluxloop-keys.gitlab-ci.yml', ...pages]
  for (const file of files.filter(name => name !== 'CHANGELOG.md')) {
    const [found] =
      /(?:npx|npm exec)(?! --no-install)(?: -\S+)* fluxloop-keys\b.*|npm (?:i|install)(?: -\S+)* fluxloop-keys\b.*/.exec(
        readDocument(file),
      ) ?? []
    t.equal(found, undefined, `${file}: the name is not published yet`)
  }
  t.end()
})

t.test('documents name the versions that there are', t => {
  for (const page of pages.filter(name => name !== 'CHANGELOG.md')) {
    const text = readDocument(page)
    for (const [, version] of text.matchAll(/libsql@([\d.]+\d)/g))
      t.equal(version, manifest.peerDependencies.libsql, page)
    for (const [, version] of text.matchAll(/fluxloop-keys-(\d[\d.]*)\.tgz/g))
      t.equal(version, manifest.version, page)
  }
  t.end()
})

t.test('the README is a page of two screens, and the one in the package leads to the repository', async t => {
  const text = readDocument('README.md')
  t.ok(text.split('\n').length <= 121)
  const { packedReadme } = (await import(new URL('../../scripts/pack-readme.mjs', import.meta.url).href)) as {
    packedReadme: (text: string, manifest: object) => string
  }
  const repository = { url: 'git+https://github.com/acme/fluxloop-keys.git' }
  const packed = packedReadme(text, { repository, version: '1.2.3' })
  const targets = [...packed.matchAll(/\]\(([^)]+)\)/g)].map(([, target = '']) => target)
  t.ok(targets.length > 15)
  const bases = [
    'https://github.com/acme/fluxloop-keys/blob/v1.2.3/',
    'https://raw.githubusercontent.com/acme/fluxloop-keys/v1.2.3/',
  ]
  t.strictSame(
    targets.filter(target => !bases.some(base => target.startsWith(base))),
    [],
  )
  const unnamed = { repository: { url: 'git+https://github.com/OWNER/fluxloop-keys.git' }, version: '1.2.3' }
  t.equal(packedReadme(text, unnamed), text, 'nobody has said yet whose repository it is')
})

t.test('every test that a document names is there', t => {
  for (const page of pages.filter(name => name !== 'CHANGELOG.md')) {
    for (const [, path = ''] of readDocument(page).matchAll(/`(test\/[\w./-]+)`/g))
      t.ok(
        [path, `${path}.test.ts`].some(each => existsSync(join(root, each))),
        `${page}: ${path}`,
      )
  }
  t.end()
})
