import type { Check } from '../../model/checkup.ts'
import { hour } from '../../model/duration.ts'
import { Failure } from '../../model/failure.ts'
import type { LiveKey } from '../../model/live-key.ts'
import type { CapabilityName } from '../../platform/capabilities.ts'
import { isMissing } from '../../platform/missing-call.ts'
import type { Issued, NewKey, PlatformClient, Whoami } from '../../platform/types.ts'
import type { Finding } from './calls.ts'
import { check, failed } from './check.ts'

const there = (how: string): Finding => ({ kind: 'there', how })

/** What a write came to; `judge` looks at what it answered. */
async function tried<T>(send: () => Promise<T>, judge: (answer: T) => Finding): Promise<Finding> {
  try {
    return judge(await send())
  } catch (cause) {
    if (!(cause instanceof Failure)) throw cause
    return isMissing(cause, true) ? { kind: 'missing' } : { kind: 'failed', failure: cause }
  }
}

/** The smallest key that the caller may grant, for an hour. */
function trialKey({ key }: Whoami, nonce: string): NewKey {
  const [permission = 'read_scenarios'] = key === null || key.permissions.includes('*') ? [] : key.permissions
  return {
    name: 'fluxloop-keys doctor',
    description: `A trial by fluxloop-keys doctor [${nonce}]`,
    marker: null,
    environment: null,
    scope: key?.scope ?? 'all',
    permissions: [permission],
    expires: { kind: 'period', length: hour },
  }
}

interface Tried {
  readonly found: Partial<Readonly<Record<CapabilityName, Finding>>>
  /** Of the calls without which nothing works at all. */
  readonly checks: readonly Check[]
}

const [creating, deleting] = ['POST /api/api-keys', 'DELETE /api/api-keys/{id}']

/** What cannot be tried without a write: makes a key, changes it and ends it, whatever comes in between. */
export async function tryWrites(client: PlatformClient, who: Whoami, nonce: string): Promise<Tried> {
  const asked = trialKey(who, nonce)
  const made: string[] = []
  const create = async (): Promise<Issued> => {
    const issued = await client.create(asked, `fluxloop-keys-doctor-${nonce}`)
    if (!made.includes(issued.key.id)) made.push(issued.key.id)
    return issued
  }
  let found: Tried['found'] = {}
  try {
    const { key } = await create()
    const again = await tried(create, twin =>
      twin.key.id === key.id ? there('A repeated create makes no second key') : { kind: 'missing' },
    )
    found = { 'Idempotency-Key': again, ...(await tryChanges(client, key, asked, nonce)) }
  } catch (cause) {
    if (made.length === 0) return { found, checks: [failed('call', cause, creating)] }
    if (!(cause instanceof Failure)) throw cause
  }
  const created = check('call', 'ok', ['It makes a key'], creating)
  return { found, checks: [created, await endAll(client, made)] }
}

async function endAll(client: PlatformClient, ids: readonly string[]): Promise<Check> {
  const left: string[] = []
  for (const id of ids) await client.revoke(id).catch(() => left.push(id))
  if (left.length === 0) return check('call', 'ok', ['It ends a key'], deleting)
  const message = `It does not end ${left.join(', ')}, which doctor made`
  return check(
    'call',
    'failed',
    [message, 'Revoke it in the web platform; it ends by itself in an hour.'],
    deleting,
  )
}

async function tryChanges(client: PlatformClient, key: LiveKey, asked: NewKey, nonce: string) {
  const text = `${asked.description} changed`
  const keeps = ({ description }: LiveKey, wanted: string): Finding =>
    description === wanted ? there('They are kept as they are sent') : { kind: 'missing' }
  const descriptions = keeps(key, asked.description)
  const PATCH = await tried(
    () => client.update(key.id, { description: { text, marker: null } }, { ifMatch: key.version }),
    ({ description }) =>
      description === text || descriptions.kind === 'missing'
        ? there('It changes a key')
        : { kind: 'missing' },
  )
  const regenerate = await tried(
    () => client.regenerate(key.id, { ifMatch: null, idempotencyKey: `fluxloop-keys-doctor-again-${nonce}` }),
    () => there('It gives a new secret'),
  )
  return { descriptions, PATCH, regenerate }
}
