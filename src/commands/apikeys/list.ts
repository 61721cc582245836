import type { ConnectionOptions } from '../../connection.ts'
import type { Context } from '../../context.ts'
import type { Milliseconds } from '../../model/duration.ts'
import { type Selection, type SortOrder, selectKeys } from '../../lifecycle/select-keys.ts'
import type { LiveKey } from '../../model/live-key.ts'
import { closest } from '../../model/suggest.ts'
import { jsonText } from '../../render/json.ts'
import { keyToJson } from '../../render/key-json.ts'
import { renderKeyList } from '../../render/key-list.ts'
import { quote } from '../../render/text.ts'

export interface ListOptions extends ConnectionOptions, Selection {
  readonly unused: Milliseconds | null
  readonly expiring: Milliseconds | null
  readonly sort: SortOrder
  readonly json: boolean
  readonly showKeys: boolean
  readonly verbose: boolean
}

/** One request for each 1,000 keys. */
export async function runList(options: ListOptions, context: Context): Promise<number> {
  const { stdout, stderr, timeZone } = context
  const { client } = await context.connect(options)
  const { keys, now, complete } = await client.list()
  const live = keys.filter(({ status }) => status !== 'revoked')
  const shown = selectKeys(live, options, options.sort, now)
  if (!complete) stderr.print('The platform did not list every key this time: run it again for the rest.')
  if (shown.length === 0) suggestProject(options.project, live, context)
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

/** The projects that keys name are all we know without another request. */
function suggestProject(project: string | null, keys: readonly LiveKey[], { stderr }: Context): void {
  if (project === null) return
  const known = new Set(keys.flatMap(({ scope }) => (scope === 'all' ? [] : scope)))
  if (known.has(project)) return
  const near = closest(project, known)
  if (near !== null) stderr.print(`No key names the project ${quote(project)}. Did you mean ${quote(near)}?`)
}
