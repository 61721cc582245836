import { readStores } from '../apply/stored-secrets.ts'
import { verifySecrets } from '../apply/verify-secrets.ts'
import type { ConnectionOptions } from '../runtime/connection.ts'
import type { Context } from '../context.ts'
import { linesFor } from '../render/text/layout.ts'
import type { DesiredKey } from '../model/desired.ts'
import { Declined, Failure } from '../model/failure.ts'
import { closest } from '../model/suggest.ts'
import { isFine } from '../model/verification.ts'
import { jsonText } from '../render/text/json.ts'
import { plural } from '../render/text/values.ts'
import { renderVerification, verificationToJson } from '../render/report/verification-text.ts'
import { isLocal } from '../stores/locality.ts'
import { requireConfiguration } from './configuration.ts'
import { placesHere } from './places.ts'

export interface VerifyOptions extends ConnectionOptions {
  readonly config: readonly string[]
  /** Key ids; none: all keys. */
  readonly keys: readonly string[]
  /** Ask the platform with every secret, not only with those whose end leaves doubt. */
  readonly prove: boolean
  readonly json: boolean
  readonly yes: boolean
  readonly parallelism: number
  readonly verbose: boolean
}

/** More requests than that are not made unasked. */
const unasked = 100

function chosen(keys: readonly DesiredKey[], asked: readonly string[]): readonly DesiredKey[] {
  const ids = keys.map(({ keyId }) => keyId)
  for (const id of asked) {
    if (ids.includes(id)) continue
    const near = closest(id, ids)
    throw new Failure('not-found', `The configuration declares no key ${id}`, {
      hints: [
        near === null ? 'A key goes by its key id here, the name under `keys`.' : `Did you mean ${near}?`,
      ],
    })
  }
  return asked.length === 0 ? keys : keys.filter(({ keyId }) => asked.includes(keyId))
}

/** Says what verifying will cost. */
function announce(secrets: number, { prove }: VerifyOptions): string {
  if (prove)
    return `This makes at most ${plural(secrets + 1, 'request')}: 1 list, and ${secrets} whoami with the stored secrets that end like their keys, each a use of its key.`
  return 'This makes 1 request, and 1 whoami for each stored secret whose end leaves doubt, which is a use of its key. To ask with every secret: --prove'
}

/** Asks where that is much. */
async function confirm(requests: number, { yes }: VerifyOptions, context: Context): Promise<void> {
  if (requests <= unasked || yes) return
  if (!context.interactive) {
    throw new Failure('failed', `${requests} requests are more than ${unasked}, and there is nobody to ask`, {
      hints: ['To make them anyway: --yes', 'Or name some keys: fluxloop-keys verify KEY...'],
    })
  }
  const answer = await context.ask(`Go on with ${requests} requests? Only \`yes\` is taken as a yes: `)
  if (answer !== 'yes') throw new Declined('Verification cancelled')
}

/** Checks that every stored secret is that of the key it should be, or proves it. 1 where one is not. */
export async function runVerify(options: VerifyOptions, context: Context): Promise<number> {
  if (options.parallelism < 1) throw new Failure('usage', '--parallelism takes 1 or more')
  const desired = await requireConfiguration(options.config, null, context)
  const keys = chosen(desired.keys, options.keys)
  const stored = await readStores(keys, await context.stores(), isLocal)
  const secrets = stored.distinct.length
  const isMuch = options.prove && secrets + 1 > unasked
  if (!options.json || isMuch) context.stderr.print(linesFor(announce(secrets, options), context.stderr))
  if (options.prove) await confirm(secrets + 1, options, context)
  const { client } = await context.connect(options)
  const verification = await verifySecrets(stored, desired, client, {
    host: context.host(),
    placesOf: lineages => placesHere(keys, lineages, new Map(), context.host()),
    parallelism: options.parallelism,
    prove: options.prove,
    // What is proved was confirmed before the list was asked for.
    confirm: options.prove ? () => Promise.resolve() : requests => confirm(requests, options, context),
  })
  const { stdout } = context
  stdout.print(
    options.json ? jsonText(verificationToJson(verification)) : renderVerification(verification, stdout),
  )
  return verification.checks.every(isFine) ? 0 : 1
}
