// The words of messages, help and documents: no turn of phrase that a reader has to read twice.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import ts from 'typescript'
import { phrases, unclearNames } from './support/phrases.ts'

const root = join(import.meta.dirname, '..')

interface Passage {
  readonly where: string
  readonly text: string
}

function filesBelow(folder: string, ending: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith(ending) && !name.includes('generated'))
    .map(name => join(folder, name))
}

/** Every text that the program may print: what stands between quotes in its source, help included. */
function messages(): readonly Passage[] {
  return filesBelow('src', '.ts').flatMap(file => {
    const found: Passage[] = []
    const source = ts.createSourceFile(
      file,
      readFileSync(join(root, file), 'utf8'),
      ts.ScriptTarget.Latest,
      true,
    )
    const visit = (node: ts.Node): void => {
      if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node))
        found.push({ where: file, text: node.text })
      ts.forEachChild(node, visit)
    }
    visit(source)
    return found
  })
}

/** What things are called in the sources and the tests, with the files that do so. */
function names(): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const file of [...filesBelow('src', '.ts'), ...filesBelow('test', '.ts')]) {
    const text = readFileSync(join(root, file), 'utf8')
    const visit = (node: ts.Node): void => {
      if (ts.isIdentifier(node)) found.set(node.text.toLowerCase(), file)
      ts.forEachChild(node, visit)
    }
    visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true))
  }
  return found
}

/** Paragraph by paragraph, since a phrase may be broken at the end of a line. */
function documents(): readonly Passage[] {
  const files = ['README.md', 'SECURITY.md', 'CONTRIBUTING.md', ...filesBelow('docs', '.md')]
  return files.flatMap(where =>
    readFileSync(join(root, where), 'utf8')
      .split(/\n\s*\n/)
      .map(text => ({ where, text: text.replaceAll(/\s+/g, ' ') })),
  )
}

function faults(passages: readonly Passage[]): readonly string[] {
  return passages.flatMap(({ where, text }) =>
    phrases.flatMap(({ not, but }) => {
      const [found] = not.exec(text) ?? []
      return found === undefined ? [] : [`${where}: not "${found}" but: ${but}`]
    }),
  )
}

t.test('finds what the list names, and leaves plain English alone', async t => {
  const found = [
    'x is no terminal',
    'since not a terminal',
    'no sound configuration',
    "nobody's key",
    'a file beside it',
    'It says so',
    'all the same',
  ]
  for (const text of found) t.equal(faults([{ where: 'x', text }]).length, 1, text)
  for (const text of ['There is no key', 'it is no longer there', 'all-beside-projects', 'not a terminal'])
    t.strictSame(faults([{ where: 'x', text }]), [], text)
})

t.test('no message and no page of the help has a phrase of the list', async t => {
  const all = messages()
  t.ok(all.length > 3000, `${all.length} texts were read`)
  t.strictSame(faults(all), [])
})

t.test('no document has one', async t => {
  t.strictSame(faults(documents()), [])
})

t.test('nothing in the sources and the tests is called by one of its single words', async t => {
  const all = names()
  t.ok(all.size > 3000, `${all.size} names were read`)
  const unclear = unclearNames.flatMap(name => all.get(name.toLowerCase()) ?? [])
  t.strictSame(unclear, [])
})
