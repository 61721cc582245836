import type { GatherPlatform } from '../../src/apply/gather.ts'
import type { ApplyPlatform } from '../../src/apply/run.ts'
import { isBound } from '../../src/lifecycle/binding.ts'
import { beforeDelivery, ofProof } from '../../src/lifecycle/last-use.ts'
import { type Instant, type Milliseconds, hour, second } from '../../src/model/duration.ts'
import type { FailureCode } from '../../src/model/failure.ts'
import { noDoubts } from '../../src/model/listing-doubts.ts'
import { endOfLife } from '../../src/model/lifetime.ts'
import { type LiveKey, endsLike } from '../../src/model/live-key.ts'
import { type Permissions, permissionSet, permissionsBeyond } from '../../src/model/permission.ts'
import { type Scope, reachesBeyond, scopeOf } from '../../src/model/scope.ts'
import { Secret } from '../../src/model/secret.ts'
import { maximumDescription, readDescription, writeDescription } from '../../src/platform/marker-text.ts'
import { PlatformFailure } from '../../src/platform/platform-failure.ts'
import { newKeyBody } from '../../src/platform/to-wire.ts'
import type { Issued, KeyPatch, NewKey, Whoami } from '../../src/platform/types.ts'
import { environmentOfName, masked, prefixes } from '../../src/sandbox/make-secret.ts'
import { neverUsed } from './build.ts'

/** What both halves of a run ask of a platform, and all that people and consumers need. */
export type PlatformPort = ApplyPlatform & GatherPlatform

/**
 * The platform of `schemas/platform.openapi.yaml` without HTTP, JSON and SQLite: some hundred times as fast as the sandbox,
 * for the same answers. Histories that are played on both keep it so.
 */
export interface ModelPlatform {
  clientAs(credential: Secret, userAgent: string): PlatformPort
  issueUserToken(account: string): Secret
}

interface Makers {
  readonly now: () => Instant
  /** Makes a whole secret, which begins with the prefix. */
  readonly makeSecret: (prefix: string) => string
  readonly makeId: () => string
}

interface Row {
  /** As it is while it is not expired. */
  live: LiveKey
  secret: string
  /** How long each of its secrets lives; null: for ever. */
  lifetime: Milliseconds | null
}

interface Caller {
  readonly id: string
  readonly account: string
  readonly scope: Scope
  readonly permissions: Permissions
  /** Null: a person. */
  readonly row: Row | null
}

/** What every sandbox begins with. */
const projects = ['customer-support-bot', 'sales-assistant', 'analytics-agent']

const replayWindow = 24 * hour

function refusal(status: number, code: FailureCode, message: string): PlatformFailure {
  return new PlatformFailure(code, message, { status })
}

/** The order of a listing. */
function byAge({ live: a }: Row, { live: b }: Row): number {
  return a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1)
}

/** A marker that is bound to another key was copied. */
function judged(live: LiveKey): LiveKey['ownership'] {
  const { ownership } = live
  return ownership.kind === 'managed' && !isBound(ownership.marker, live)
    ? { kind: 'copied', marker: ownership.marker }
    : ownership
}

