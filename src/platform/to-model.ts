import { isEnvironment } from '../model/environment.ts'
import type { LastUse, LiveKey, Ownership } from '../model/live-key.ts'
import { isBound } from '../lifecycle/binding.ts'
import { permissionSet } from '../model/permission.ts'
import { type Scope, scopeOf } from '../model/scope.ts'
import { readDescription } from './marker-text.ts'
import { plainText } from './plain-text.ts'
import { PlatformFailure } from './platform-failure.ts'
import {
  type Source,
  badAnswer,
  fieldOf,
  isRecord,
  readCount,
  readCounts,
  readKeyId,
  readNames,
  readNullableLatest,
  readNullableTime,
  readOptionalText,
  readRawText,
  readText,
  readTime,
  readWord,
  sourceOf,
} from './reader.ts'
import type { Project, Usage, Whoami } from './types.ts'

const maximumName = 1_000
const maximumText = 2_000
const statuses = ['active', 'expired', 'revoked'] as const

function readScope(source: Source): Scope {
  if (fieldOf(source, 'scope') === '*') return 'all'
  const names = readNames(source, 'scope')
  return names.includes('*') ? 'all' : scopeOf(names)
}

/** Undefined where the platform does not say. */
function readEnvironment(source: Source): LiveKey['environment'] {
  const said = readOptionalText(source, 'environment', 100)
  if (said === null) return undefined
  return isEnvironment(said) ? said : null
}

function readLastUse(source: Source): LastUse {
  // Absent is not null: null says that nobody ever used it.
  if (fieldOf(source, 'last_used_at') === undefined) return { known: false }
  // Read as midnight, a use of this evening would look a day old.
  const at = readNullableLatest(source, 'last_used_at')
  const details = fieldOf(source, 'last_used')
  const inner: Source = { ...source, record: isRecord(details) ? details : {} }
  return {
    known: true,
    at,
    ip: readOptionalText(inner, 'ip', 100),
    location: readOptionalText(inner, 'location', 200),
    userAgent: readOptionalText(inner, 'user_agent', 300),
  }
}

/** The marker is read from the text as it came, and before it is cut: it stands at the end. */
function readOwnership(
  source: Source,
  key: Pick<LiveKey, 'id' | 'createdAt'>,
): { description: string; ownership: Ownership } {
  const { description, ownership } = readDescription(readRawText(source, 'description'))
  return { description: plainText(description, maximumText), ownership: judged(ownership, key) }
}

function judged(ownership: Ownership, key: Pick<LiveKey, 'id' | 'createdAt'>): Ownership {
  if (ownership.kind === 'unreadable') {
    return { kind: 'unreadable', text: plainText(ownership.text, maximumText) }
  }
  return ownership.kind === 'managed' && !isBound(ownership.marker, key)
    ? { kind: 'copied', marker: ownership.marker }
    : ownership
}

function readVersion(source: Source): string | null {
  const value = fieldOf(source, 'version')
  if (value === undefined || value === null) return null
  const version = typeof value === 'number' || typeof value === 'string' ? String(value) : ''
  // It goes into the header If-Match as it is.
  if (!/^[!-~]{1,200}$/.test(version))
    throw badAnswer(source.call, 'has a `version` that is not a number or a word')
  return version
}

/** A key of an answer. Fields that the contract does not know are ignored; one that is missing or ill-typed is a failure. */
export function toLiveKey(value: unknown, call: string): LiveKey {
  if (!isRecord(value)) throw badAnswer(call, 'has a key that is not a JSON object')
  const id = readKeyId({ record: value, call, owner: null })
  const source: Source = { record: value, call, owner: id }
  const createdAt = readTime(source, 'created_at')
  const name = readText(source, 'name', maximumName)
  const { description, ownership } = readOwnership(source, { id, createdAt })
  return {
    id,
    name,
    description,
    ownership,
    maskedKey: readText(source, 'masked_key', 200),
    environment: readEnvironment(source),
    scope: readScope(source),
    permissions: permissionSet(readNames(source, 'permissions')),
    createdAt,
    regeneratedAt:
      fieldOf(source, 'regenerated_at') === undefined
        ? undefined
        : readNullableTime(source, 'regenerated_at'),
    expiresAt: readNullableTime(source, 'expires_at'),
    lastUse: readLastUse(source),
    status: readWord(source, 'status', statuses),
    version: readVersion(source),
  }
}

/** What `read` gives, or `otherwise` where the answer lacks it or has it in a form that cannot be read. */
function readOr<T>(read: () => T, otherwise: T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof PlatformFailure) return otherwise
    throw error
  }
}

