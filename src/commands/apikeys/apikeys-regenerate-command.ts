import { writeAsSeen } from '../../apply/as-seen.ts'
import { platformWithCrashPoints } from '../../apply/crash-points.ts'
import type { NewSecret } from '../../apply/make-key.ts'
import type { ConnectionOptions } from '../../runtime/connection.ts'
import type { Context } from '../../context.ts'
import type { Instant } from '../../model/duration.ts'
import { Failure } from '../../model/failure.ts'
import type { LiveKey } from '../../model/live-key.ts'
import { PlatformFailure } from '../../platform/platform-failure.ts'
import type { PlatformClient } from '../../platform/types.ts'
import { regenerationNote } from '../../render/keys/management.ts'
import {
  placesOf,
  regenerationAftermath,
  regenerationWarning,
  success,
} from '../../render/keys/written-key.ts'
import { findKey } from '../find-key.ts'
import { serverClock } from '../server-clock.ts'
import { isCallingKey } from './refuse-calling-key.ts'
import { confirmYes } from './confirm.ts'
import { allowedPaths } from '../configuration.ts'
import { type Target, deliverTo, requireReady, targetOf } from './delivery-target.ts'
import {
  boxOf,
  mayPrint,
  printIssuedJson,
  printSecret,
  requireReader,
  showUnplaced,
} from './issued-secret.ts'
import { type Management, managementOf } from './find-management.ts'
import { lookAgain, screenOf } from './screen.ts'

export interface RegenerateOptions extends ConnectionOptions {
  /** A key id, a unique name, or the key id of a stack. */
  readonly reference: string
  /** Do not ask. */
  readonly force: boolean
  /** Also the key that authenticates us. */
  readonly forceSelf: boolean
  readonly json: boolean
  /** Print the secret alone, wherever else it goes. */
  readonly quiet: boolean
  readonly allowUnmasked: boolean
  /** Of the stack that owns the key; the usual one where it is empty. */
  readonly config: readonly string[]
  readonly allowPath: readonly string[]
  readonly verbose: boolean
}

/** What a new secret needs to get into its stores. */
interface ReadyDelivery {
  readonly management: Management
  readonly target: Target
  readonly clock: () => Instant
}

/** The old secret is dead from here on, so whatever goes wrong says what that means. */
async function regenerate(key: LiveKey, client: PlatformClient, context: Context): Promise<NewSecret> {
  const idempotencyKey = `fluxloop-keys-${context.nonce()}`
  const again = `Its old secret may be dead. Run: fluxloop-keys apikeys regenerate ${key.id}`
  try {
    const platform = platformWithCrashPoints(client, context.checkpoint)
    const { key: live, secret } = await writeAsSeen(
      key,
      {
        send: ifMatch => platform.regenerate(key.id, { ifMatch, idempotencyKey, seen: key }),
        done: () => null,
        looksWhenLost: false,
        next: lookAgain(key),
      },
      platform,
    )
    if (secret !== null) return { live, secret }
  } catch (cause) {
    if (!(cause instanceof PlatformFailure) || !cause.ambiguous) throw cause
    throw new Failure(cause.code, cause.message, { hints: [again, ...cause.hints], cause })
  }
  throw new Failure('failed', `The platform regenerated ${key.id}, but its answer holds no secret`, {
    hints: [again],
  })
}

/**
 * Says that the key was regenerated. `shown`: the secret is printed, too, and this rejects with a `Failure` where nobody takes it.
 */
async function show(
  { live, secret }: NewSecret,
  places: readonly string[],
  shown: boolean,
  { json, quiet }: RegenerateOptions,
  context: Context,
): Promise<void> {
  const { stdout } = context
  if (quiet) await printSecret(secret, context)
  else if (json) await printIssuedJson(live, shown ? secret : null, places, context)
  else {
    const screen = screenOf(stdout, context.now(), context)
    const heading = success('regenerated', stdout.palette)
    if (shown)
      await stdout.printOnce(`${heading}\n\n${boxOf(secret, context)}\n\n${regenerationAftermath(screen)}`)
    else if (places.length > 0) stdout.print(`${heading}\n\n${placesOf(places, screen)}`)
  }
}

