import { readStores } from '../apply/stored-secrets.ts'
import { verifySecrets } from '../apply/verify.ts'
import type { ConnectionOptions } from '../connection.ts'
import type { Context } from '../context.ts'
import type { DesiredKey } from '../model/desired.ts'
import { Failure } from '../model/failure.ts'
import { closest } from '../model/suggest.ts'
import { isFine } from '../model/verification.ts'
import { jsonText } from '../render/json.ts'
import { plural } from '../render/values.ts'
import { renderVerification, verificationToJson } from '../render/verification.ts'
import { isLocal } from '../stores/locality.ts'
import { requireConfiguration } from './configuration.ts'

export interface VerifyOptions extends ConnectionOptions {
  readonly config: readonly string[]
  /** Key ids; none: all keys. */
  readonly keys: readonly string[]
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

/** Says what verifying will cost, and asks where that is much. */
async function announce(secrets: number, { json, yes }: VerifyOptions, context: Context): Promise<void> {
  const requests = secrets + 1
  const words = `This makes at most ${plural(requests, 'request')}: 1 list, and ${secrets} whoami with the stored secrets that end like their keys, each a use of its key.`
  if (!json || requests > unasked) context.stderr.print(words)
  if (requests <= unasked || yes) return
  if (!context.interactive) {
    throw new Failure('failed', `${requests} requests are more than ${unasked}, and there is nobody to ask`, {
      hints: ['To make them all the same: --yes', 'Or name some keys: fluxloop-keys verify KEY...'],
    })
  }
  const answer = await context.ask('Go on? Only `yes` is taken as a yes: ')
  if (answer !== 'yes') throw new Failure('failed', 'Verification cancelled: no request was made')
}

/** Proves that every stored secret authenticates as the key it should be. 1 where one does not. */
export async function runVerify(options: VerifyOptions, context: Context): Promise<number> {
  if (options.parallelism < 1) throw new Failure('usage', '--parallelism takes 1 or more')
  const desired = await requireConfiguration(options.config, null, context)
  const keys = chosen(desired.keys, options.keys)
  const stored = await readStores(keys, await context.stores(), isLocal)
  await announce(stored.distinct.length, options, context)
  const { client } = await context.connect(options)
  const verification = await verifySecrets(stored, desired, client, {
    host: context.host(),
    parallelism: options.parallelism,
  })
  const { stdout } = context
  stdout.print(
    options.json ? jsonText(verificationToJson(verification)) : renderVerification(verification, stdout),
  )
  return verification.checks.every(isFine) ? 0 : 1
}
