import pLimit from 'p-limit'
import type { Test } from 'tap'
import { sampled } from './choice.ts'
import { playSetting } from './play.ts'
import { allSettings, replayCommand, settingTitle } from './setting.ts'

/** What was played, and by which checkpoints those runs came that say so. */
export interface Played {
  readonly titles: readonly string[]
  readonly places: readonly string[]
}

/**
 * Plays a part of the matrix, always the same one, with an assertion for each case: in every so manyth setting one run that is
 * not killed, and runs killed at `firsts` of the points that it comes by, each with one recovery that is killed as well.
 */
export async function playPart(
  t: Test,
  { part, parts, firsts }: { readonly part: number; readonly parts: number; readonly firsts: number },
): Promise<Played> {
  const titles: string[] = []
  const places: string[] = []
  const limit = pLimit(3)
  await Promise.all(
    allSettings()
      .filter((_one, index) => index % parts === part - 1)
      .map(setting =>
        limit(() => {
          const choice = sampled(`ci ${settingTitle(setting)}`, { firsts, seconds: 1 })
          return playSetting(setting, choice, ({ title, faults }, walked) => {
            t.strictSame(faults, [], `${title}, played again by: ${replayCommand(title)}`)
            titles.push(title)
            places.push(...walked)
          })
        }),
      ),
  )
  return { titles, places }
}
