// The harness of the crash matrix has to find wrong orders of steps: each of these programs is caught by the cases that it names,
// which the program as it is passes. Two of them are played here, all of them by `npm run test:campaigns -- --only mutants`.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { playTitle } from '../campaigns/all.ts'
import { buildMutant, mutated } from './crash/mutant.ts'
import { faultsOf, mutants } from './crash/mutants.ts'
import { caseOf, titleOf } from './crash/setting.ts'

t.jobs = 2

t.test(
  'every wrong program is a change of the sources as they are, and names cases that there are',
  async t => {
    for (const [what, { edits, caught }] of Object.entries(mutants)) {
      for (const edit of edits) {
        const source = readFileSync(new URL(`../../src/${edit.file}`, import.meta.url), 'utf8')
        t.doesNotThrow(() => mutated(source, edit), what)
      }
      t.ok(
        caught.length > 0 &&
          caught.every(title => titleOf(caseOf(title).setting, caseOf(title).kills) === title),
        what,
      )
    }
  },
)

t.test('the program built as the wrong ones are passes', { buffered: true }, async t => {
  const same = await buildMutant([])
  t.strictSame(await faultsOf(['create/readable/with the secret/after-put:1'], same.program), [])
  await same.end()
})

/** A step in the wrong order, and one that trusts what it must not. */
const usual = [
  'a leak that is marked after its successor is delivered',
  'a heal that delivers what it cannot prove',
]
for (const what of usual)
  t.test(`the harness finds ${what}`, { buffered: true }, async t => {
    t.strictSame(await playTitle(`mutants: ${what}`), [])
  })
