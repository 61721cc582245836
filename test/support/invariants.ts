// What must hold whatever is killed, cut or meets: each promise once, for every test that looks at keys and stores from outside.
// They read DESIGN.md, and must not ask the planner that they judge. What breaks one is a fault: a line of text.
import type { LiveKey } from '../../src/model/live-key.ts'
import type { Marker } from '../../src/model/marker.ts'
import type { Ended } from './program.ts'

/** A live key that has a marker. */
export interface Marked {
  readonly live: LiveKey
  readonly marker: Marker
}

/** Whose the secrets are that stores hold: resolves to the id of the live key, null where there is none. */
type Holder = (secret: string) => Promise<string | null>

export function markerOf({ ownership }: LiveKey): Marker | null {
  return ownership.kind === 'managed' ? ownership.marker : null
}

/** The keys of a key id, the newest generation first; of any stack where none is named. */
export function keysOf(
  live: readonly LiveKey[],
  keyId: string,
  stack: string | null = null,
): readonly Marked[] {
  return live
    .flatMap(each => {
      const marker = markerOf(each)
      return marker === null ? [] : [{ live: each, marker }]
    })
    .filter(({ marker }) => marker.keyId === keyId && (stack === null || marker.stack === stack))
    .sort((a, b) => b.marker.generation - a.marker.generation)
}

export const isDelivered = ({ marker }: Marked): boolean => marker.state.kind === 'delivered'

/** No run says that it was delivered: it is pending, or retires without having been. */
export const isUnfinished = ({ marker: { state } }: Marked): boolean =>
  state.kind === 'pending' || (state.kind === 'retiring' && state.delivered === null)

/** It was marked as delivered once, and may retire by now. */
const wasDelivered = (key: Marked): boolean =>
  isDelivered(key) || (key.marker.state.kind === 'retiring' && !isUnfinished(key))

/** `delivered,pending`: the states of keys, for a fault or a comparison. */
export const statesOf = (keys: readonly Marked[]): string =>
  keys.map(({ marker }) => marker.state.kind).join() || 'nothing'

/** One head: of all generations of a key id at most one was made since `former`, and none was delivered twice. */
export function headFaults(keys: readonly Marked[], former: ReadonlySet<string>): readonly string[] {
  const delivered = keys.filter(isDelivered)
  const faults: string[] = []
  if (delivered.length > 1) faults.push('several keys say that they are the head')
  if (new Set(delivered.map(({ marker }) => marker.generation)).size !== delivered.length)
    faults.push('a generation was delivered twice')
  if (keys.filter(key => wasDelivered(key) && !former.has(key.live.id)).length > 1)
    faults.push('more than one new generation was delivered')
  return faults
}

/** No secret is lost: each of these stores holds the secret of the head. */
export async function storeFaults(
  names: readonly string[],
  stored: ReadonlyMap<string, string>,
  head: Marked | undefined,
  holderOf: Holder,
): Promise<readonly string[]> {
  const faults: string[] = []
  for (const name of names) {
    const secret = stored.get(name)
    const holder = secret === undefined ? null : await holderOf(secret)
    if (secret === undefined) faults.push(`${name} holds no secret`)
    else if (holder === null || holder !== head?.live.id)
      faults.push(
        `${name} holds another secret than that of the head${holder === null ? ', which is dead' : ''}`,
      )
  }
  return faults
}

/** No outage: whoever reads a store that has a secret gets in with it. Resolves to the names of the stores where that is not so. */
export async function outages(
  stored: ReadonlyMap<string, string>,
  holderOf: Holder,
): Promise<readonly string[]> {
  const dead: string[] = []
  for (const [name, secret] of stored) if ((await holderOf(secret)) === null) dead.push(name)
  return dead
}

/** Nothing is left over, and nothing of others is gone: every live key was there before, or belongs to one of these key ids. */
export function orphanFaults(
  live: readonly LiveKey[],
  others: ReadonlySet<string>,
  own: readonly Marked[],
): readonly string[] {
  const known = new Set([...others, ...own.map(({ live: { id } }) => id)])
  const ids = new Set(live.map(({ id }) => id))
  return [
    ...live
      .filter(({ id }) => !known.has(id))
      .map(({ name, description }) => `an orphan is left, ${name}: ${description}`),
    ...[...others].filter(id => !ids.has(id)).map(id => `${id} of others is gone`),
  ]
}

/** Nothing that is not ours is touched: keys as text, but for their use and their version, which may move with nothing else. */
export function snapshotOf(keys: readonly LiveKey[]): string {
  return JSON.stringify(
    keys.map(live => ({ ...live, lastUse: null, version: null })).sort((a, b) => (a.id < b.id ? -1 : 1)),
  )
}

/** A run that says that all is done is right: the plan after it is empty. */
export function planFaults(plan: Ended): readonly string[] {
  return plan.code === 0 ? [] : [said('the next plan is not empty', plan)]
}

/** No output has a secret in it, or words that are for nobody: a stack, a value that was forgotten. */
export function outputFaults(text: string, secrets: readonly string[]): readonly string[] {
  const faults: string[] = []
  if (secrets.some(secret => text.includes(secret))) faults.push('a secret in the output')
  if (/^\s+at \S+ ?\(|^\s+at .*:\d+:\d+|node:internal|unexpected|undefined|\[object/im.test(text))
    faults.push(`not fit for people: ${text}`)
  return faults
}

/** A fault, with how the run ended that shows it. */
export function said(what: string, { code, signal, stdout, stderr }: Ended): string {
  return `${what} (${code === null ? signal : `exit code ${code}`}): ${stdout}${stderr}`
}
