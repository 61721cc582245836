import pLimit from 'p-limit'
import type { Test } from 'tap'
import { checkpointOf, rareFirst, sampled } from './choice.ts'
import { type Choice, playSetting } from './play.ts'
import { allSettings, caseOf, replayCommand, settingTitle } from './setting.ts'

/** What was played, and at which checkpoints a run was killed. */
export interface Played {
  readonly titles: readonly string[]
  readonly killedAt: ReadonlySet<string>
}

const everyPlace = { firsts: Infinity, seconds: Infinity }

/**
 * Plays a part of the matrix, always the same one, with an assertion for each case: in every so manyth setting one run that is
 * not killed, and runs killed at `firsts` of the points that it comes by, each with one recovery that is killed as well.
 */
export async function playPart(
  t: Test,
  { part, parts, firsts }: { readonly part: number; readonly parts: number; readonly firsts: number },
): Promise<Played> {
  const titles: string[] = []
  const limit = pLimit(3)
  await Promise.all(
    allSettings()
      .filter((_one, index) => index % parts === part - 1)
      .map(setting =>
        limit(() => {
          const mixed = sampled(`ci ${settingTitle(setting)}`, everyPlace)
          const choice: Choice = {
            firsts: places => rareFirst(mixed.firsts(places)).slice(0, firsts),
            seconds: (first, places) => rareFirst(mixed.seconds(first, places)).slice(0, 1),
          }
          return playSetting(setting, choice, ({ title, faults }) => {
            t.strictSame(faults, [], `${title}, played again by: ${replayCommand(title)}`)
            titles.push(title)
          })
        }),
      ),
  )
  const kills = titles.map(caseOf).flatMap(({ kills: { first, second } }) => [first, second])
  return { titles, killedAt: new Set(kills.filter(place => place !== null).map(checkpointOf)) }
}
