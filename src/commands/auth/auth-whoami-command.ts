import type { Context } from '../../context.ts'
import { identityFields, identityToJson, renderFields } from '../../render/keys/identity.ts'
import { jsonText } from '../../render/text/json.ts'
import type { StatusOptions } from './auth-status-command.ts'

/** Shows what the platform says of the credential in use: one request. */
export async function runWhoami(options: StatusOptions, context: Context): Promise<number> {
  const { stdout, timeZone } = context
  const { client, credential } = await context.connect(options)
  const identity = await client.whoami()
  const now = context.now()
  if (options.json) {
    stdout.print(jsonText(identityToJson(identity, credential.expiresAt, now)))
    return 0
  }
  const style = { palette: stdout.palette, width: stdout.width, now, timeZone }
  stdout.print(renderFields(identityFields(identity, credential.expiresAt, style), style))
  return 0
}
