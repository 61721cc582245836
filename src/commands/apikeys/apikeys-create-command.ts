import { type Made, createByHand } from '../../apply/create-by-hand.ts'
import { platformWithCrashPoints, storesWithCrashPoints } from '../../apply/crash-points.ts'
import { type OpenStore, storesOf } from '../../apply/put.ts'
import { withdraw } from '../../apply/withdraw.ts'
import { whyNotCopied } from '../../runtime/clipboard/why-not-copied.ts'
import { storeArgument } from '../../config/store-argument.ts'
import type { ConnectionOptions } from '../../runtime/connection.ts'
import type { Context } from '../../context.ts'
import { requireProjects } from '../../model/asked.ts'
import { Failure } from '../../model/failure.ts'
import { newKeyDetails, placesOf, success } from '../../render/keys/written-key.ts'
import { boxOf, printIssuedJson, printSecret, requireReader, showUnplaced } from './issued-secret.ts'
import { filesOf } from '../../stores/sweep.ts'
import { type NewKeyFlags, askForRest, readGiven, withDefaults } from './new-key.ts'
import { screenOf } from './screen.ts'

export interface CreateOptions extends ConnectionOptions, NewKeyFlags {
  readonly verbose: boolean
  readonly json: boolean
  /** Print the secret alone. */
  readonly quiet: boolean
  /** Stores that get the secret in place of the screen. */
  readonly stores: readonly string[]
  readonly clipboard: boolean
  readonly allowUnmasked: boolean
}

function requireOneOutput({ json, quiet, stores }: CreateOptions): void {
  if (json && quiet) throw new Failure('usage', '--json and --quiet are two outputs: give one of them')
  if (quiet && stores.length > 0) {
    throw new Failure(
      'usage',
      '--quiet prints the secret and --store keeps it off the screen: give one of them',
    )
  }
}

/** Opens the stores that will receive the secret. Each of them has to be able to, before a key is made. */
async function readyStores(
  name: string,
  { stores: asked }: CreateOptions,
  context: Context,
): Promise<readonly OpenStore[]> {
  if (asked.length === 0) return []
  const specs = asked.map(text => storeArgument(text, name, context.cwd))
  // Whoever types a path on the command line has named it.
  const stores = await context.stores(specs.flatMap(filesOf))
  for (const failure of (await stores.probe(specs)).values()) if (failure !== null) throw failure
  return storesOf(
    { stores: specs.map(spec => ({ spec, hash: '' })) },
    { stores: storesWithCrashPoints(stores, context.checkpoint) },
  )
}

async function copyLine({ secret }: Made, context: Context): Promise<string> {
  const copied = await context.copySecret(secret, null)
  if (copied.ok) return 'The key has been copied to your clipboard.'
  const why = whyNotCopied(copied)
  return why === null
    ? 'There is no clipboard here: copy the key from the box above.'
    : `The key is not in your clipboard (${why}): copy it from the box above.`
}

/** The secret first: whatever the clipboard does, it is on the screen. */
async function show(made: Made, options: CreateOptions, context: Context): Promise<void> {
  const { stdout } = context
  const { live, secret, places } = made
  if (options.quiet) {
    await printSecret(secret, context)
    return
  }
  if (options.json) {
    await printIssuedJson(live, places.length === 0 ? secret : null, places, context)
    return
  }
  const screen = screenOf(stdout, live.createdAt, context)
  const around = (middle: string) =>
    `${success('created', stdout.palette)}\n\n${middle}\n\n${newKeyDetails(live, screen)}`
  if (places.length > 0) {
    stdout.print(around(placesOf(places, screen)))
    return
  }
  await stdout.printOnce(around(boxOf(secret, context)))
  if (stdout.isTerminal && options.clipboard) stdout.print(`\n${await copyLine(made, context)}`)
}

/** Makes a key that no configuration declares. Nothing is made before everything that was given is known to be right. */
export async function runCreate(options: CreateOptions, context: Context): Promise<number> {
  requireOneOutput(options)
  if (options.stores.length === 0) requireReader(options, context)
  if (!options.allowUnmasked) await context.requireMasking()
  const given = readGiven(options, context.now())
  const asking = given.name === null && context.interactive
  if (!asking) withDefaults(given)
  // A wrong --store is found out before anything is asked or called; the name only gives the keychain its account.
  for (const text of options.stores) storeArgument(text, '', context.cwd)
  const { client } = await context.connect(options)
  if (given.scope !== null && given.scope !== 'all') {
    const projects = await client.projects()
    requireProjects(
      given.scope,
      projects.map(({ name }) => name),
    )
  }
  const key = withDefaults(asking ? await askForRest(given, client, context) : given)
  const stores = await readyStores(key.name, options, context)
  await context.finishingOnInterrupt(async () => {
    const ports = { platform: platformWithCrashPoints(client, context.checkpoint) }
    const made = await createByHand(key, `fluxloop-keys-${context.nonce()}`, stores, ports).catch(
      async (cause: unknown) => {
        throw await showUnplaced(cause, options, context)
      },
    )
    try {
      await show(made, options, context)
    } catch (cause) {
      throw cause instanceof Failure ? await withdraw(made.live, cause, ports) : cause
    }
  })
  return 0
}
