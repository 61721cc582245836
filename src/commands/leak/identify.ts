import pLimit from 'p-limit'
import { membersOf } from '../../lifecycle/lineage.ts'
import { ownedKeys } from '../../lifecycle/ownership.ts'
import type { DesiredState } from '../../model/desired.ts'
import { Failure } from '../../model/failure.ts'
import type { FoundSecret, JudgedSecret, Verdict } from '../../model/leak.ts'
import { type LiveKey, endsLike } from '../../model/live-key.ts'
import type { Secret } from '../../model/secret.ts'
import type { Listing, PlatformClient, Whoami } from '../../platform/types.ts'

type Asks = Pick<PlatformClient, 'whoamiAs'>

/** What a masked key shows before its mask: `flux_ci_`. */
function visibleStart({ maskedKey }: Pick<LiveKey, 'maskedKey'>): string {
  return /^[A-Za-z0-9_]*/.exec(maskedKey)?.[0] ?? ''
}

/** A secret is sent to the platform only where it begins and ends like a live key of it: it may be the secret of something else. */
function candidateFor(secret: Secret, keys: readonly LiveKey[]): LiveKey | undefined {
  return keys.find(
    live => live.status !== 'revoked' && endsLike(secret, live) && secret.beginsWith(visibleStart(live)),
  )
}

async function ask(secret: Secret, live: LiveKey, client: Asks): Promise<Whoami | Failure> {
  try {
    const answer = await client.whoamiAs(secret, live)
    return answer ?? new Failure('authentication', 'It does not end like the key')
  } catch (cause) {
    if (!(cause instanceof Failure) || cause.code === 'network' || cause.code === 'interrupted') throw cause
    return cause
  }
}

function verdictOn(
  answer: Whoami | Failure,
  candidate: LiveKey,
  { keys }: Listing,
  declaredOf: (liveId: string) => string | null,
): Verdict {
  if (answer instanceof Failure)
    return answer.code === 'authentication'
      ? { kind: 'dead', live: candidate }
      : { kind: 'unclear', why: answer.message }
  if (answer.key === null) return { kind: 'user-token' }
  const { id } = answer.key
  const live = keys.find(key => key.id === id) ?? answer.liveKey ?? candidate
  const keyId = declaredOf(id)
  return keyId === null ? { kind: 'not-declared', live } : { kind: 'declared', live, keyId }
}

/** Whose secrets these are: one request, authenticated by it, for each that begins and ends like a live key. */
export async function identifySecrets(
  found: readonly FoundSecret[],
  desired: DesiredState,
  listing: Listing,
  client: Asks,
  parallelism: number,
): Promise<readonly JudgedSecret[]> {
  const declared = new Set(desired.keys.map(({ keyId }) => keyId))
  const { lineages } = ownedKeys(desired, listing.keys, listing.now)
  const owners = new Map(
    [...lineages.values()]
      .filter(({ keyId }) => declared.has(keyId))
      .flatMap(lineage => membersOf(lineage).map(({ live }) => [live.id, lineage.keyId] as const)),
  )
  const limit = pLimit(parallelism)
  return await Promise.all(
    found.map(each =>
      limit(async (): Promise<JudgedSecret> => {
        const candidate = candidateFor(each.secret, listing.keys)
        if (candidate === undefined) {
          const verdict: Verdict = listing.complete
            ? { kind: 'unknown' }
            : { kind: 'unclear', why: 'the platform did not list every key' }
          return { ...each, verdict, works: null }
        }
        const answer = await ask(each.secret, candidate, client)
        return {
          ...each,
          verdict: verdictOn(answer, candidate, listing, id => owners.get(id) ?? null),
          works: null,
        }
      }),
    ),
  )
}

/** Asks once more with those that worked: does the platform accept them still? */
export async function askAgain(
  judged: readonly JudgedSecret[],
  client: Asks,
  parallelism: number,
): Promise<readonly JudgedSecret[]> {
  const limit = pLimit(parallelism)
  return await Promise.all(
    judged.map(one =>
      limit(async () => {
        if (one.verdict.kind !== 'declared') return one
        const answer = await ask(one.secret, one.verdict.live, client)
        const works = answer instanceof Failure ? (answer.code === 'authentication' ? false : null) : true
        return { ...one, works }
      }),
    ),
  )
}
