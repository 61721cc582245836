import schema from '../../schemas/fluxloop-keys.schema.json' with { type: 'json' }
import type { Context } from '../context.ts'
import { jsonText } from '../render/text/json.ts'

/** Prints the schema of the configuration, from which editors complete. */
export function runSchema({ stdout }: Context): number {
  stdout.print(jsonText(schema))
  return 0
}