export function openModelPlatform({ now, makeSecret, makeId }: Makers): ModelPlatform {
  const rows = new Map<string, Row>()
  const holders = new Map<string, Row>()
  const users = new Map<string, string>()
  const replays = new Map<string, { readonly at: Instant; readonly body: string; readonly issued: Issued }>()

  const isExpired = ({ live: { expiresAt } }: Row) => expiresAt !== null && expiresAt <= now()
  const shown = (row: Row): LiveKey => {
    const live = { ...row.live, ownership: judged(row.live) }
    return isExpired(row) ? { ...live, status: 'expired' } : live
  }

  const authenticate = (credential: Secret): Caller => {
    const secret = credential.reveal()
    const account = users.get(secret)
    if (account !== undefined) return { id: account, account, scope: 'all', permissions: ['*'], row: null }
    const row = holders.get(secret)
    if (row === undefined || isExpired(row)) throw refusal(401, 'authentication', 'Invalid API key')
    const { id, scope, permissions } = row.live
    return { id, account: 'sandbox', scope, permissions, row }
  }

  const visible = (id: string, caller: Caller): Row => {
    const row = rows.get(id)
    if (row === undefined || reachesBeyond(row.live.scope, caller.scope))
      throw refusal(404, 'not-found', `There is no API key ${id}`)
    return row
  }
  const requireVersion = ({ live }: Row, ifMatch: string | null | undefined) => {
    if (ifMatch !== null && ifMatch !== undefined && ifMatch !== live.version)
      throw refusal(412, 'conflict', `${live.id} was changed`)
  }
  const refuseGrants = (caller: Caller, permissions: Permissions, scope: Scope) => {
    if (permissionsBeyond(permissions, caller.permissions).length > 0 || reachesBeyond(scope, caller.scope))
      throw refusal(403, 'permission', 'Insufficient permissions')
  }
  const requireValid = (scope: Scope | undefined, expiresAt: Instant | null | undefined) => {
    if (scope !== undefined && scope !== 'all' && (scope.length === 0 || reachesBeyond(scope, projects)))
      throw refusal(422, 'usage', 'Unknown project')
    if (expiresAt !== undefined && expiresAt !== null && expiresAt <= now())
      throw refusal(422, 'usage', 'Datetime should be in the future')
  }
  const described = (text: string) => {
    if (Array.from(text).length > maximumDescription)
      throw refusal(422, 'usage', 'The description is too long')
    return readDescription(text)
  }
  const change = (row: Row, changes: Partial<LiveKey>) => {
    row.live = { ...row.live, ...changes, version: String(Number(row.live.version) + 1) }
  }

  function create(key: NewKey, caller: Caller): Issued {
    const { name, environment, scope, permissions, expires } = key
    const at = now()
    requireValid(scope, expires.kind === 'until' ? expires.at : undefined)
    const text = described(writeDescription(key.description, key.marker))
    refuseGrants(caller, permissions, scope)
    const where = environment ?? environmentOfName(name)
    const secret = makeSecret(prefixes[where])
    const end = endOfLife(expires, at)
    const live: LiveKey = {
      id: makeId(),
      name,
      ...text,
      maskedKey: masked(secret, where),
      environment: where,
      scope: scope === 'all' ? scope : scopeOf(scope),
      permissions: permissionSet(permissions),
      createdAt: at,
      regeneratedAt: null,
      expiresAt: end,
      lastUse: neverUsed,
      status: 'active',
      version: '1',
    }
    const row: Row = { live, secret, lifetime: end === null ? null : end - at }
    rows.set(live.id, row)
    holders.set(secret, row)
    return { key: shown(row), secret: new Secret(secret) }
  }

  function update(row: Row, patch: KeyPatch, caller: Caller): LiveKey {
    const { name, description, scope, permissions, expiresAt } = patch
    const { live } = row
    requireValid(scope, expiresAt)
    const text =
      description === undefined ? {} : described(writeDescription(description.text, description.marker))
    const added =
      scope === undefined || scope === 'all' || live.scope === 'all'
        ? scope
        : scope.filter(each => !live.scope.includes(each))
    refuseGrants(
      caller,
      permissions === undefined ? [] : permissionsBeyond(permissions, live.permissions),
      added === undefined || !reachesBeyond(added, live.scope) ? [] : added,
    )
    if (expiresAt !== undefined)
      row.lifetime = expiresAt === null ? null : expiresAt - (live.regeneratedAt ?? live.createdAt)
    change(row, {
      ...(name === undefined ? {} : { name }),
      ...text,
      ...(scope === undefined ? {} : { scope: scope === 'all' ? scope : scopeOf(scope) }),
      ...(permissions === undefined ? {} : { permissions: permissionSet(permissions) }),
      ...(expiresAt === undefined ? {} : { expiresAt }),
    })
    return shown(row)
  }

  function regenerate(row: Row, caller: Caller): Issued {
    refuseGrants(caller, row.live.permissions, row.live.scope)
    const { environment } = row.live
    const where = environment ?? 'dev'
    holders.delete(row.secret)
    row.secret = makeSecret(prefixes[where])
    holders.set(row.secret, row)
    change(row, {
      maskedKey: masked(row.secret, where),
      regeneratedAt: now(),
      expiresAt: row.lifetime === null ? null : now() + row.lifetime,
    })
    return { key: shown(row), secret: new Secret(row.secret) }
  }

  function revoke(row: Row): void {
    rows.delete(row.live.id)
    holders.delete(row.secret)
  }

  /** The first answer to the same request of the same caller, once more. */
  function once(caller: string, body: string, work: () => Issued): Issued {
    const former = replays.get(caller)
    if (former !== undefined && now() - former.at < replayWindow) {
      if (former.body === body) return former.issued
      throw refusal(422, 'usage', 'This Idempotency-Key was used with another body')
    }
    const issued = work()
    replays.set(caller, { at: now(), body, issued })
    return issued
  }

  function clientAs(first: Secret, userAgent: string): PlatformPort {
    let credential = first
    /** A refusal still counts as a use, where the caller was allowed to ask; every answer shows the uses before it. */
    const call = async <T>(
      work: (caller: Caller) => T,
      needs: readonly string[],
      as = credential,
      agentNote = '',
    ): Promise<T> => {
      const caller = authenticate(as)
      if (permissionsBeyond(needs, caller.permissions).length > 0)
        throw refusal(403, 'permission', 'Insufficient permissions')
      try {
        return work(caller)
      } finally {
        const { row } = caller
        if (row !== null) {
          const agent = `${userAgent}${agentNote}`
          const lastUse = {
            known: true,
            at: now(),
            ip: '127.0.0.1',
            location: null,
            userAgent: agent,
          } as const
          row.live = { ...row.live, lastUse }
        }
      }
    }
    const identity = ({ account, row }: Caller): Whoami => {
      if (row === null) return { account, key: null, liveKey: null }
      const liveKey = shown(row)
      const { id, name, scope, permissions } = liveKey
      return { account, key: { id, name, scope, permissions }, liveKey }
    }
    const managing = ['manage_keys']
    const asked = (caller: Caller, ...words: readonly string[]) =>
      [caller.id, credential.reveal(), ...words].join(' ')
    return {
      list: () =>
        call(caller => {
          const keys = [...rows.values()]
            .sort(byAge)
            .filter(({ live }) => !reachesBeyond(live.scope, caller.scope))
            .map(shown)
          return {
            keys,
            now: Math.floor(now() / second) * second,
            clock: 'server',
            complete: true,
            doubts: noDoubts,
          }
        }, managing),
      get: id => call(caller => shown(visible(id, caller)), managing),
      create: (key, idempotencyKey, renew) =>
        call(caller => {
          // As the client does right before it sends.
          const sent = renew?.() ?? { key, idempotencyKey }
          return once(asked(caller, 'create', sent.idempotencyKey), newKeyBody(sent.key, null), () =>
            create(sent.key, caller),
          )
        }, managing),
      regenerate: (id, { ifMatch, idempotencyKey }) =>
        call(
          caller =>
            once(asked(caller, id, idempotencyKey), '', () => {
              const row = visible(id, caller)
              requireVersion(row, ifMatch)
              return regenerate(row, caller)
            }),
          managing,
        ),
      update: (id, patch, { ifMatch }) =>
        call(caller => {
          const row = visible(id, caller)
          requireVersion(row, ifMatch)
          return update(row, patch, caller)
        }, managing),
      revoke: (id, { ifMatch } = {}) =>
        call(caller => {
          const row = rows.get(id)
          if (row === undefined || reachesBeyond(row.live.scope, caller.scope)) return
          requireVersion(row, ifMatch)
          revoke(row)
        }, managing),
      whoami: () => call(identity, []),
      whoamiAs: async (secret, key, when) => {
        if (!endsLike(secret, key)) return null
        return await call(identity, [], secret, when === undefined ? ofProof : beforeDelivery)
      },
      projects: () =>
        call(
          ({ scope }) =>
            projects
              .filter(name => !reachesBeyond([name], scope))
              .map(name => ({ id: name, name, status: 'active' })),
          [],
        ),
      actAs: secret => {
        credential = secret
      },
    }
  }

  return {
    clientAs,
    issueUserToken(account) {
      const secret = `flux_user_${account}_${String(users.size).padStart(24, '0')}`
      users.set(secret, account)
      return new Secret(secret)
    },
  }
}
