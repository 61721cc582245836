import pLimit from 'p-limit'
import { staleness } from '../lifecycle/health.ts'
import type { DesiredState } from '../model/desired.ts'
import type { Instant } from '../model/duration.ts'
import { Failure } from '../model/failure.ts'
import { type LiveKey, endsLike, shortestEnd, visibleEnd } from '../model/live-key.ts'
import type { Secret } from '../model/secret.ts'
import type { StoreCheck, Verification } from '../model/verification.ts'
import { type Places, isOfThisPlace } from '../plan/place.ts'
import { type Lineage, membersOf } from '../lifecycle/lineage.ts'
import { ownedKeys } from '../lifecycle/ownership.ts'
import type { Listing, Whoami } from '../platform/types.ts'
import type { Look, StoredSecrets } from './stored-secrets.ts'

/** What verifying asks of the platform. */
export interface VerifyPlatform {
  list(): Promise<Listing>
  whoamiAs(secret: Secret, key: LiveKey): Promise<Whoami | null>
  requests(): number
}

/** As whom a secret authenticates, or what key it must be of by its end. */
type Identity =
  | { readonly kind: 'key'; readonly id: string }
  | { readonly kind: 'end'; readonly id: string }
  | { readonly kind: 'user' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'unknown'; readonly why: string }

/** A stored secret that ends like a key whose secret it may be. */
interface Candidate {
  readonly secret: Secret
  readonly live: LiveKey
}

/** The generations of a key id, the head first. */
function generationsOf(lineage: Lineage | null): readonly LiveKey[] {
  return lineage === null ? [] : membersOf(lineage).map(({ live }) => live)
}

/** Null where the secret ends like no generation of the key id that its store is declared for: then nobody is asked about it. */
function candidateOf(secret: Secret, lineage: Lineage | null): Candidate | null {
  const live = generationsOf(lineage).find(key => endsLike(secret, key))
  return live === undefined ? null : { secret, live }
}

/**
 * Does the end leave doubt whose secret this is, or whether it works? So it does where several live keys end like it, and where the platform
 * says that the key ended or was regenerated after its delivery.
 */
function leavesDoubt({ secret, live }: Candidate, keys: readonly LiveKey[], now: Instant): boolean {
  const isEnded = live.status === 'expired' || (live.expiresAt !== null && live.expiresAt <= now)
  const marker = live.ownership.kind === 'managed' ? live.ownership.marker : null
  const isStale = marker !== null && staleness({ live, marker }) !== null
  return isEnded || isStale || keys.filter(key => endsLike(secret, key)).length > 1
}

async function identify({ secret, live }: Candidate, platform: VerifyPlatform): Promise<Identity> {
  try {
    const answer = await platform.whoamiAs(secret, live)
    if (answer === null) return { kind: 'refused' }
    return answer.key === null ? { kind: 'user' } : { kind: 'key', id: answer.key.id }
  } catch (cause) {
    if (!(cause instanceof Failure)) throw cause
    if (cause.code === 'authentication') return { kind: 'refused' }
    // Each key has a budget of its own; one that is used up says nothing about the others.
    if (cause.code === 'network' || cause.code === 'interrupted') throw cause
    return { kind: 'unknown', why: cause.message }
  }
}

type Verdict = Pick<StoreCheck, 'status' | 'detail' | 'liveId' | 'proved'>

function verdictOn({ kind, ...rest }: Identity, lineage: Lineage | null, keys: readonly LiveKey[]): Verdict {
  const id = 'id' in rest ? rest.id : null
  const proved = kind !== 'end' && kind !== 'unknown'
  const is = kind === 'end' ? 'ends like' : 'is'
  const say = (status: Verdict['status'], detail: string): Verdict => ({ status, detail, liveId: id, proved })
  if (kind === 'refused') return say('stale', 'the platform does not accept it')
  if (kind === 'unknown') return say('failed', 'why' in rest ? rest.why : '')
  if (kind === 'user') return say('foreign', 'it is the token of a user')
  const head = lineage?.head ?? null
  if (head?.live.id === id) return say('ok', '')
  const kin = lineage === null ? [] : membersOf(lineage).filter(key => key !== lineage.head)
  const relative = kin.find(({ live }) => live.id === id)
  if (relative === undefined) {
    const name = keys.find(key => key.id === id)?.name
    return say('foreign', `it ${is} the secret of ${id ?? ''}${name === undefined ? '' : ` (${name})`}`)
  }
  const { generation, state } = relative.marker
  const what = `it ${is} the secret of generation ${generation}`
  if (head !== null) return say('stale', `${what}, and generation ${head.marker.generation} is delivered`)
  return say('stale', `${what}, which is ${state.kind === 'leaked' ? 'leaked' : 'not delivered'}`)
}

