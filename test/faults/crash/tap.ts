import type { Test } from 'tap'
import { type Case, allCases, seeded } from './cases.ts'
import type { Verdict } from './play.ts'
import { playAll, replayCommand } from './run.ts'

/** Plays so many of the cases that fit, always the same ones, with an assertion for each. */
export async function playSeeded(
  t: Test,
  fits: (one: Case) => boolean,
  count: number,
): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = []
  await playAll(seeded(allCases().filter(fits), 'ci', count), ({ title, verdict }, one) => {
    t.strictSame(verdict.faults, [], `${title}, played again by: ${replayCommand(one)}`)
    verdicts.push(verdict)
  })
  return verdicts
}
