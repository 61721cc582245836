import type { ConnectionOptions } from '../../runtime/connection.ts'
import type { Context } from '../../context.ts'
import { Failure } from '../../model/failure.ts'
import { isMissing } from '../../platform/missing-call.ts'
import type { PlatformClient, Usage } from '../../platform/types.ts'
import { jsonText } from '../../render/text/json.ts'
import { renderKeyDetails } from '../../render/keys/key-details.ts'
import { keyToJson } from '../../render/keys/key-json.ts'
import { usageToJson } from '../../render/audit/usage-json.ts'
import { findKey } from '../find-key.ts'
import { escapeControls } from '../../render/text/escape.ts'

export interface ShowOptions extends ConnectionOptions {
  /** A key id, a unique name, or the key id of a stack. */
  readonly reference: string
  readonly json: boolean
  readonly verbose: boolean
}

const days = 30

/** Null where the platform keeps no figures of this key, or not for us: the rest of the key is worth showing. */
async function usageOf(id: string, client: PlatformClient, { stderr }: Context): Promise<Usage | null> {
  try {
    return await client.usage(id, days)
  } catch (error) {
    const isSilent =
      error instanceof Failure && (['not-found', 'permission'].includes(error.code) || isMissing(error, true))
    if (!isSilent) throw error
    stderr.print(
      `The platform gives no usage of this key: ${escapeControls(error.message.split('\n')[0] ?? '')}`,
    )
    return null
  }
}

/** Two requests: the list, which names resolve against, and the usage. */
export async function runShow(options: ShowOptions, context: Context): Promise<number> {
  const { stdout, timeZone } = context
  const { client } = await context.connect(options)
  const { key, listing } = await findKey(options.reference, client)
  const usage = await usageOf(key.id, client, context)
  const { now } = listing
  if (options.json) {
    stdout.print(
      jsonText({
        format_version: '1.0',
        api_key: keyToJson(key, now),
        usage: usage === null ? null : usageToJson(usage, days),
      }),
    )
    return 0
  }
  const { palette, width, isTerminal } = stdout
  stdout.print(renderKeyDetails(key, { figures: usage, days }, { palette, width, isTerminal, now, timeZone }))
  return 0
}
