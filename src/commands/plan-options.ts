import type { Gathered } from '../apply/gather.ts'
import type { Context } from '../context.ts'
import type { BreakGlassRequest } from '../model/break-glass.ts'
import { type DesiredState, type Forbidden, forbiddable } from '../model/desired.ts'
import { Failure } from '../model/failure.ts'
import { closest } from '../model/suggest.ts'
import { signedKeys } from '../platform/signature.ts'
import { type Targets, isEveryKey, strayPatterns } from '../model/targets.ts'
import { type Owned, ownedKeys } from '../lifecycle/ownership.ts'
import { needsKeychain } from '../model/keychain-need.ts'
import type { Plan } from '../model/change.ts'
import { type KnownOptions, evidenceNeeded } from '../plan/evidence-needed.ts'
import type { PlanOptions } from '../plan/input.ts'
import { storesToFind } from '../plan/lost-stores.ts'
import { isLocal } from '../stores/locality.ts'
import { gatherEvidence } from './evidence.ts'
import { findFormerStores } from './find-former-stores.ts'
import { placesHere } from './places.ts'

/** What the user asked of a plan. */
export interface PlanningOptions {
  readonly maxRevoke: number | null
  readonly maxRotate: number | null
  readonly revokeInUse: readonly string[]
  readonly takeOver: boolean
  /** Sign every proven head by the present signing key. */
  readonly sign: boolean
  /** Key ids that the user wants rotated now; empty in a plan that nobody asked that of. */
  readonly rotate: PlanOptions['rotate']
  /** What somebody gives a key in an emergency; null in every other run. */
  readonly breakGlass: BreakGlassRequest | null
  readonly only: readonly string[]
  readonly except: readonly string[]
  readonly forbid: readonly string[]
  readonly allow: readonly string[]
}

/** What a plan is asked where its command has no flags for it. */
export const nothingAsked = {
  maxRevoke: null,
  maxRotate: null,
  revokeInUse: [],
  takeOver: false,
  sign: false,
  rotate: new Map<never, never>(),
  breakGlass: null,
  only: [],
  except: [],
  forbid: [],
  allow: [],
} as const

function requireForbiddable(flag: 'forbid' | 'allow', words: readonly string[]): readonly Forbidden[] {
  return words.map(word => {
    const known = forbiddable.find(one => one === word)
    if (known !== undefined) return known
    const near = closest(word, forbiddable)
    const hints = near === null ? [] : [`Did you mean ${near}?`]
    throw new Failure('usage', `--${flag} does not know \`${word}\``, {
      hints: [...hints, `It takes: ${forbiddable.join(', ')}`],
    })
  })
}

/** Whether changes may grant more in this run. Throws a usage `Failure` where the flags contradict each other. */
export function wideningOf({
  forbid,
  allow,
}: Pick<PlanningOptions, 'forbid' | 'allow'>): PlanOptions['widening'] {
  const forbidden = requireForbiddable('forbid', forbid).includes('widening')
  const allowed = requireForbiddable('allow', allow).includes('widening')
  if (forbidden && allowed)
    throw new Failure('usage', '--forbid widening and --allow widening contradict each other')
  return forbidden ? 'forbid' : allowed ? 'allow' : 'as-declared'
}

/** The key ids that are declared, or that live keys of the stack have; of unmanaged keys their own ids. */
function knownKeyIds({ stack, keys }: DesiredState, { current }: Gathered): readonly string[] {
  const live = current.keys.flatMap(({ id, ownership }) => {
    if (ownership.kind === 'unmanaged') return [id]
    return ownership.kind === 'managed' && ownership.marker.stack === stack ? [ownership.marker.keyId] : []
  })
  return [...new Set([...keys.map(({ keyId }) => keyId), ...live])].sort()
}

function requireTargets(targets: Targets, desired: DesiredState, gathered: Gathered): Targets {
  if (isEveryKey(targets)) return targets
  const keyIds = knownKeyIds(desired, gathered)
  const [stray] = strayPatterns(targets, keyIds)
  if (stray === undefined) return targets
  const flag = targets.only.includes(stray) ? '--only' : '--except'
  const near = closest(stray, keyIds)
  throw new Failure('usage', `${flag} ${stray} fits no key id of ${desired.stack}`, {
    hints: [
      ...(near === null ? [] : [`Did you mean ${near}?`]),
      'It takes key ids, the names under `keys`, and patterns with * and ?.',
    ],
  })
}

