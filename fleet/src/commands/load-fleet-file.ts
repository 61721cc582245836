import type { Context } from '../../../src/context.ts'
import { Failure } from '../../../src/model/failure.ts'
import { plural } from '../../../src/model/plural.ts'
import { diagnosticStyle, renderDiagnostics } from '../../../src/render/text/diagnostics.ts'
import type { Fleet } from '../file/fleet.ts'
import { readFleet } from '../file/read-fleet.ts'

/** Reads the fleet file, or shows all that is wrong with it and throws a Failure. */
export async function loadFleetFile(path: string, { cwd, stderr }: Context): Promise<Fleet> {
  const reading = await readFleet(path, { cwd })
  if (reading.ok) return reading.fleet
  const { diagnostics, omitted } = reading
  stderr.print(renderDiagnostics(diagnostics, diagnosticStyle(stderr)))
  throw new Failure('configuration', `The fleet file has ${plural(diagnostics.length + omitted, 'error')}`)
}
