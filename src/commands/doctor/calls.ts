import type { Check } from '../../model/checkup.ts'
import { Failure } from '../../model/failure.ts'
import type { LiveKey } from '../../model/live-key.ts'
import { type Capability, type CapabilityName, capabilities } from '../../platform/capabilities.ts'
import { hasKeptUpdates } from '../../platform/manageable.ts'
import { isMissing } from '../../platform/missing-call.ts'
import type { Listing, PlatformClient, Whoami } from '../../platform/types.ts'
import { check } from './check.ts'

/** What a call, a header or a field came to. */
export type Finding =
  | { readonly kind: 'there'; readonly how: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'untried'; readonly why: string }
  | { readonly kind: 'failed'; readonly failure: Failure }

const there = (how: string): Finding => ({ kind: 'there', how })
const untried = (why: string): Finding => ({ kind: 'untried', why })

/** A capability as a check: what is missing says what follows, and fails where nothing can be managed without. */
export function callCheck(name: CapabilityName, finding: Finding): Check {
  const { name: title, effects }: Capability = capabilities[name]
  const subject = title.replaceAll('`', '')
  switch (finding.kind) {
    case 'there':
      return check('call', 'ok', [finding.how], subject)
    case 'untried':
      return check('call', 'skipped', [finding.why], subject)
    case 'failed':
      return check('call', 'warning', [finding.failure.message, ...finding.failure.hints], subject)
    case 'missing': {
      const hows = [...new Set(Object.values(effects).map(({ how }) => how))]
      return check(
        'call',
        effects.create?.works === 'no' ? 'failed' : 'warning',
        ['It is missing', ...hows],
        subject,
      )
    }
  }
}

/** What came of a request; `lacks` says that the client went on without it. */
async function tried(send: () => Promise<unknown>, lacks: () => boolean): Promise<Finding> {
  try {
    await send()
    return lacks() ? { kind: 'missing' } : there('It answers')
  } catch (cause) {
    if (!(cause instanceof Failure)) throw cause
    if (isMissing(cause, true)) return { kind: 'missing' }
    if (cause.code === 'permission') return there('It answers, and this caller may not use it')
    return { kind: 'failed', failure: cause }
  }
}

/** A field that no key of a listing has is one that the platform lacks. */
function field(keys: readonly LiveKey[], has: (key: LiveKey) => boolean): Finding {
  if (keys.length === 0) return untried('There is no key to see it in')
  return keys.some(has) ? there('Keys have it') : { kind: 'missing' }
}

function descriptionsIn(keys: readonly LiveKey[], isLacking: boolean): Finding {
  if (isLacking) return { kind: 'missing' }
  const isThere = keys.some(
    ({ description, ownership }) => description !== '' || ownership.kind !== 'unmanaged',
  )
  return isThere ? there('Keys have it') : onlyByWriting
}

const onlyByWriting = untried('It is only tried with --write, which makes a key and ends it')

/** Tries each call without a write: three requests. Fields are read from a listing that was made already. */
export async function tryCalls(
  client: PlatformClient,
  who: Whoami,
  { keys, doubts }: Listing,
): Promise<Readonly<Record<CapabilityName, Finding>>> {
  const id = who.key?.id ?? keys[0]?.id ?? null
  const ofOneKey = async (name: CapabilityName, send: (id: string) => Promise<unknown>) =>
    id === null
      ? untried('There is no key to ask for')
      : await tried(
          () => send(id),
          () => client.lacks().has(name),
        )
  return {
    whoami: client.lacks().has('whoami') ? { kind: 'missing' } : there('It answers'),
    usage: await ofOneKey('usage', one => client.usage(one, 1)),
    projects: await tried(
      () => client.projects(),
      () => false,
    ),
    'one key': await ofOneKey('one key', one => client.get(one)),
    'If-Match': field(keys, ({ version }) => version !== null),
    'Idempotency-Key': onlyByWriting,
    last_used_at: field(keys, ({ lastUse }) => lastUse.known),
    regenerated_at: field(keys, ({ regeneratedAt }) => regeneratedAt !== undefined),
    paging: client.lacks().has('paging') ? { kind: 'missing' } : there('The list has it'),
    environment: field(keys, ({ environment }) => environment !== undefined),
    regenerate: onlyByWriting,
    PATCH: hasKeptUpdates(keys) ? there('An update that it made is there') : onlyByWriting,
    descriptions: descriptionsIn(keys, doubts.lacksDescriptions),
  }
}
