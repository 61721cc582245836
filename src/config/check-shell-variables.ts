import { basename } from 'node:path'
import { type Located, type Report, diagnosticFor } from './parts.ts'
import type { RawKey, RawStore } from './raw.ts'
import type { Path } from './read-yaml.ts'
import type { ResolvedKey } from './resolve-key.ts'

/** As shells write them, and (of the second kind) Windows. */
const inPath = /\$\{[^{}]*\}|\$[A-Za-z_]\w*|%[A-Za-z_]\w*%/
/** In other texts a dollar may be money, or a program's own. */
const inText = /\$\{[A-Za-z_]\w*\}|\$[A-Z_][A-Z0-9_]{2,}\b/

/** Their arguments are programs, which may have variables. */
const interpreters = /^(?:.*sh|env|awk|gawk|perl|python3?|node|ruby|make|pwsh|cmd)(?:\.exe)?$/

const nothingFills = 'nothing here fills in environment variables'

function checkPath(at: Located<unknown>, text: string, report: Report): void {
  const found = inPath.exec(text)?.[0]
  if (found === undefined) return
  const known = /^\$\{(stack|key)\}$/.exec(found)?.[1]
  const message = `\`${found}\` would be a part of the name as it stands: ${nothingFills}`
  const hint =
    known === undefined
      ? 'Write ~/ for the home folder, {stack} and {key} for those names, or the path itself.'
      : `Write {${known}}, without the dollar.`
  report(diagnosticFor(at, { code: 'variable-in-path', message, hint }))
}

function checkText(at: Located<unknown>, text: string, warn: Report): void {
  const found = inText.exec(text)?.[0]
  if (found === undefined) return
  const message = `\`${found}\` stays as it stands: ${nothingFills}`
  const hint = 'Write what it should say.'
  warn(diagnosticFor(at, { code: 'variable-in-text', message, hint }))
}

/** Without one of these there is no variable, and nothing else of this has to be looked at. */
const mayHaveVariable = (text: string) => text.includes('$') || text.includes('%')

function hasMark(value: unknown): boolean {
  if (typeof value === 'string') return mayHaveVariable(value)
  return typeof value === 'object' && value !== null && Object.values(value).some(hasMark)
}

/** Every text in a value, and the way to it. */
function* texts(value: unknown, path: Path): Generator<readonly [text: string, path: Path]> {
  if (typeof value === 'string') yield [value, path]
  else if (typeof value === 'object' && value !== null)
    for (const [name, inner] of Object.entries(value))
      yield* texts(inner, [...path, Array.isArray(value) ? Number(name) : name])
}

/** `path` and `identity` of files; the paths of services are none, and names of variables have no dollar anyway. */
function isPath(path: Path): boolean {
  const kind = path.findLast(step => step === 'env-file' || step === 'age-file')
  return kind !== undefined && ['path', 'identity'].some(name => path.includes(name))
}

function runsInterpreter(store: RawStore, path: Path): boolean {
  if (typeof store === 'string' || store.exec === undefined) return false
  const property = path[path.indexOf('exec') + 1]
  const { put, get, remove } = store.exec
  const [program = ''] = (property === 'put' ? put : property === 'get' ? get : remove) ?? []
  return interpreters.test(basename(program))
}

const shownTexts = ['name', 'description', 'owner'] as const

function checkShownTexts(key: Located<RawKey>, warn: Report): void {
  for (const name of shownTexts) {
    const text = key.value[name]
    if (text !== undefined && mayHaveVariable(text))
      checkText({ ...key, path: [...key.path, name] }, text, warn)
  }
}

function checkStore(at: Located<RawStore>, report: Report, warn: Report): void {
  for (const [text, path] of texts(at.value, at.path)) {
    const place = { ...at, path }
    if (isPath(path)) checkPath(place, text, report)
    else if (!runsInterpreter(at.value, path)) checkText(place, text, warn)
  }
}

/** A file in a folder that is called $HOME surprises everybody: an error in a path, and a warning elsewhere. */
export function checkShellVariables(
  resolved: readonly ResolvedKey[],
  keys: ReadonlyMap<string, Located<RawKey>>,
  report: Report,
  warn: Report,
): void {
  for (const key of keys.values()) checkShownTexts(key, warn)
  const seen = new Set<RawStore>()
  for (const { stores } of resolved) {
    for (const { at } of stores) {
      if (seen.has(at.value)) continue
      seen.add(at.value)
      if (hasMark(at.value)) checkStore(at, report, warn)
    }
  }
}
