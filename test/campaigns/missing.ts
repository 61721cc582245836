import type { CapabilityName } from '../../src/platform/capabilities.ts'
import { shuffled } from '../faults/crash/setting.ts'
import { faultsOf, lifecycleStory } from '../support/lifecycle-story.ts'
import { dispensable, required } from '../support/missing-calls.ts'
import type { StageTest } from '../support/stage.ts'
import type { Variant } from '../support/variant-proxy.ts'
import { type Campaign, ofTitles } from './campaign.ts'

const variants: Readonly<Record<CapabilityName, Variant>> = { ...dispensable, ...required }
const names = Object.keys(variants) as readonly (keyof typeof variants)[]

/** Every two and every three things that keys can be managed without. */
function combinations(): readonly string[] {
  const known = names.filter(name => name in dispensable)
  return known.flatMap((a, index) =>
    known.slice(index + 1).flatMap((b, next) => {
      const third = known.slice(index + next + 2).map(c => [a, b, c].join(' + '))
      return [`${a} + ${b}`, ...third]
    }),
  )
}

async function playStory(lacking: readonly CapabilityName[]): Promise<readonly string[]> {
  const teardowns: (() => unknown)[] = []
  const test = { teardown: (work: () => unknown) => void teardowns.push(work) } as StageTest
  try {
    const story = await lifecycleStory(
      test,
      lacking.map(name => variants[name]),
    )
    return faultsOf(lacking, story)
  } finally {
    for (const work of teardowns.reverse()) await work()
  }
}

/** The whole life of keys on every platform that lacks two or three things. */
export const missing: Campaign = {
  about: 'the life of keys on platforms that lack two or three calls, headers or fields',
  seconds: 1,
  weight: 1,
  next: ofTitles(combinations, (titles, seed) => shuffled(titles, seed, title => title)),
  play: async ({ name, tell }) => {
    const lacking = name.split(' + ').map(each => {
      const known = names.find(one => one === each)
      if (known === undefined) throw new Error(`A platform cannot lack ${each}.`)
      return known
    })
    tell({ title: name, faults: await playStory(lacking) })
  },
}
