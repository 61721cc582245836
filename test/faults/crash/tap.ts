import pLimit from 'p-limit'
import type { Test } from 'tap'
import { sampled } from './choice.ts'
import { type Verdict, playCase, playSetting } from './play.ts'
import { allSettings, caseOf, checkpointOf, replayCommand, settingTitle, titleBeyond } from './setting.ts'

/** What was played, and at which checkpoints a run was killed. */
export interface Played {
  readonly titles: readonly string[]
  readonly killedAt: ReadonlySet<string>
}

/**
 * Plays a part of the matrix, always the same one, with an assertion for each case: in every so manyth setting one run that is
 * not killed, and runs killed at `firsts` of the points that it comes by, each with one recovery that is killed as well. Then
 * one case for each checkpoint that runs came by and none was killed at.
 */
export async function playPart(
  t: Test,
  { part, parts, firsts }: { readonly part: number; readonly parts: number; readonly firsts: number },
): Promise<Played> {
  const titles: string[] = []
  /** By checkpoint, the case whose last run is killed there, of several the first by its title. */
  const ways = new Map<string, string>()
  const limit = pLimit(3)
  const tell = ({ title, faults }: Verdict) => {
    t.strictSame(faults, [], `${title}, played again by: ${replayCommand(title)}`)
    titles.push(title)
  }
  const killedAt = () => {
    const kills = titles.map(caseOf).flatMap(({ kills: { first, second } }) => [first, second])
    return new Set(kills.filter(place => place !== null).map(checkpointOf))
  }
  await Promise.all(
    allSettings()
      .filter((_one, index) => index % parts === part - 1)
      .map(setting =>
        limit(() => {
          const choice = sampled(`ci ${settingTitle(setting)}`, { firsts, seconds: 1 })
          return playSetting(setting, choice, (verdict, places) => {
            tell(verdict)
            for (const place of places) {
              const [checkpoint, way] = [checkpointOf(place), titleBeyond(verdict.title, place)]
              if (way < (ways.get(checkpoint) ?? '~')) ways.set(checkpoint, way)
            }
          })
        }),
      ),
  )
  const left = [...ways.keys()].filter(checkpoint => !killedAt().has(checkpoint))
  const cases = left.map(checkpoint => caseOf(ways.get(checkpoint) ?? ''))
  await Promise.all(
    cases.map(({ setting, kills }) => limit(async () => tell(await playCase(setting, kills)))),
  )
  return { titles, killedAt: killedAt() }
}