/** What to say where a store, or whoever reads our output, did not take the new secret; null where each did. */
function shortfall(
  id: string,
  places: readonly string[],
  shown: boolean,
  fault: Failure | null,
  unread: Failure | null,
): Failure | null {
  const cause = fault ?? unread
  if (cause === null) return null
  const { hints } = cause
  const printed = shown && unread === null
  if (places.length === 0 && !printed) {
    const again = `Its old secret is dead, and its new one is lost. Run: fluxloop-keys apikeys regenerate ${id}`
    const message = `${id} was regenerated, and nobody has its new secret: ${cause.message}`
    return new Failure('failed', message, { hints: [again, ...hints], cause })
  }
  const where =
    places.length === 0 ? 'no store has its new secret' : `its new secret is in ${places.join(', ')}`
  const next = printed
    ? ['The new secret was printed: put it where it is needed.']
    : fault === null
      ? []
      : ['The new secret was not printed. fluxloop-keys apply brings it to the stores that lack it.']
  return new Failure(
    fault === null ? 'failed' : 'partial',
    `${id} was regenerated, and ${where}, but: ${cause.message}`,
    { hints: [...next, ...hints], cause },
  )
}

async function replace(
  key: LiveKey,
  delivery: ReadyDelivery | null,
  isCaller: boolean,
  client: PlatformClient,
  options: RegenerateOptions,
  context: Context,
): Promise<void> {
  const replaced = await regenerate(key, client, context).catch(async (cause: unknown) => {
    throw await showUnplaced(cause, options, context)
  })
  const { places, fault } =
    delivery === null
      ? { places: [], fault: null }
      : await deliverTo(
          delivery.target,
          { ...replaced, marker: delivery.management.marker },
          isCaller,
          delivery.clock,
          client,
          context,
        )
  // Where a store failed, a person at the screen is sure to have the secret. --json asks for it only where there is no store.
  const shown =
    options.quiet ||
    (delivery === null ? mayPrint(options, context) : fault !== null && context.stdout.isTerminal)
  const unread = await show(replaced, places, shown, options, context).then(
    () => null,
    (cause: unknown) => {
      if (cause instanceof Failure) return cause
      throw cause
    },
  )
  const short = shortfall(key.id, places, shown, fault, unread)
  if (short !== null) throw short
}

/** Replaces the secret of a key at once. A managed key's goes into its stores, where its configuration is at hand. */
export async function runRegenerate(options: RegenerateOptions, context: Context): Promise<number> {
  if (options.json && options.quiet) {
    throw new Failure('usage', '--json and --quiet are two outputs: give one of them')
  }
  if (!options.allowUnmasked) await context.requireMasking()
  const { stderr } = context
  const { client } = await context.connect(options)
  const clockFrom = serverClock()
  const found = await findKey(options.reference, client)
  const { key, listing } = found
  const isCaller = await isCallingKey(key, 'regenerate', options.forceSelf, client)
  const management = await managementOf(found, options.config, context)
  const screen = screenOf(stderr, listing.now, context)
  let delivery: ReadyDelivery | null = null
  if (management !== null) {
    const allowed = allowedPaths(options.allowPath, context.cwd)
    const { target, why } = await targetOf(key, management, allowed, context)
    if (target !== null) {
      await requireReady(target, context)
      delivery = { management, target, clock: clockFrom(listing.now) }
    }
    stderr.print(`${regenerationNote(management, why, screen)}\n\n`)
  }
  if (delivery === null || options.quiet) requireReader(options, context)
  if (!options.force) {
    stderr.print(`${regenerationWarning(key, screen)}\n\n`)
    await confirmYes('regenerate', `${key.id} was not regenerated`, context)
    stderr.print('')
  }
  await context.finishingOnInterrupt(() => replace(key, delivery, isCaller, client, options, context))
  return 0
}
