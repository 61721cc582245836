import { buildMutant } from '../faults/crash/mutant.ts'
import { faultsOf, mutants } from '../faults/crash/mutants.ts'
import { shuffled } from '../faults/crash/setting.ts'
import { type Campaign, ofTitles } from './campaign.ts'

/** Is each wrong program found by the crash matrix, by the fault that is meant? */
export const wrongPrograms: Campaign = {
  about: 'programs with a wrong step on purpose, each of which the crash matrix has to find',
  seconds: 8,
  weight: 1,
  next: ofTitles(
    () => Object.keys(mutants),
    (titles, seed) => shuffled(titles, seed, title => title),
  ),
  play: async ({ name, tell }) => {
    const mutant = mutants[name]
    if (mutant === undefined) throw new Error(`No mutant is called ${name}.`)
    // The cases have to be ones that the program as it is passes.
    const right = await faultsOf(mutant.caught, null)
    const { program, end } = await buildMutant(mutant.edits)
    const found = await faultsOf(mutant.caught, program).finally(end)
    const isFound = found.some(fault => fault.includes(mutant.as))
    tell({
      title: name,
      faults: [...right, ...(isFound ? [] : [`not found: ${mutant.as}, as one of: ${found.join('; ')}`])],
    })
  },
}
