// Loaded into a program before its own code: hours of its clock take seconds. See shared-clock.ts.
import { openSync, readSync, writeSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import timers from 'node:timers/promises'

/** Shorter sleeps are what they are. */
const shortest = 60_000
const step = 100
const steps = 30

const file = openSync(process.env['LEAPING_CLOCK'] ?? '', 'r+')
const ahead = new Float64Array(1)

function read() {
  readSync(file, ahead, 0, 8, 0)
  return ahead[0] ?? Number.NaN
}

const realNow = Date.now
Date.now = () => realNow() + read()

// The server's clock is carried on by this one.
const realElapsed = performance.now.bind(performance)
performance.now = () => realElapsed() + read()

const sleep = timers.setTimeout
timers.setTimeout = async (milliseconds = 1, value, options) => {
  if (milliseconds < shortest) return await sleep(milliseconds, value, options)
  const leap = milliseconds / steps - step
  for (let count = 0; count < steps; count += 1) {
    await sleep(step, undefined, options)
    ahead[0] = read() + leap
    writeSync(file, ahead, 0, 8, 0)
  }
  return value
}
syncBuiltinESMExports()
