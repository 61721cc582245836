import assert from 'node:assert/strict'
import { replayCommand, replayTitle } from '../../campaigns/progress.ts'
import { fc } from '../properties.ts'
import { inProcess, inProcessButSlow, overHttp } from './backends.ts'
import { anyHistory } from './generate.ts'
import { type Ending, PromiseBroken, play } from './history-play.ts'
import type { History } from './steps.ts'
import type { Deeds } from './history-world.ts'

/** How histories are played: on the model platform; or on the sandbox over HTTP, where each must end just as on the model platform. */
export const games = {
  'in process': async (history: History): Promise<Ending> => await play(history, inProcess()),
  'over HTTP': async (drawn: History): Promise<Ending> => {
    const history = oneByOne(drawn)
    const backend = await overHttp()
    try {
      const ending = await play(history, backend)
      assert.deepEqual(
        (await play(history, inProcessButSlow())).lines,
        ending.lines,
        'the model platform is not the sandbox',
      )
      return ending
    } finally {
      await backend.close()
    }
  },
} as const

/** Which of two requests at once comes first is not the same over a network: keys are worked on one after the other here. */
function oneByOne({ steps, ...how }: History): History {
  return { ...how, steps: steps.map(step => (step.do === 'apply' ? { ...step, parallelism: 1 } : step)) }
}

export type Game = keyof typeof games

export interface Series {
  readonly game: Game
  readonly seed: number
  readonly count: number
  /** Of one of them, to play it alone. */
  readonly path?: string
}

/** All that was done to keys, by action. */
export type Tally = ReadonlyMap<Deeds, number>

function storyOf(error: unknown): string {
  if (error instanceof PromiseBroken) return [error.message, '', ...error.story].join('\n')
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

/** Plays one history, as JSON. Rejects with the promise that is broken. */
export async function playOne(game: Game, json: string): Promise<void> {
  await games[game](JSON.parse(json) as History).catch((error: unknown) => {
    throw new Error(storyOf(error))
  })
}

/**
 * Plays that many random histories. Rejects with the smallest one found in which a promise is broken, step by step, and with
 * what plays it again. `path`, as a failure prints it, plays that one alone.
 */
export async function playSeries({ game, seed, count, path = '' }: Series): Promise<Tally> {
  const tally = new Map<Deeds, number>()
  const property = fc.asyncProperty(anyHistory, async history => {
    const { deeds } = await games[game](history)
    for (const [action, times] of deeds) tally.set(action, (tally.get(action) ?? 0) + times)
  })
  const result = await fc.check(property, { numRuns: count, seed, ...(path === '' ? {} : { path }) })
  if (!result.failed) return tally
  const [smallest] = result.counterexample ?? []
  const { steps = [], ...how } = smallest ?? {}
  const lines = [
    storyOf(result.errorInstance),
    '',
    `That is history ${result.numRuns} ${game}, made smaller ${result.numShrinks} times: ${steps.length} steps, ${JSON.stringify(how)}.`,
    `To play it again: ${replayCommand('histories', `${game}/${seed}/${result.counterexamplePath ?? ''}`)}`,
    `To keep it: ${replayTitle('histories', `${game}/${JSON.stringify(smallest)}`)}`,
  ]
  throw new Error(lines.join('\n'))
}
