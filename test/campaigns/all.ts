import type { Campaign } from './campaign.ts'
import { concurrency } from './concurrency.ts'
import { crash } from './crash.ts'
import { fleet, fuzz, longTests, stores } from './files.ts'
import { histories } from './histories.ts'
import { wrongPrograms } from './mutants-campaign.ts'
import { missing } from './missing.ts'
import { wire } from './wire-campaign.ts'

export const campaigns: Readonly<Record<string, Campaign>> = {
  crash,
  mutants: wrongPrograms,
  wire,
  stores,
  concurrency,
  histories,
  fuzz,
  missing,
  fleet,
  long: longTests,
}

export function campaignOf(name: string): Campaign {
  const campaign = Object.hasOwn(campaigns, name) ? campaigns[name] : undefined
  if (campaign === undefined)
    throw new Error(`There is no campaign ${name}. There are ${Object.keys(campaigns).join(', ')}.`)
  return campaign
}

/** Plays the one case of that title, `crash: create/both/none/after-put:1`. Resolves to what is wrong. */
export async function playTitle(title: string, seed = '0'): Promise<readonly string[]> {
  const [name = '', ...rest] = title.split(': ')
  const faults: string[] = []
  await campaignOf(name).play({
    name: rest.join(': '),
    seed,
    settled: new Map(),
    tell: played => void faults.push(...played.faults),
  })
  return faults
}
