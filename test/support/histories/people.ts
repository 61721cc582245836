import { hour } from '../../../src/model/duration.ts'
import type { LiveKey } from '../../../src/model/live-key.ts'
import type { KeyPatch } from '../../../src/platform/types.ts'
import type { PlatformPort } from '../model-platform.ts'
import type { PersonStep } from './steps.ts'
import { type HistoryWorld, dies } from './world.ts'

type Edit = Extract<PersonStep, { do: 'edit' }>['to']

function patchOf(to: Edit, { description, ownership }: LiveKey, now: number): KeyPatch {
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
  if (step.do === 'make') {
    const { key, secret } = await page.create(
      {
        name: step.name,
        description: '',
        marker: null,
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
  const keys = await world.backend.inspect()
  const live = keys[step.nth % keys.length]
  if (live === undefined) return 'no key'
  if (step.do === 'edit') {
    await page.update(live.id, patchOf(step.to, live, world.backend.now), { ifMatch: null })
  } else if (step.do === 'delete') {
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
