import type { Change, Heal, Plan } from '../model/change.ts'
import type { LiveKey } from '../model/live-key.ts'
import { sourcesOf } from '../model/verb.ts'

/** One list request looks after that many new keys. */
export const waveSize = 100

/** How many requests something costs the caller. They differ where only apply finds out what there is to do. */
export interface Requests {
  readonly least: number
  readonly most: number
}

function exactly(count: number): Requests {
  return { least: count, most: count }
}

/** A new key: POST, and the PATCH that marks it as delivered. Its whoami is on its own account. */
const newKey = 2

/**
 * What a change costs the caller, lists aside:
 *
 * | change | requests |
 * | --- | --- |
 * | create, rotate by overlap | POST, PATCH; each predecessor is marked, as leaked or as retiring, one more |
 * | rotate in place | POST regenerate, PATCH |
 * | adopt, update, release | PATCH; one more GET where a signature proves that an update may grant more |
 * | deliver | PATCH, where a store has the secret; else as a rotation, and a PATCH that narrows the old key |
 * | heal | a PATCH, and one for each predecessor, where a store has the secret; else for each pending key a replay, the end of its twin and its own, then a new key |
 * | revoke | DELETE |
 */
export function requestsOf(change: Change): Requests {
  switch (change.kind) {
    case 'create':
      return exactly(newKey)
    case 'rotate':
      return exactly(newKey + change.leaked.length + change.predecessors.length)
    case 'deliver':
      if (change.rotates) return exactly(newKey + change.predecessors.length)
      return {
        least: 1,
        most: change.strategy === 'overlap' ? newKey + change.predecessors.length + 1 : newKey,
      }
    case 'heal':
      return {
        least: 1 + change.predecessors.filter(live => !isPending(live, change)).length,
        most:
          4 * change.pending.length +
          new Set([...change.excess, ...change.predecessors].map(({ id }) => id)).size +
          (change.generation === null ? 0 : newKey),
      }
    case 'update':
      return exactly(change.proof === 'signature' ? 2 : 1)
    case 'adopt':
    case 'release':
    case 'revoke':
      return exactly(1)
  }
}

function isPending({ id }: LiveKey, { pending }: Heal): boolean {
  return pending.some(({ live }) => live.id === id)
}

/** Does it make a key that its wave looks after: for certain, perhaps, or never? */
function makesKey(change: Change): 'yes' | 'perhaps' | 'no' {
  const sources = sourcesOf(change)
  if (!sources.includes('new key')) return 'no'
  return sources[0] === 'new key' ? 'yes' : 'perhaps'
}

function lists(changes: readonly Change[], callingKeyId: string | null): Requests {
  const waves = (made: readonly Change[]) => {
    const own = made.filter(({ keyId }) => keyId === callingKeyId).length
    return Math.ceil((made.length - own) / waveSize) + Math.ceil(own / waveSize)
  }
  const looks = changes.some(({ kind }) => kind === 'revoke') ? 1 : 0
  return {
    least: waves(changes.filter(change => makesKey(change) === 'yes')) + looks,
    most: waves(changes.filter(change => makesKey(change) !== 'no')) + looks,
  }
}

/**
 * What applying a plan costs the caller, from after the plan was made, where nothing fails and nobody interferes. `pages`:
 * how many requests one list takes.
 */
export function requestsToApply({ changes, callingKeyId }: Plan, pages: number): Requests {
  const looks = lists(changes, callingKeyId)
  let least = looks.least * pages
  let most = looks.most * pages
  for (const change of changes) {
    const cost = requestsOf(change)
    least += cost.least
    most += cost.most
  }
  return { least, most }
}
