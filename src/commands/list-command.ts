import { gather } from '../apply/gather.ts'
import type { ConnectionOptions } from '../runtime/connection.ts'
import type { Context } from '../context.ts'
import { year } from '../model/duration.ts'
import { computeCalendar } from '../plan/compute-calendar.ts'
import { computePlan } from '../plan/compute-plan.ts'
import { originOf } from '../platform/endpoint.ts'
import { jsonText } from '../render/text/json.ts'
import { managedToJson, renderManaged } from '../render/keys/managed-keys.ts'
import { requireConfiguration } from './configuration.ts'
import { managedRows } from './list/managed-rows.ts'
import { nothingAsked, planOptions } from './plan-options.ts'

export interface ManagedListOptions extends ConnectionOptions {
  readonly config: readonly string[]
  readonly json: boolean
  readonly verbose: boolean
}

/** Shows every key of the stack. Costs the requests of one plan, and changes nothing. */
export async function runManagedList(options: ManagedListOptions, context: Context): Promise<number> {
  const { json, config } = options
  const desired = await requireConfiguration(config, null, context)
  const connection = await context.connect(options)
  const gathered = await gather(desired, connection.client)
  const { current, now } = gathered
  const platform = originOf(connection.url)
  const planning = await planOptions({ ...nothingAsked, config, platform }, desired, gathered, context)
  const plan = computePlan(desired, current, now, planning)
  const calendar = computeCalendar(desired, current, now, now + year, planning)
  const rows = managedRows(desired, current, { plan, calendar })
  const { stdout } = context
  stdout.print(json ? jsonText(managedToJson(rows, plan)) : renderManaged(rows, plan, stdout))
  return 0
}
