// The whole life of a key in one table, which stands in docs/lifecycle.md: UPDATE_GOLDEN=1 writes it.
import { readFileSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { transitions } from '../../src/lifecycle/transitions.ts'
import { type Event, type State, cell, events, meanings, states } from '../support/lifecycle.ts'

const allStates = Object.keys(states) as State[]
const allEvents = Object.keys(events) as Event[]

/** What a plan says, and what the key is once it is applied: as things are, and after every event that makes a difference. */
function section(state: State): string {
  const asItIs = cell(state, 'nothing')
  const rows = allEvents
    .map(event => [event, cell(state, event)] as const)
    .filter(([event, said]) => event === 'nothing' || said !== asItIs)
    .map(([event, said]) => `| ${event} | ${said.replace(' → ', ' | ')} |`)
  const heading = ['| happens | a plan says | and then it is |', '| --- | --- | --- |']
  return [`### ${state}`, '', meanings[state], '', ...heading, ...rows].join('\n')
}

function markers(): string {
  const rows = Object.entries(transitions).map(([event, { from, to }]) => {
    return `| ${event} | ${from.join(', ')} | ${to ?? 'as before'} |`
  })
  return ['| event | from | to |', '| --- | --- | --- |', ...rows].join('\n')
}

/** What is generated stands between such a line and the next heading of the same kind. */
const parts = {
  transitions: markers(),
  states: allStates.map(section).join('\n\n'),
}

const spaced = (text: string) => text.replace(/ *\| */g, '|').replace(/-{3,}/g, '---')

for (const [name, generated] of Object.entries(parts)) {
  t.test(`the page of the documentation shows the ${name} as they are`, async t => {
    const file = new URL('../../docs/lifecycle.md', import.meta.url)
    const [start, end] = [`<!-- begin ${name}: UPDATE_GOLDEN=1 writes it -->\n`, `\n<!-- end ${name} -->`]
    const text = readFileSync(file, 'utf8')
    const [from, to] = [text.indexOf(start) + start.length, text.indexOf(end)]
    t.ok(from >= start.length && to >= from, 'the page has a place for it')
    if (process.env['UPDATE_GOLDEN'] !== undefined)
      writeFileSync(file, `${text.slice(0, from)}\n${generated}\n${text.slice(to)}`)
    t.equal(spaced(text.slice(from, to)).trim(), spaced(generated).trim())
  })
}
