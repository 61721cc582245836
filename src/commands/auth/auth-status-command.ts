import type { Connection, ConnectionOptions } from '../../runtime/connection.ts'
import type { Context } from '../../context.ts'
import { Failure } from '../../model/failure.ts'
import {
  type Field,
  type IdentityStyle,
  identityFields,
  identityToJson,
  renderFields,
} from '../../render/keys/identity.ts'
import { jsonText } from '../../render/text/json.ts'

export interface StatusOptions extends ConnectionOptions {
  readonly verbose: boolean
  readonly json: boolean
}

function styleOf({ stdout, now, timeZone }: Context): IdentityStyle {
  return { palette: stdout.palette, width: stdout.width, now: now(), timeZone }
}

function failureToJson({ code, message, hints }: Failure) {
  return { code, message, hints }
}

/** Shows which credential is in use and what it may do. Fails with `authentication` (3) where there is none, or it is invalid. */
export async function runStatus(options: StatusOptions, context: Context): Promise<number> {
  const { stdout } = context
  const { url, source: chosenBy } = await context.endpoint(options)
  const platform = { url, source: chosenBy }
  const nobody = { authenticated: false, platform, account: null, expires_at: null, days_remaining: null }
  let connection: Connection | null = null
  try {
    connection = await context.connect(options)
    const { client, credential } = connection
    const identity = await client.whoami()
    const { source, expiresAt } = credential
    if (options.json) {
      const who = identityToJson(identity, expiresAt, context.now())
      stdout.print(jsonText({ authenticated: true, platform, credential: source, ...who, error: null }))
    } else {
      const style = styleOf(context)
      stdout.print(`${stdout.palette.bold(`${stdout.palette.green('✅')} Authenticated`)}\n\n`)
      const fields: readonly Field[] = [
        ['Platform', `${url} (${chosenBy})`],
        ['Credential', source],
        ...identityFields(identity, expiresAt, style),
      ]
      stdout.print(renderFields(fields, style))
    }
    return 0
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    const credential = connection?.credential.source ?? null
    if (options.json) {
      stdout.print(jsonText({ ...nobody, credential, api_key: null, error: failureToJson(error) }))
      return error.exitCode
    }
    const where: readonly Field[] = [['Platform', `${url} (${chosenBy})`]]
    const used: readonly Field[] = credential === null ? [] : [['Credential', credential]]
    stdout.print(`${renderFields([...where, ...used], styleOf(context))}\n\n`)
    throw error
  }
}
