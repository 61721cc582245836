import type { Context } from '../../context.ts'
import type { DesiredKey } from '../../model/desired.ts'
import { Failure } from '../../model/failure.ts'
import type { Secret } from '../../model/secret.ts'
import { type StoreSpec, storeLabel } from '../../model/store.ts'
import { closest } from '../../model/suggest.ts'
import type { Stores } from '../../stores/open.ts'
import { requireConfiguration } from '../configuration.ts'

function declared(keys: readonly DesiredKey[], asked: string): DesiredKey {
  const found = keys.find(({ keyId }) => keyId === asked)
  if (found !== undefined) return found
  const near = closest(
    asked,
    keys.map(({ keyId }) => keyId),
  )
  throw new Failure('not-found', `The configuration declares no key ${asked}`, {
    hints:
      near === null ? ['A key goes by its key id here, the name under `keys`.'] : [`Did you mean ${near}?`],
  })
}

/** Other programs get it next: what is not a secret of a key might end a line there, or be none of its length. */
function requirePlain(secret: Secret, keyId: string, spec: StoreSpec): Secret {
  if (secret.isPlain()) return secret
  throw new Failure('failed', `What ${storeLabel(spec)} holds is not a secret of ${keyId}`, {
    hints: [
      'It has spaces, line breaks, characters that no key has or a command to a CI runner: something else wrote it there.',
      '`fluxloop-keys verify` says which stored secrets work.',
    ],
  })
}

/** The secret of the first store that has one. A store that fails does not hide the next one, but it does count as no proof of absence. */
async function readFirst({ keyId, stores: declaredStores }: DesiredKey, stores: Stores): Promise<Secret> {
  const asked: StoreSpec[] = []
  const failures: Failure[] = []
  for (const { spec } of declaredStores) {
    const store = stores.open(spec)
    if (!store.readable) continue
    asked.push(spec)
    try {
      const secret = await store.get()
      if (secret !== null) return requirePlain(secret, keyId, spec)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      failures.push(error)
    }
  }
  const [first] = failures
  if (first !== undefined) throw first
  const labels = (asked.length === 0 ? declaredStores.map(({ spec }) => spec) : asked).map(storeLabel)
  if (asked.length === 0)
    throw new Failure('usage', `No store of ${keyId} can be read back: ${labels.join(', ')}`, {
      hints: ['An age-file can where it has an `identity`; a keychain and an env-file always can.'],
    })
  throw new Failure('not-found', `There is no secret of ${keyId} in ${labels.join(', ')}`, {
    hints: ['`fluxloop-keys apply` delivers it; `fluxloop-keys plan` shows whether it would.'],
  })
}

/**
 * The delivered secrets of keys, by key id, in the order asked for. Asks the configuration (`config`, as `-c` has it) and the stores,
 * and nobody else. Rejects with a `Failure` where one of them cannot be had.
 */
export async function readSecrets(
  keyIds: readonly string[],
  config: readonly string[],
  context: Context,
): Promise<ReadonlyMap<string, Secret>> {
  const { keys } = await requireConfiguration(config, null, context)
  const wanted = [...new Set(keyIds)].map(keyId => declared(keys, keyId))
  const stores = await context.stores()
  const secrets = new Map<string, Secret>()
  for (const key of wanted) secrets.set(key.keyId, await readFirst(key, stores))
  return secrets
}
