import { gather } from '../apply/gather.ts'
import type { ConnectionOptions } from '../runtime/connection.ts'
import type { Context } from '../context.ts'
import { day } from '../model/duration.ts'
import { Failure } from '../model/failure.ts'
import { computeCalendar } from '../plan/compute-calendar.ts'
import { calendarToJson, renderCalendar } from '../render/plan/key-calendar.ts'
import { originOf } from '../platform/endpoint.ts'
import { jsonText } from '../render/text/json.ts'
import { requireConfiguration } from './configuration.ts'
import { nothingAsked, planOptions } from './plan-options.ts'

export interface CalendarOptions extends ConnectionOptions {
  readonly config: readonly string[]
  readonly json: boolean
  readonly verbose: boolean
  readonly days: number
}

/** Farther than that nobody knows what the configuration will say. */
const farthest = 366

/** Costs the requests of one plan. */
export async function runCalendar(options: CalendarOptions, context: Context): Promise<number> {
  const { days, json, config } = options
  if (days < 1 || days > farthest) throw new Failure('usage', `--days takes 1 to ${farthest}, not ${days}`)
  const desired = await requireConfiguration(config, null, context)
  const connection = await context.connect(options)
  const gathered = await gather(desired, connection.client)
  const { current, now } = gathered
  const platform = originOf(connection.url)
  const planning = await planOptions({ ...nothingAsked, config, platform }, desired, gathered, context)
  const calendar = computeCalendar(desired, current, now, now + days * day, planning)
  const { stdout } = context
  stdout.print(json ? jsonText(calendarToJson(calendar)) : renderCalendar(calendar, stdout))
  return 0
}
