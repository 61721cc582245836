import type { ConnectionOptions } from '../../runtime/connection.ts'
import type { Context } from '../../context.ts'
import type { Milliseconds } from '../../model/duration.ts'
import { type Selection, type SortOrder, selectKeys } from '../../lifecycle/select-keys.ts'
import { Failure } from '../../model/failure.ts'
import type { LiveKey } from '../../model/live-key.ts'
import { closest } from '../../model/suggest.ts'
import type { PlatformClient } from '../../platform/types.ts'
import { jsonText } from '../../render/text/json.ts'
import { keyToJson } from '../../render/keys/key-json.ts'
import { renderKeyList } from '../../render/keys/key-list.ts'
import { quote } from '../../render/text/escape.ts'
import { unreadableText } from '../../render/plan/platform-findings.ts'

export interface ListOptions extends ConnectionOptions, Selection {
  readonly unused: Milliseconds | null
  readonly expiring: Milliseconds | null
  readonly sort: SortOrder
  readonly json: boolean
  readonly showKeys: boolean
  readonly verbose: boolean
}

/** One request for each 1,000 keys, and one more for a project that no key names. */
export async function runList(options: ListOptions, context: Context): Promise<number> {
  const { stdout, stderr, timeZone } = context
  const { client } = await context.connect(options)
  const { keys, now, complete, doubts } = await client.list()
  const live = keys.filter(({ status }) => status !== 'revoked')
  await requireProject(options.project, live, client)
  const shown = selectKeys(live, options, options.sort, now)
  if (!complete) stderr.print('The platform did not list every key this time: run it again for the rest.')
  for (const key of doubts.unreadable) stderr.print(unreadableText(key))
  const { json, showKeys } = options
  stdout.print(
    json
      ? jsonText({
          format_version: '1.0',
          complete,
          total: live.length,
          api_keys: shown.map(key => keyToJson(key, now, { masked: showKeys })),
        })
      : renderKeyList(shown, live, {
          palette: stdout.palette,
          width: stdout.width,
          now,
          timeZone,
          showKeys,
        }),
  )
  return 0
}

/** Throws a not-found `Failure` for a project that neither a key names nor the platform has: one request, where no key names it. */
async function requireProject(
  project: string | null,
  keys: readonly LiveKey[],
  client: PlatformClient,
): Promise<void> {
  if (project === null) return
  const named = keys.flatMap(({ scope }) => (scope === 'all' ? [] : scope))
  if (named.includes(project)) return
  const known = (await client.projects()).map(({ name }) => name)
  if (known.includes(project)) return
  const near = closest(project, new Set([...known, ...named]))
  throw new Failure('not-found', `There is no project ${quote(project)} that you can reach`, {
    hints: [
      ...(near === null ? [] : [`Did you mean ${quote(near)}?`]),
      'fluxloop-keys projects list shows the projects.',
    ],
  })
}
