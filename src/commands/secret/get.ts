import type { Context } from '../../context.ts'
import type { DesiredKey } from '../../model/desired.ts'
import { Failure } from '../../model/failure.ts'
import type { Secret } from '../../model/secret.ts'
import { type StoreSpec, storeLabel } from '../../model/store.ts'
import { closest } from '../../model/suggest.ts'
import type { Stores } from '../../stores/open.ts'
import { requireConfiguration } from '../configuration.ts'

export interface SecretGetOptions {
  readonly config: readonly string[]
  /** A key id of the configuration. */
  readonly key: string
  readonly reveal: boolean
}

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
      if (secret !== null) return secret
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
 * Prints a delivered secret: to a pipe or file exactly as it is, to a terminal only with `--reveal`, and then on a line of its
 * own. Asks the stores and nobody else.
 */
export async function runSecretGet(options: SecretGetOptions, context: Context): Promise<number> {
  const { stdout } = context
  if (stdout.isTerminal && !options.reveal)
    throw new Failure(
      'usage',
      'Standard output is a terminal, where everybody behind you could read the secret',
      {
        hints: ['Send it through a pipe, or say --reveal where you want to see it.'],
      },
    )
  const { keys } = await requireConfiguration(options.config, null, context)
  const secret = await readFirst(declared(keys, options.key), await context.stores())
  if (stdout.isTerminal) stdout.print(secret.reveal())
  else stdout.write(secret.reveal())
  return 0
}
