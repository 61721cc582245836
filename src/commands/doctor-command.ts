import type { ConnectionOptions } from '../runtime/connection.ts'
import type { Context } from '../context.ts'
import { type Checkup, isHealthy } from '../model/checkup.ts'
import { exitCodes } from '../model/failure.ts'
import { checkupToJson, renderCheckup } from '../render/report/checkup-text.ts'
import { jsonText } from '../render/text/json.ts'
import { allowedPaths } from './configuration.ts'
import { checkLocks } from './doctor/locks.ts'
import { checkConfiguration, checkNode, checkProgram } from './doctor/machine.ts'
import { checkPlatform } from './doctor/platform.ts'
import { checkStores } from './doctor/stores.ts'

export interface DoctorOptions extends ConnectionOptions {
  readonly config: readonly string[]
  readonly json: boolean
  /** Try also what the platform has to write for: a key is made and ended. */
  readonly write: boolean
  readonly verbose: boolean
  readonly allowPath: readonly string[]
}

/**
 * Looks at all that a run needs, and says of whatever does not work what to do. Goes on where something fails. Makes five
 * requests, and writes nothing that stays. 1 where anything failed.
 */
export async function runDoctor(options: DoctorOptions, context: Context): Promise<number> {
  const { desired, check: configuration } = await checkConfiguration(options.config, context)
  const platform = await checkPlatform(options, desired, context)
  const locks = await checkLocks(options, desired, context)
  const stores = await checkStores(desired, allowedPaths(options.allowPath, context.cwd), context)
  const checkup: Checkup = {
    checks: [
      checkProgram(context),
      checkNode(process.versions.node),
      configuration,
      ...platform.checks,
      ...locks,
      ...stores,
    ],
    requests: platform.requests,
  }
  const { stdout } = context
  stdout.print(options.json ? jsonText(checkupToJson(checkup)) : renderCheckup(checkup, stdout))
  return isHealthy(checkup) ? 0 : exitCodes.failed
}