/** Those that somebody named one by one. */
function requireDeclared({ rotate, breakGlass }: PlanningOptions, { stack, keys }: DesiredState): void {
  const named = [...rotate.keys(), ...(breakGlass === null ? [] : [breakGlass.keyId])]
  if (named.length === 0) return
  const declared = keys.map(({ keyId }) => keyId)
  const stray = named.find(keyId => !declared.includes(keyId))
  if (stray === undefined) return
  const near = closest(stray, declared)
  throw new Failure('not-found', `The configuration of ${stack} declares no key \`${stray}\``, {
    hints: [
      ...(near === null ? [] : [`Did you mean ${near}?`]),
      'To regenerate a key that is not declared: fluxloop-keys apikeys regenerate',
    ],
  })
}

export function keysWithLocalStores({ keys }: DesiredState): ReadonlySet<string> {
  return new Set(
    keys.filter(({ stores }) => stores.some(({ spec }) => isLocal(spec))).map(({ keyId }) => keyId),
  )
}

function requireSigningKey(sign: boolean, { marker }: DesiredState): boolean {
  if (!sign || (marker?.signingKey ?? null) !== null) return sign
  throw new Failure('usage', 'The configuration names no signing key, so --sign cannot sign anything', {
    hints: ['Declare it: marker: { publicKeys: [...], signingKey: { env: FLUXLOOP_KEYS_SIGNING_KEY } }'],
  })
}

/** Which of its two places a key with a fallback uses is only known from the keychain itself, which is asked for nothing else. */
async function keychainHere({ keys }: DesiredState, context: Context): Promise<PlanOptions['keychain']> {
  const hasFallback = keys.some(({ stores }) =>
    stores.some(({ spec }) => spec.kind === 'keychain' && spec.fallback !== null),
  )
  if (!hasFallback) return null
  const stores = await context.stores()
  return (await stores.keychainWorks()) ? 'works' : 'missing'
}

/** A plan with what the keychain says, which is asked only where a secret would have no other place to go. */
export async function withKeychain(plan: Plan, context: Context): Promise<Plan> {
  if (plan.keychain !== null || !plan.changes.some(needsKeychain)) return plan
  const stores = await context.stores()
  return { ...plan, keychain: (await stores.keychainWorks()) ? 'works' : 'missing' }
}

/** What stores hold, read only where that can change the plan. */
async function evidence(
  known: KnownOptions,
  desired: DesiredState,
  { current, now }: Gathered,
  owned: Owned,
  formerStores: PlanOptions['formerStores'],
  context: Context,
): Promise<Pick<PlanOptions, 'held' | 'heldHere'>> {
  const needed = evidenceNeeded(desired, owned, now, known)
  if (needed.length === 0) return { held: new Map(), heldHere: new Map() }
  return await gatherEvidence(needed, desired, current.keys, formerStores, await context.stores())
}

/** The planner's options; a plan that nobody applies yet counts on the lock. Throws a usage `Failure` where a pattern fits no key. */
export async function planOptions(
  asked: PlanningOptions & { readonly config: readonly string[]; readonly platform: string },
  desired: DesiredState,
  gathered: Gathered,
  context: Context,
  locked = true,
): Promise<PlanOptions> {
  const { maxRevoke, maxRotate, revokeInUse, takeOver, only, except, rotate, breakGlass } = asked
  requireDeclared(asked, desired)
  const { current, now } = gathered
  const host = context.host()
  const owned = ownedKeys(desired, current.keys, now)
  const lost = storesToFind(desired, owned, now)
  const formerStores = await findFormerStores(desired, lost, asked.config, context.cwd)
  const known = {
    host,
    places: await placesHere(desired.keys, owned.lineages, formerStores, host),
    localKeys: keysWithLocalStores(desired),
    targets: requireTargets({ only, except }, desired, gathered),
    rotate,
    breakGlass,
    sign: requireSigningKey(asked.sign, desired),
    ...signedKeys(current.keys, desired.marker?.publicKeys ?? []),
  }
  return {
    platform: asked.platform,
    ...known,
    ...(await evidence(known, desired, gathered, owned, formerStores, context)),
    locked,
    formerStores,
    keychain: await keychainHere(desired, context),
    takeOver,
    maxRevoke,
    maxRotate,
    revokeInUse,
    widening: wideningOf(asked),
  }
}