/** What a value is that was not sent, as far as its end tells. */
function unsentVerdict(secret: Secret, lineage: Lineage | null, keys: readonly LiveKey[]): Verdict {
  const say = (status: Verdict['status'], detail: string): Verdict => {
    return { status, detail: `${detail}, so it was not sent`, liveId: null, proved: false }
  }
  const other = keys.find(key => endsLike(secret, key))
  if (other !== undefined) return say('foreign', `it ends like the secret of ${other.id} (${other.name})`)
  const own = generationsOf(lineage)
  if (own.length === 0) return say('foreign', 'another value: the key has no live secret')
  if (own.every(({ maskedKey }) => visibleEnd(maskedKey).length < shortestEnd))
    return say('failed', 'the platform shows too little of the secret to compare with')
  const { state } = lineage?.head?.marker ?? {}
  if (state?.kind === 'delivered' && endsLike(secret, { maskedKey: state.visibleEnd }))
    return say('stale', 'it ends like the secret that was delivered, which is not the live one any more')
  return say('foreign', 'another value: it does not end like the secret of the key')
}

function check(
  { key, place, local, held }: Look,
  lineage: Lineage | null,
  places: Places,
  verdictOf: (secret: Secret) => Verdict,
): StoreCheck {
  const say = (status: StoreCheck['status'], detail: string): StoreCheck => {
    return { keyId: key.keyId, place, status, detail, liveId: null, proved: false }
  }
  const marker = lineage?.head?.marker ?? null
  if (marker?.state.kind === 'external' && held.kind !== 'secret')
    return say('external', 'others hold its secret')
  switch (held.kind) {
    case 'secret':
      return { keyId: key.keyId, place, ...verdictOf(held.secret) }
    case 'unreadable':
      return say('unreadable', 'it gives no secret back')
    case 'failed':
      return say('failed', held.why)
    case 'nothing': {
      const names = marker !== null && marker.host !== null
      if (local && names && !isOfThisPlace(key.keyId, marker, places))
        return say('elsewhere', 'it was delivered on another host or in another folder')
      return say('missing', marker === null ? 'the key is not delivered yet' : 'it holds no secret')
    }
  }
}

/** Each secret once, however many stores hold it. */
function candidatesOf(
  looks: readonly Look[],
  lineageOf: (look: Look) => Lineage | null,
): readonly Candidate[] {
  const candidates: Candidate[] = []
  for (const look of looks) {
    if (look.held.kind !== 'secret') continue
    const { secret } = look.held
    if (candidates.some(other => other.secret.equals(secret))) continue
    const candidate = candidateOf(secret, lineageOf(look))
    if (candidate !== null) candidates.push(candidate)
  }
  return candidates
}

/** How thoroughly, and how, secrets are verified. */
export interface VerifyHow {
  /** Ask the platform with every secret that ends like its key, in doubt or not. */
  readonly prove: boolean
  readonly host: string
  /** Where the local stores of each key are here. */
  readonly placesOf: (lineages: ReadonlyMap<string, Lineage>) => Promise<Places['places']>
  readonly parallelism: number
  /** Rejects where the user declines that many requests. */
  readonly confirm: (requests: number) => Promise<void>
}

/**
 * Compares what the stores hold with what is live by their ends: one list. Where the end leaves doubt, or every secret is to be proved, there
 * is one whoami for each, authenticated by that secret. A store may hold anything: a value that ends otherwise is sent nowhere.
 */
export async function verifySecrets(
  { looks }: StoredSecrets,
  desired: DesiredState,
  platform: VerifyPlatform,
  how: VerifyHow,
): Promise<Verification> {
  const before = platform.requests()
  const { keys, now } = await platform.list()
  const { lineages } = ownedKeys(desired, keys, now)
  const places = { host: how.host, places: await how.placesOf(lineages) }
  const lineageOf = ({ key }: Look) => lineages.get(key.keyId) ?? null
  const candidates = candidatesOf(looks, lineageOf).map(candidate => {
    return { ...candidate, asks: how.prove || leavesDoubt(candidate, keys, now) }
  })
  await how.confirm(1 + candidates.filter(({ asks }) => asks).length)
  const limit = pLimit(how.parallelism)
  const identities = await Promise.all(
    candidates.map(({ asks, ...candidate }) =>
      limit(async () => {
        const byEnd: Identity = { kind: 'end', id: candidate.live.id }
        return { ...candidate, identity: asks ? await identify(candidate, platform) : byEnd }
      }),
    ),
  )
  const checks = looks.map(look => {
    const lineage = lineageOf(look)
    return check(look, lineage, places, secret => {
      const found =
        candidateOf(secret, lineage) === null ? undefined : identities.find(one => one.secret.equals(secret))
      return found === undefined
        ? unsentVerdict(secret, lineage, keys)
        : verdictOn(found.identity, lineage, keys)
    })
  })
  return { stack: desired.stack, checks, requests: platform.requests() - before }
}