/**
 * The same key where its secret is in the same answer: whatever the answer lacks, or has in a form that cannot be read, is as in
 * `known`. A secret is given only once, so nothing else of its answer may be a reason to drop it.
 */
export function toIssuedKey(value: unknown, call: string, known: LiveKey): LiveKey {
  const source: Source = { record: isRecord(value) ? value : {}, call, owner: known.id }
  const has = (name: string) => fieldOf(source, name) !== undefined
  const described = { description: known.description, ownership: known.ownership }
  const maskedKey = readOr(() => readText(source, 'masked_key', 200), known.maskedKey)
  const createdAt = readOr(() => readTime(source, 'created_at'), known.createdAt)
  const key = { id: known.id, createdAt }
  return {
    id: known.id,
    name: readOr(() => readText(source, 'name', maximumName), known.name),
    ...(has('description') ? readOr(() => readOwnership(source, key), described) : described),
    maskedKey,
    environment: readOr(() => readEnvironment(source), undefined) ?? known.environment,
    scope: readOr(() => readScope(source), known.scope),
    permissions: readOr(() => permissionSet(readNames(source, 'permissions')), known.permissions),
    createdAt,
    regeneratedAt: readOr(() => readNullableTime(source, 'regenerated_at'), known.regeneratedAt),
    expiresAt: readOr(() => readNullableTime(source, 'expires_at'), known.expiresAt),
    lastUse: has('last_used_at') ? readOr(() => readLastUse(source), known.lastUse) : known.lastUse,
    status: readOr(() => readWord(source, 'status', statuses), known.status),
    version: readOr(() => readVersion(source), null),
  }
}

/** The key with the id that was asked for. */
export function toAskedKey(value: unknown, call: string, id: string): LiveKey {
  const key = toLiveKey(value, call)
  if (key.id !== id) throw badAnswer(call, `is about another key: its \`id\` is ${key.id}`)
  return key
}

export function toWhoami(body: unknown, call: string): Whoami {
  const source = sourceOf(body, call)
  const key = fieldOf(source, 'api_key')
  const liveKey = key === undefined || key === null ? null : toLiveKey(key, call)
  const account = readText(source, 'account', maximumName)
  if (liveKey === null) return { account, key: null, liveKey }
  const { id, name, scope, permissions } = liveKey
  return { account, key: { id, name, scope, permissions }, liveKey }
}

/** The first of the fields that is there: the platform has two names for some. */
function present(source: Source, names: readonly [string, string]): string {
  return fieldOf(source, names[0]) === undefined ? names[1] : names[0]
}

export function toProjects(body: unknown, call: string): readonly Project[] {
  const list = Array.isArray(body) ? body : fieldOf(sourceOf(body, call), 'projects')
  if (!Array.isArray(list)) throw badAnswer(call, 'lacks the list `projects`')
  return list.map((value: unknown) => {
    if (!isRecord(value)) throw badAnswer(call, 'has a project that is not a JSON object')
    const source: Source = { record: value, call, owner: null }
    return {
      id: readText(source, present(source, ['id', 'project_id']), 300),
      name: readText(source, present(source, ['name', 'project_name']), 300),
      status: readOptionalText(source, 'status', 100),
    }
  })
}

function readAddresses(source: Source): Usage['addresses'] {
  const list = fieldOf(source, 'addresses')
  if (list === undefined || list === null) return null
  if (!Array.isArray(list)) throw badAnswer(source.call, 'has `addresses` that are not a list')
  return list.map((value: unknown) => {
    const inner = sourceOf(value, source.call)
    return { ip: readText(inner, 'ip', 100), requests: readCount(inner, 'requests') }
  })
}

function readNestedCounts(source: Source, name: string): Usage['byOperationAndProject'] {
  const value = fieldOf(source, name)
  if (value === undefined || value === null) return null
  const inner = { ...sourceOf(value, source.call), owner: source.owner }
  return new Map(Object.keys(inner.record).map(each => [plainText(each, 300), readCounts(inner, each)]))
}

export function toUsage(body: unknown, call: string, id: string): Usage {
  const source: Source = { ...sourceOf(body, call), owner: id }
  return {
    total: readCount(source, 'total'),
    byDay: readCounts(source, 'by_day'),
    byOperation: readCounts(source, 'by_operation'),
    byProject: readCounts(source, 'by_project'),
    byOperationAndProject: readNestedCounts(source, 'by_operation_and_project'),
    addresses: readAddresses(source),
  }
}
