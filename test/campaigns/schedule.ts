import type { Campaign, Part, Played, Settled } from './campaign.ts'

/** What is to be played next. */
export interface Choice extends Part {
  readonly campaign: string
}

/** Divides the time among campaigns, and begins nothing that does not fit into what is left of it. */
export interface Schedule {
  /** Null: nothing that is left fits, or may begin while others are at work. */
  next(secondsLeft: number): Choice | null
  /** The cases of a part that are settled. */
  settledOf(choice: Choice): readonly Played[]
  played(choice: Choice, played: Played): void
  ended(choice: Choice, cases: number, seconds: number): void
}

interface Table {
  readonly name: string
  readonly campaign: Campaign
  readonly settled: Map<string, Played>
  readonly busy: Set<string>
  /** The seconds that were given to it, those of parts at work as they are expected. */
  given: number
  /** What a case takes at the most, as far as is known. */
  secondsPerCase: number
}

/** How much longer than expected a part may take. */
const margin = 1.25

export function openSchedule(
  campaigns: Readonly<Record<string, Campaign>>,
  seed: string,
  settledOf: (campaign: string) => Settled,
  /** How many times slower this machine is than one at rest. */
  slowness = 1,
): Schedule {
  const tables = Object.entries(campaigns).map(([name, campaign]): Table => ({
    name,
    campaign,
    settled: new Map(settledOf(name)),
    busy: new Set(),
    given: 0,
    secondsPerCase: campaign.seconds * slowness,
  }))
  const tableOf = ({ campaign }: Choice) => {
    const table = tables.find(({ name }) => name === campaign)
    if (table === undefined) throw new Error(`No campaign is called ${campaign}.`)
    return table
  }
  const expected = ({ secondsPerCase }: Table, { cases }: Part) => secondsPerCase * cases
  return {
    next: secondsLeft => {
      const poorest = [...tables].sort((a, b) => a.given / a.campaign.weight - b.given / b.campaign.weight)
      for (const table of poorest) {
        const part = table.campaign.next(seed, table.settled, table.busy)
        if (part === null || expected(table, part) * margin > secondsLeft) continue
        table.busy.add(part.name)
        table.given += expected(table, part)
        return { ...part, campaign: table.name }
      }
      return null
    },
    settledOf: choice =>
      [...tableOf(choice).settled.values()].filter(({ title }) => title.startsWith(choice.name)),
    played: (choice, played) => void tableOf(choice).settled.set(played.title, played),
    ended: (choice, cases, seconds) => {
      const table = tableOf(choice)
      table.busy.delete(choice.name)
      table.given += seconds - expected(table, choice)
      // One slow part says more than many fast ones about whether the next one fits.
      table.secondsPerCase = Math.max(table.secondsPerCase * 0.9, seconds / Math.max(1, cases))
    },
  }
}
