import type { DesiredKey } from '../model/desired.ts'
import type { Diagnostic } from '../model/diagnostic.ts'
import type { Instant } from '../model/duration.ts'
import { type Scope, scopeOf } from '../model/scope.ts'
import type { DeclaredStore } from '../model/store.ts'
import { markerRoom, maximumDescription } from '../platform/marker-text.ts'
import type { KnownLists } from './known-lists.ts'
import type { Merged } from './merge.ts'
import { type Located, type Report, diagnosticFor, keyPosition } from './parts.ts'
import type { RawKey, RawStore, RawStores } from './raw.ts'
import { resolveConsumers } from './resolve-consumers.ts'
import { resolveExceptions } from './resolve-exceptions.ts'
import { resolveGrants } from './resolve-grants.ts'
import { mergeRotate, resolveLifetime, resolveRotation } from './resolve-lifetime.ts'
import { resolvePermissions } from './resolve-permissions.ts'
import { resolveStore, storeEntries } from './resolve-stores.ts'

/** What the longest marker of all leaves: a description that fits into that needs no closer look. */
const leastRoom = maximumDescription - markerRoom('s'.repeat(40), 'k'.repeat(63), 16)

/** What every key is resolved against. */
export interface KeyContext {
  readonly merged: Merged
  readonly shared: SharedDefaults
  /** By what keys say of their end, where they say nothing of their rotation, and nothing is to be reported. */
  readonly knownEnds: Map<string, Ends>
  readonly known: KnownLists
  readonly stack: string
  /** The names that the stack had before. */
  readonly formerly: readonly string[]
  readonly now: Instant | null
  /** Every `roles` (every `defaults`) could be read: only then is anything reported as missing from there. */
  readonly rolesKnown: boolean
  readonly defaultsKnown: boolean
  /** The ids of the policy's own rules; null where not all of them are known. */
  readonly rules: ReadonlySet<string> | null
  readonly report: Report
  readonly warn: Report
}

type Ends = Pick<DesiredKey, 'expires' | 'rotation'>

/** A key with the place of each of its stores, for the check that no two secrets share one. */
export interface ResolvedKey {
  readonly key: DesiredKey
  readonly stores: readonly { readonly store: DeclaredStore; readonly at: Located<RawStore> }[]
}

/** What the defaults say, with its place: one for all keys that take it. Null: nothing. */
interface SharedDefaults {
  readonly expires: Located<string> | null
  readonly store: Located<RawStores> | null
}

export function sharedDefaults({ defaults }: Pick<Merged, 'defaults'>): SharedDefaults {
  if (defaults === null) return { expires: null, store: null }
  const {
    part,
    value: { expires, store },
  } = defaults
  return {
    expires: expires === undefined ? null : { value: expires, part, path: ['defaults', 'expires'] },
    store: store === undefined ? null : { value: store, part, path: ['defaults', 'store'] },
  }
}

/** A key's own property, or else the defaults'; both with their place. */
function ownOrDefault<Name extends keyof SharedDefaults>(
  { value, part, path }: Located<RawKey>,
  shared: SharedDefaults,
  name: Name,
): SharedDefaults[Name] | Located<NonNullable<RawKey[Name]>> {
  const own = value[name]
  return own === undefined ? shared[name] : { value: own, part, path: [...path, name] }
}

function resolveScope(key: Located<RawKey>, { known, report }: KeyContext): Scope {
  const { scope } = key.value
  if (scope === 'all') return 'all'
  const before = known.scopes.get(scope)
  if (before !== undefined) return before
  const index = scope.findIndex(name => name === 'all' || name === '*')
  const word = scope[index]
  if (typeof word === 'string') {
    const message = `"${word}" is not a project`
    const hint = 'Write `scope: all` for all projects, without a list.'
    const at = { ...key, path: [...key.path, 'scope', index] }
    report(diagnosticFor(at, { code: 'all-with-projects', message, hint }))
  }
  const projects = scopeOf(scope.filter(entry => typeof entry === 'string'))
  if (index < 0) known.scopes.set(scope, projects)
  return projects
}

