import { hour } from '../../../src/model/duration.ts'
import type { LiveKey } from '../../../src/model/live-key.ts'
import type { Marker } from '../../../src/model/marker.ts'
import type { KeyPatch } from '../../../src/platform/types.ts'
import { markerOf } from '../invariants.ts'
import type { PlatformPort } from '../model-platform.ts'
import { attack } from './mallory.ts'
import type { PersonStep } from './steps.ts'
import { type HistoryWorld, dies } from './history-world.ts'

type Edit = Extract<PersonStep, { do: 'edit' }>['to']

/** A description as somebody copies it. */
function copied({ description, ownership }: LiveKey): {
  readonly text: string
  readonly marker: Marker | null
} {
  const hasMarker = ownership.kind === 'managed' || ownership.kind === 'copied'
  return { text: description, marker: hasMarker ? ownership.marker : null }
}

function patchOf(to: Edit, live: LiveKey, keys: readonly LiveKey[], now: number): KeyPatch {
  const { description, ownership } = live
  if ('like' in to) return { description: copied(keys[to.like % keys.length] ?? live) }
  if ('ends' in to) return { expiresAt: to.ends === 'never' ? null : now + to.ends * hour }
  if (!('text' in to)) return to
  const marker = ownership.kind === 'managed' ? ownership.marker : null
  switch (to.text) {
    case 'rewritten':
      return { description: { text: 'Ask Mallory', marker } }
    case 'marker wiped':
      return { description: { text: description, marker: null } }
    case 'marker garbled':
      return { description: { text: '[fk1 acme-agents/', marker: null } }
  }
}

async function change(world: HistoryWorld, step: PersonStep, page: PlatformPort): Promise<string> {
  if (step.do === 'attack') return await attack(world, step)
  const keys = await world.backend.inspect()
  if (step.do === 'make') {
    const template = step.like === undefined ? undefined : keys[step.like % keys.length]
    const { text, marker } = template === undefined ? { text: '', marker: null } : copied(template)
    const { key, secret } = await page.create(
      {
        name: step.name,
        description: text,
        marker,
        environment: null,
        scope: 'all',
        permissions: ['read_results'],
        expires: { kind: 'period', length: 90 * 24 * hour },
      },
      `page-${(world.nonces += 1)}`,
    )
    if (secret === null) throw new TypeError('a platform that gives no secret')
    world.issued.set(secret.reveal(), key.id)
    world.kept.add(secret.reveal())
    return key.id
  }
  const heads = keys.filter(key => markerOf(key)?.state.kind === 'delivered')
  const chosen = step.do === 'delete head' ? heads : keys
  const live = chosen[step.nth % chosen.length]
  if (live === undefined) return 'no key'
  // Somebody gives her key more, or takes its secret away: it is not what she made any more.
  if (step.do === 'regenerate' || (step.do === 'edit' && 'permissions' in step.to)) world.hers.delete(live.id)
  if (step.do === 'edit') {
    await page.update(live.id, patchOf(step.to, live, keys, world.backend.now), { ifMatch: null })
  } else if (step.do === 'delete' || step.do === 'delete head') {
    await page.revoke(live.id)
    dies(world, live.id, 'people')
  } else {
    dies(world, live.id, 'people')
    const idempotencyKey = `page-${(world.nonces += 1)}`
    const { key, secret } = await page.regenerate(live.id, { ifMatch: null, idempotencyKey })
    // Whoever did it in the web page has the secret now.
    if (secret === null) throw new TypeError('a platform that gives no secret')
    world.issued.set(secret.reveal(), key.id)
  }
  return `${live.id} (${live.name})`
}

/** Somebody does something in the web page. */
export async function actInPage(world: HistoryWorld, step: PersonStep): Promise<void> {
  const page = world.backend.clientAs(world.backend.person, 'Mozilla/5.0')
  world.trace.push(`    ${await change(world, step, page)}`)
}
