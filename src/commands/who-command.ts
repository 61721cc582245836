import { keyUsers, windowsFor } from '../audit/consumers/find-key-users.ts'
import type { Context } from '../context.ts'
import { type Lineage, lineageOf, membersOf } from '../lifecycle/lineage.ts'
import { ownedKeys } from '../lifecycle/ownership.ts'
import type { DesiredKey, DesiredState } from '../model/desired.ts'
import { Failure } from '../model/failure.ts'
import type { WhoReport } from '../model/key-users.ts'
import { closest } from '../model/suggest.ts'
import { renderWho, renderWhoTable, whoToJson } from '../render/audit/who-text.ts'
import { jsonText } from '../render/text/json.ts'
import type { ConnectionOptions } from '../runtime/connection.ts'
import { maximumRequestsOf, windowOf } from './audit/options.ts'
import { requireConfiguration } from './configuration.ts'
import { askUsage } from './who/figures.ts'

export interface WhoOptions extends ConnectionOptions {
  readonly config: readonly string[]
  readonly json: boolean
  readonly verbose: boolean
  /** A key id; null with `all`. */
  readonly key: string | null
  readonly all: boolean
  readonly window: string | null
  readonly maxRequests: number | null
  readonly parallelism: number
  /** Addresses and user agents also where the output is not a terminal. */
  readonly showPersonal: boolean
}

function chosen({ stack, keys }: DesiredState, { key, all }: WhoOptions): readonly DesiredKey[] {
  if ((key === null) !== all) {
    throw new Failure('usage', 'who takes one key, or --all', { hints: ['See: fluxloop-keys help who'] })
  }
  if (key === null) return keys
  const found = keys.filter(({ keyId }) => keyId === key)
  if (found.length > 0) return found
  const near = closest(
    key,
    keys.map(({ keyId }) => keyId),
  )
  throw new Failure('not-found', `The configuration of ${stack} declares no key \`${key}\``, {
    hints: near === null ? [] : [`Did you mean ${near}?`],
  })
}

/** Who uses declared keys: a list, and one request for each live key and window. Changes nothing. */
export async function runWho(options: WhoOptions, context: Context): Promise<number> {
  const { json, parallelism } = options
  const windowDays = windowOf(options.window)
  const maximumRequests = maximumRequestsOf(options.maxRequests)
  if (parallelism < 1) throw new Failure('usage', '--parallelism takes 1 or more')
  const desired = await requireConfiguration(options.config, null, context)
  const keys = chosen(desired, options)
  const { client } = await context.connect(options)
  const listing = await client.list()
  const { now } = listing
  const owned = ownedKeys(desired, listing.keys, now)
  const cases = keys.map((key): { readonly key: DesiredKey; readonly lineage: Lineage } => {
    return { key, lineage: owned.lineages.get(key.keyId) ?? lineageOf(key.keyId, []) }
  })
  const questions = cases.flatMap(({ key, lineage }) =>
    membersOf(lineage).flatMap(({ live }) =>
      windowsFor(key, windowDays).map(days => ({ liveId: live.id, days })),
    ),
  )
  const figures = await askUsage(questions, { client, now, maximumRequests, parallelism })
  const complete = listing.complete && listing.doubts.unreadable.length === 0
  const report: WhoReport = {
    stack: desired.stack,
    now,
    keys: cases.map(({ key, lineage }) => {
      const ids = membersOf(lineage).map(({ live }) => live.id)
      const of = (days: number) =>
        complete ? figures(ids, days) : ({ known: false, why: 'list-incomplete' } as const)
      return keyUsers(key, lineage, of, { now, windowDays })
    }),
    requests: client.requests(),
  }
  const { stdout } = context
  const personal = options.showPersonal || (!json && stdout.isTerminal)
  if (json) stdout.print(jsonText(whoToJson(report, personal)))
  else stdout.print((options.all ? renderWhoTable : renderWho)(report, { ...stdout, personal }))
  return 0
}
