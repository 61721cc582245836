// The words of messages, help and documents: no turn of phrase that a reader has to read twice.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import ts from 'typescript'
import { phrases, unclearNames, unclearWords } from './support/phrases.ts'

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

/** The list itself, and what shows that it finds something. */
const ofTheList = ['test/support/phrases.ts', 'test/plain-english.test.ts']

const programs = ['src', 'fleet/src']
const tests = ['test', 'fleet/test']

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8')
}

function sources(folders: readonly string[]): readonly string[] {
  return folders
    .flatMap(folder => [...filesBelow(folder, '.ts'), ...filesBelow(folder, '.mjs')])
    .filter(file => !ofTheList.includes(file))
}

function isText(node: ts.Node): node is ts.LiteralLikeNode {
  return ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)
}

interface Parsed {
  /** What stands between quotes. */
  readonly texts: readonly string[]
  readonly names: ReadonlySet<string>
}

function parse(file: string): Parsed {
  const texts: string[] = []
  const names = new Set<string>()
  const visit = (node: ts.Node): void => {
    if (isText(node)) texts.push(node.text)
    else if (ts.isIdentifier(node)) names.add(node.text)
    ts.forEachChild(node, visit)
  }
  // Comments are read as text, so their tags need no tree.
  const { ParseNone: jsDocParsingMode } = ts.JSDocParsingMode
  visit(ts.createSourceFile(file, read(file), { languageVersion: ts.ScriptTarget.Latest, jsDocParsingMode }))
  return { texts, names }
}

/** Each file is parsed once, and its tree is not kept. */
const parsed = new Map<string, Parsed>()

function parsedOnce(file: string): Parsed {
  const known = parsed.get(file) ?? parse(file)
  parsed.set(file, known)
  return known
}

/** Of a program all that it may print, help included; of tests their titles. */
function texts(folders: readonly string[]): readonly Passage[] {
  return sources(folders).flatMap(where => parsedOnce(where).texts.map(text => ({ where, text })))
}

/** A comment as one line each, also where it is several of `//`. */
const commentPattern = /^[ \t]*(?:\/\/.*\n?)+|\/\*[\s\S]*?\*\/|[ \t]\/\/.*$/gm

function comments(folders: readonly string[]): readonly Passage[] {
  return sources(folders).flatMap(where =>
    [...read(where).matchAll(commentPattern)].map(([comment]) => ({
      where,
      text: comment.replaceAll(/^\s*(?:\/\/|\*(?!\/)|\/\*+)/gm, ' ').replaceAll(/\s+/g, ' '),
    })),
  )
}

/** What things are called, with the words of each name and a file that has it. */
function names(folders: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    sources(folders).flatMap(file => [...parsedOnce(file).names].map(name => [name, file] as const)),
  )
}

function wordsOf(name: string): readonly string[] {
  return name
    .replaceAll(/([a-z\d])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[ _$]+/)
}

function isUnclear(name: string): boolean {
  return unclearNames.includes(name) || wordsOf(name).some(word => unclearWords.includes(word))
}

/** Paragraph by paragraph, since a phrase may be broken at the end of a line; a schema line by line. */
function documents(): readonly Passage[] {
  const files = [
    ...['README.md', 'SECURITY.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'fleet/README.md', 'action.yml'],
    ...['docs', 'bench'].flatMap(folder => filesBelow(folder, '.md')),
    ...['examples', 'templates', 'fleet/deploy', 'schemas'].flatMap(folder =>
      ['.md', '.yaml', '.yml'].flatMap(ending => filesBelow(folder, ending)),
    ),
    ...['schemas', 'fleet/schemas'].flatMap(folder => filesBelow(folder, '.json')),
  ]
  return files.flatMap(where =>
    read(where)
      .split(where.endsWith('.json') ? '\n' : /\n\s*\n/)
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
  for (const text of ['There is no key', 'it is no longer there', 'all-with-projects', 'not a terminal'])
    t.strictSame(faults([{ where: 'x', text }]), [], text)
})

t.test('finds a phrase in comments of every kind, and a word in every kind of name', async t => {
  const code = '/** It is\n * no terminal. */\n// A file\n// beside it.\nlet a = 1 // all the same\n'
  const found = [...code.matchAll(commentPattern)].map(([comment]) => comment)
  t.equal(found.length, 3)
  for (const name of ['sound', 'isSound', 'requireSound', 'HAS_STRANGERS', 'hand', 'partWith'])
    t.ok(isUnclear(name), name)
  for (const name of ['resound', 'byHand', 'soundly', 'settled', 'uploadTurns'])
    t.notOk(isUnclear(name), name)
})

t.test('no message and no page of the help has a phrase of the list', async t => {
  const all = texts(programs)
  t.ok(all.length > 3000, `${all.length} texts were read`)
  t.strictSame(faults(all), [])
})

t.test('no title of a test has one', async t => {
  const all = texts(tests)
  t.ok(all.length > 3000, `${all.length} texts were read`)
  t.strictSame(faults(all), [])
})

t.test('no comment has one', async t => {
  const all = comments([...programs, ...tests, 'scripts', 'bench'])
  t.ok(all.length > 3000, `${all.length} comments were read`)
  t.strictSame(faults(all), [])
})

t.test('no document has one', async t => {
  t.strictSame(faults(documents()), [])
})

t.test('nothing in the sources and the tests is called by one of its single words', async t => {
  const all = names([...programs, ...tests, 'scripts', 'bench'])
  t.ok(all.size > 3000, `${all.size} names were read`)
  t.strictSame(
    [...all].filter(([name]) => isUnclear(name)),
    [],
  )
})
