import { hashId } from '../../../src/lifecycle/binding.ts'
import { hour } from '../../../src/model/duration.ts'
import { Failure } from '../../../src/model/failure.ts'
import { type LiveKey, visibleEnd } from '../../../src/model/live-key.ts'
import type { Marker, MarkerState } from '../../../src/model/marker.ts'
import { permissionsBeyond } from '../../../src/model/permission.ts'
import type { NewKey } from '../../../src/platform/types.ts'
import { type Marked, isDelivered, markerOf } from '../invariants.ts'
import type { PlatformPort } from '../model-platform.ts'
import type { PersonStep } from './steps.ts'
import { type HistoryWorld, breaks, dies, secretOf } from './history-world.ts'

/** All that she may do. */
const rights = ['manage_keys', 'read_results'] as const

type Attack = Extract<PersonStep, { do: 'attack' }>

function asked(name: string): NewKey {
  return {
    name,
    description: '',
    marker: null,
    environment: null,
    scope: 'all',
    permissions: rights,
    expires: { kind: 'never' },
  }
}

/** Makes a key whose secret she has. */
async function make(world: HistoryWorld, name: string, client: PlatformPort): Promise<LiveKey> {
  const { key, secret } = await client.create(asked(name), `mallory-${(world.nonces += 1)}`)
  if (secret === null) throw new TypeError('a platform that gives no secret')
  world.issued.set(secret.reveal(), key.id)
  world.hers.set(key.id, secret.reveal())
  return key
}

/** What she writes into her key's description: the marker of a key of ours, bound to hers. */
function forged({ live, marker }: Marked, hers: LiveKey, how: Attack['how'], now: number): Marker {
  const delivered: MarkerState = { kind: 'delivered', visibleEnd: visibleEnd(hers.maskedKey), at: now }
  const retiring: MarkerState = {
    kind: 'retiring',
    successor: hashId(live.id),
    at: now - 3 * hour,
    graceUntil: now - 2 * hour,
    delivered: now - 4 * hour,
  }
  const states: Readonly<Record<Attack['how'], MarkerState>> = {
    twin: delivered,
    'high generation': delivered,
    'past grace': retiring,
    unfinished: { kind: 'pending' },
    'made anew': delivered,
  }
  return {
    ...marker,
    generation: how === 'high generation' ? 999_999 : marker.generation,
    binding: { kind: 'key', hash: hashId(hers.id) },
    state: states[how],
  }
}

async function strike(world: HistoryWorld, { nth, how }: Attack, client: PlatformPort): Promise<string> {
  const keys = await client.list()
  const marked = keys.keys.flatMap(live => {
    const marker = markerOf(live)
    return marker === null || world.hers.has(live.id) ? [] : [{ live, marker }]
  })
  const heads = marked.filter(isDelivered)
  const target = heads[nth % heads.length]
  if (target === undefined) return 'no key'
  const { id, name, description } = target.live
  if (how === 'made anew') {
    await client.revoke(id)
    dies(world, id, 'people')
    return `${id} is gone, and ${(await make(world, name, client)).id} has its name`
  }
  const hers = await make(world, name, client)
  const marker = forged(target, hers, how, world.backend.now)
  await client.update(hers.id, { description: { text: description, marker } }, { ifMatch: null })
  return `${hers.id} says that it is a key of ${target.marker.keyId}`
}

/** A colleague who may manage keys and read results makes a key of hers look like one of ours. */
export async function attack(world: HistoryWorld, step: Attack): Promise<string> {
  if (world.hers.size === 0)
    await make(world, 'Mallory', world.backend.clientAs(world.backend.person, 'Mozilla/5.0'))
  const [secret] = world.hers.values()
  if (secret === undefined) return 'no key'
  const client = world.backend.clientAs(secretOf(secret), 'curl/8')
  return await strike(world, step, client).catch((cause: unknown) => {
    if (cause instanceof Failure) return `refused (${cause.code})`
    throw cause
  })
}

/** No key of hers may do more than she may grant. */
export function judgeHers(keys: readonly LiveKey[], world: HistoryWorld): void {
  for (const { id, permissions } of keys)
    if (world.hers.has(id) && permissionsBeyond(permissions, rights).length > 0)
      breaks(world, `${id}, whose secret Mallory has, was given ${String(permissions)}`)
}
