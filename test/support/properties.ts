import { randomInt } from 'node:crypto'
import fc from 'fast-check'

/**
 * Every run of the tests tries the same cases, so that none fails by chance. `FUZZ` tries others each time, and a failure
 * prints its seed: `SEED=… npx tap FILE` plays it again.
 */
function chooseSeed(): number {
  const asked = process.env['SEED']
  if (asked !== undefined) return Number(asked)
  return process.env['FUZZ'] === undefined ? 20_261_129 : randomInt(2 ** 31)
}

export const seedOfThisRun = chooseSeed()
fc.configureGlobal({ seed: seedOfThisRun })

export { fc }
