import { shortHash } from '../model/hash.ts'
import { type DeclaredStore, type StoreSpec, placeDigits, storeHashDigits } from '../model/store.ts'
import { checkVariable } from './check-variable.ts'
import { resolveProgram } from './resolve-programs.ts'
import { type Names, fillIn, fillInPath, fillInVariable, unknownPlaceholders } from './fill-in.ts'
import { type Located, type Report, diagnosticFor } from './parts.ts'
import type { RawStore, RawStoreMap, RawStores } from './raw.ts'

/** Key order does not count, so that a reformatted file is not a changed one. */
function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  const items = value as Readonly<Record<string, unknown>>
  const names = Object.keys(items)
  if (names.length > 1) names.sort()
  return `{${names.map(name => `${JSON.stringify(name)}:${canonical(items[name])}`).join(',')}}`
}

const defaultService = 'fluxloop'

/** Where the keychain keeps a secret whose declaration does not say. An entry stays where it is when its key, or the stack, is renamed. */
function defaultAccount({ stack, formerStack, key, formerly }: Names): string {
  return `${formerStack ?? stack}/${formerly ?? key}`
}

function defaultKeychain(names: Names): DeclaredStore {
  const account = defaultAccount(names)
  return {
    spec: { kind: 'keychain', service: defaultService, account, fallback: null },
    hash: keychainHash(account),
  }
}

/** Of what `canonical` would write of it: most stores are this one. */
function keychainHash(account: string): string {
  const text = `{"keychain":{"account":${JSON.stringify(account)},"service":"${defaultService}"}}`
  return shortHash(text, placeDigits) + hashOfNothing
}

/**
 * The hash that the marker keeps of a store: of what was declared, with defaults and placeholders filled in, so that
 * another place is another store, and with paths as written, so that another checkout is not.
 */
export function storeHash(raw: RawStore, names: Names): string {
  if (raw === 'keychain') return keychainHash(defaultAccount(names))
  const [place, rest] = whatCounts(raw, names)
  const hash = hashOf(place, names, placeDigits)
  return hash + (rest === nothingElse ? hashOfNothing : hashOf(rest, names, restDigits))
}

function hashOf(part: object, names: Names, digits: number): string {
  return shortHash(fillIn(canonical(part), names), digits)
}

const restDigits = storeHashDigits - placeDigits
const nothingElse = {}
const hashOfNothing = shortHash(canonical(nothingElse), restDigits)

/** What of a declaration says where the secret is, and what else becomes of it there. */
function whatCounts(raw: RawStoreMap, names: Names): readonly [place: object, rest: object] {
  const { keychain, 'age-file': ageFile, exec, 'env-file': envFile } = raw
  if (keychain !== undefined)
    return [
      { keychain: { service: defaultService, account: defaultAccount(names), ...keychain } },
      nothingElse,
    ]
  if (ageFile !== undefined) {
    const { path, recipients, identity } = ageFile
    return [{ 'age-file': { path } }, defined({ recipients, identity })]
  }
  if (envFile !== undefined) {
    const [name = '', ...also] = listOf(envFile.name)
    return [{ 'env-file': { path: envFile.path, name } }, also.length === 0 ? nothingElse : { also }]
  }
  if (exec === undefined) return [raw, nothingElse]
  // How long a program is waited for, and whose the place is, changes nothing there.
  const { put, get, remove } = exec
  return [{ exec: { put } }, defined({ get, remove })]
}

/** A name, or several. */
function listOf(names: string | readonly string[]): readonly string[] {
  return typeof names === 'string' ? [names] : names
}

function defined(parts: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined))
}

function checkPlaceholders(
  at: Located<unknown>,
  store: string,
  property: string,
  text: string | undefined,
  report: Report,
): void {
  if (text === undefined) return
  for (const name of unknownPlaceholders(text)) {
    const message = `There is no placeholder \`{${name}}\``
    const hint = 'Known here: {stack}, {key}.'
    const place = { ...at, path: [...at.path, store, property] }
    report(diagnosticFor(place, { code: 'unknown-placeholder', message, hint }))
  }
}

/** Under these names this program keeps logins, and tries keychains. */
const ownServices = ['fluxloop-keys', 'fluxloop-keys-doctor']

