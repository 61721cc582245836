// Loaded into the built program before its own code: whenever it sleeps, its monotonic clock leaps ahead by five seconds. So it
// sees a lock expire after a dozen short sleeps, and its own work takes as long as it takes.
import { syncBuiltinESMExports } from 'node:module'
import timers from 'node:timers/promises'

const leap = 5_000
let ahead = 0

const { now } = performance
performance.now = () => now.call(performance) + ahead

const sleep = timers.setTimeout
timers.setTimeout = async (milliseconds = 1, value, options) => {
  await sleep(Math.min(milliseconds, 5), undefined, options)
  ahead += leap
  return value
}
syncBuiltinESMExports()
