import { type Game, games, playOne, playSeries } from '../support/histories/run.ts'
import { type Campaign, ofNumbers } from './campaign.ts'

/** How many histories one case has: in process they take some 4 ms each. */
const countOf: Readonly<Record<Game, number>> = { 'in process': 250, 'over HTTP': 10 }

const isGame = (name: string): name is Game => Object.hasOwn(games, name)

/** Random histories. A title with a path, or with a history as JSON, plays that one alone. */
export const histories: Campaign = {
  about: 'random histories of declarations, edits by hand, kills and time',
  seconds: 3,
  weight: 2,
  next: ofNumbers((number, index) => `${index % 4 === 3 ? 'over HTTP' : 'in process'}/${number}`),
  play: async ({ name, tell }) => {
    const [game = '', seed = '', ...rest] = name.split('/')
    if (!isGame(game)) throw new Error(`Histories are played in process or over HTTP, not ${game}.`)
    const played = seed.startsWith('{')
      ? playOne(game, name.slice(game.length + 1))
      : playSeries({ game, seed: Number(seed), count: countOf[game], path: rest.join('/') })
    const faults = await played.then(
      () => [],
      (cause: unknown) => [cause instanceof Error ? cause.message : String(cause)],
    )
    tell({ title: name, faults })
  },
}