function checkService(at: Located<unknown>, service: string | undefined, report: Report): void {
  if (service === undefined || !ownServices.includes(service)) return
  const place = { ...at, path: [...at.path, 'keychain', 'service'] }
  const message = `The service ${service} is where fluxloop-keys keeps its own entries`
  const hint = 'Use another one, or leave `service` out.'
  report(diagnosticFor(place, { code: 'reserved-service', message, hint }))
}

type EnvFile = Extract<StoreSpec, { kind: 'env-file' }>

function resolveEnvFile(
  at: Located<RawStoreMap>,
  { path, name: declared }: NonNullable<RawStoreMap['env-file']>,
  names: Names,
  report: Report,
): EnvFile {
  const { folder } = at.part.source
  checkPlaceholders(at, 'env-file', 'path', path, report)
  const variables = listOf(declared).map(text => {
    checkPlaceholders(at, 'env-file', 'name', text, report)
    const name = fillInVariable(text, names)
    const place = { ...at, path: [...at.path, 'env-file', 'name'] }
    if (unknownPlaceholders(text).length === 0 && !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      const message = `"${name}" is not a name for a variable`
      const hint = 'Use letters, digits and underscores; it may not start with a digit.'
      report(diagnosticFor(place, { code: 'bad-variable-name', message, hint }))
    }
    checkVariable(place, name, report)
    return name
  })
  const [name = '', ...also] = variables.length > 1 ? new Set(variables) : variables
  const file: EnvFile = {
    kind: 'env-file',
    path: fillInPath(path, names, folder),
    declaredIn: folder,
    name,
  }
  return also.length === 0 ? file : { ...file, also }
}

function resolveMap(at: Located<RawStoreMap>, names: Names, report: Report): StoreSpec | null {
  const { keychain, 'env-file': envFile, 'age-file': ageFile } = at.value
  if (envFile !== undefined && keychain === undefined) return resolveEnvFile(at, envFile, names, report)
  const folder = at.part.source.folder
  const inside = (...steps: string[]) => ({ ...at, path: [...at.path, ...steps] })
  const check = (store: string, property: string, text: string | undefined) => {
    checkPlaceholders(at, store, property, text, report)
  }
  if (keychain !== undefined) {
    check('keychain', 'service', keychain.service)
    check('keychain', 'account', keychain.account)
    checkService(at, keychain.service, report)
    const fallback = keychain.fallback
    return {
      kind: 'keychain',
      service: fillIn(keychain.service ?? defaultService, names),
      account: keychain.account === undefined ? defaultAccount(names) : fillIn(keychain.account, names),
      fallback:
        fallback === undefined
          ? null
          : resolveMap({ ...inside('keychain', 'fallback'), value: fallback }, names, report),
    }
  }
  if (ageFile === undefined) return resolveProgram(at, names, report)
  check('age-file', 'path', ageFile.path)
  check('age-file', 'identity', ageFile.identity)
  const { recipients = [], identity, shared = false } = ageFile
  if (recipients.length === 0 && identity === undefined) {
    const message = 'The age file has neither `recipients` nor an `identity`'
    const hint = 'Give `identity: FILE` (a file that age-keygen makes), or `recipients: [age1...]`.'
    report(diagnosticFor(inside('age-file'), { code: 'age-file-without-key', message, hint, onKey: true }))
  }
  return {
    kind: 'age-file',
    path: fillInPath(ageFile.path, names, folder),
    declaredIn: folder,
    recipients,
    identity: identity === undefined ? null : fillInPath(identity, names, folder),
    shared,
  }
}

/** Each declared store with the place at which it stands. */
export function storeEntries(at: Located<RawStores>): Located<RawStore>[] {
  const { value } = at
  // `Array.isArray` alone does not narrow a readonly list.
  return typeof value === 'string' || !isList(value)
    ? [at as Located<RawStore>]
    : value.map((raw, index) => ({ value: raw, part: at.part, path: [...at.path, index] }))
}

function isList(value: RawStores): value is readonly RawStore[] {
  return Array.isArray(value)
}

function isMap(at: Located<RawStore>): at is Located<RawStoreMap> {
  return at.value !== 'keychain'
}

/** A store with every default, path and placeholder filled in; null only where its declaration is wrong. */
export function resolveStore(at: Located<RawStore>, names: Names, report: Report): DeclaredStore | null {
  if (!isMap(at)) return defaultKeychain(names)
  const spec = resolveMap(at, names, report)
  return spec === null ? null : { spec, hash: storeHash(at.value, names) }
}