function checkDescription(key: Located<RawKey>, keyId: string, stores: number, context: KeyContext): void {
  const { description } = key.value
  if (description === undefined) return
  if (description.includes('[fk')) {
    const at = { ...key, path: [...key.path, 'description'] }
    const message = 'A description may not hold "[fk": it would look like the marker that the tool appends'
    const hint = 'The marker is not part of the description that you declare. Remove it.'
    context.report(diagnosticFor(at, { code: 'marker-in-description', message, hint }))
  }
  if (description.length <= leastRoom) return
  const room = maximumDescription - markerRoom(context.stack, keyId, stores)
  if (description.length > room) {
    const at = { ...key, path: [...key.path, 'description'] }
    const message = `The description has ${description.length} characters; with the key's marker there is room for ${room}`
    const hint = `Shorten it by ${description.length - room}.`
    context.report(diagnosticFor(at, { code: 'description-too-long', message, hint }))
  }
}

/** Null where it cannot be told when the key ends. */
function resolveEnds(key: Located<RawKey>, context: KeyContext): Ends | null {
  const { merged, shared, now, knownEnds } = context
  const { rotate } = key.value
  const written = key.value.expires ?? shared.expires?.value
  const before = rotate === undefined && written !== undefined ? knownEnds.get(written) : undefined
  if (before !== undefined) return before
  let reports = 0
  const report = (diagnostic: Diagnostic) => {
    reports += 1
    context.report(diagnostic)
  }
  const warn = (diagnostic: Diagnostic) => {
    reports += 1
    context.warn(diagnostic)
  }
  const expires = ownOrDefault(key, shared, 'expires')
  if (expires === null && context.defaultsKnown) {
    const message = `The key "${String(key.path[1])}" has no \`expires\`, and \`defaults\` gives none`
    const hint = 'Add `expires: 90d` (or 36h, 1y, never, a date) to the key or to `defaults`.'
    report(diagnosticFor(key, { code: 'missing-expiry', message, hint, onKey: true }))
  }
  const lifetime = expires === null ? null : resolveLifetime(expires, now, report)
  const raw = mergeRotate(rotate, merged.defaults?.value.rotate)
  const rotation = resolveRotation(raw, lifetime, expires ?? { ...key, value: '' }, report, warn)
  if (lifetime === null) return null
  const ends = { expires: lifetime, rotation }
  if (reports === 0 && rotate === undefined && written !== undefined) knownEnds.set(written, ends)
  return ends
}

/** One key with roles, defaults and placeholders filled in; null where it cannot be told what it should be. */
export function resolveKey(keyId: string, key: Located<RawKey>, context: KeyContext): ResolvedKey | null {
  const { merged, shared, known, report } = context
  const raw = key.value
  const ends = resolveEnds(key, context)
  const permissions = resolvePermissions(key, context, report)
  const scope = resolveScope(key, context)
  const declared: Located<RawStores> = ownOrDefault(key, shared, 'store') ?? { ...key, value: 'keychain' }
  const { name, environment = '', previously: formerly } = raw
  const { stack, formerly: stacks } = context
  const names = { stack, formerStack: stacks[0], key: keyId, name, environment, formerly }
  const stores: { readonly store: DeclaredStore; readonly at: Located<RawStore> }[] = []
  for (const at of storeEntries(declared)) {
    const store = resolveStore(at, names, report)
    if (store !== null) stores.push({ store, at })
  }
  checkDescription(key, keyId, stores.length, context)
  if (ends === null) return null
  const desired: DesiredKey = {
    keyId,
    name: raw.name,
    description: raw.description ?? '',
    owner: raw.owner ?? null,
    environment: raw.environment ?? null,
    scope,
    permissions,
    grants: resolveGrants(key, { permissions, scope }, known, report),
    expires: ends.expires,
    rotation: ends.rotation,
    stores: stores.map(({ store }) => store),
    keepRemoved: raw.keepRemoved ?? merged.defaults?.value.keepRemoved ?? false,
    protect: raw.protect ?? false,
    previously: raw.previously ?? null,
    adopt: raw.adopt ?? null,
    exceptions: resolveExceptions(key, context),
    consumers: resolveConsumers(key, report),
    position: keyPosition(key),
  }
  return { key: desired, stores }
}
