// A process that plays one part after the other, as it is asked to.
import { campaignOf } from './all.ts'
import type { Played } from './campaign.ts'

/** What to play. */
export interface Order {
  readonly campaign: string
  readonly name: string
  readonly seed: string
  readonly settled: readonly Played[]
}

/** A case that was played, or the end of the part: with what went wrong, where it could not be played to its end. */
export type Report = { readonly played: Played } | { readonly ended: string | null }

const send = (report: Report) => void process.send?.(report)

async function play({ campaign, name, seed, settled }: Order): Promise<void> {
  await campaignOf(campaign).play({
    name,
    seed,
    settled: new Map(settled.map(played => [played.title, played])),
    tell: played => send({ played }),
  })
}

process.on('message', (order: Order) => {
  play(order).then(
    () => send({ ended: null }),
    (cause: unknown) => send({ ended: cause instanceof Error ? String(cause.stack) : String(cause) }),
  )
})
