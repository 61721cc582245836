import { severities } from '../../model/audit-rule.ts'
import { type VNode, h } from './element.mjs'
import type { PageModel } from './page-model.ts'
import { button, count } from './page-parts.ts'
import { type FilterName, type ViewState, everyProject, isFiltered, nobody, onlyWords } from './view-state.ts'

type Options = readonly (readonly [value: string, label: string])[]

/** More than that in one menu help nobody, and cost as much as the rest of the page. */
const mostOptions = 500

function menu(name: FilterName, label: string, options: Options, state: ViewState): VNode {
  const chosen = state.filters[name]
  const known = options.some(([value]) => value === chosen) || chosen === ''
  const all: Options = [
    ['', 'any'],
    ...options.slice(0, mostOptions),
    ...(known ? [] : [[chosen, chosen] as const]),
  ]
  return h(
    'label',
    null,
    h('span', null, label),
    h(
      'select',
      { 'data-filter': name },
      all.map(([value, words]) => h('option', { value, selected: value === chosen }, words)),
    ),
  )
}

function named(names: Iterable<string | undefined>): Options {
  const unique = [...new Set([...names].filter(name => name !== undefined))].sort()
  return unique.map(name => [name, name])
}

interface Choices {
  readonly stacks: Options
  readonly owners: Options
  readonly projects: Options
  readonly environments: Options
  readonly states: Options
  readonly rules: Options
}

const known = new WeakMap<PageModel, Choices>()

/** What there is to choose from, worked out once for each model. */
function choicesOf(model: PageModel): Choices {
  const before = known.get(model)
  if (before !== undefined) return before
  const { rows, data, findings } = model
  const choices: Choices = {
    stacks: named(data.stacks.map(({ stack }) => stack)),
    owners: [[nobody, 'nobody'], ...named(rows.map(({ key }) => key.owner))],
    projects: [[everyProject, 'all projects'], ...named(rows.flatMap(({ key }) => key.projects ?? []))],
    environments: named(rows.map(({ key }) => key.environment)),
    states: named(rows.map(({ key }) => key.state)),
    rules: named(findings.map(({ finding }) => finding.rule)),
  }
  known.set(model, choices)
  return choices
}

/** What narrows the page; it stays in the page's address. */
export function filterBar(model: PageModel, state: ViewState, shown: number): VNode {
  const choices = choicesOf(model)
  return h(
    'search',
    { class: 'filters', 'aria-label': 'Filters' },
    h(
      'label',
      { class: 'search' },
      h('span', null, 'Search'),
      h('input', {
        type: 'search',
        id: 'search',
        'data-filter': 'q',
        value: state.filters.q,
        placeholder: 'name, id, owner, project',
        autocomplete: 'off',
        spellcheck: 'false',
        'aria-keyshortcuts': '/',
      }),
    ),
    model.data.stacks.length > 1 ? menu('stack', 'Stack', choices.stacks, state) : null,
    menu(
      'severity',
      'Findings from',
      severities.toReversed().map(severity => [severity, severity]),
      state,
    ),
    menu('rule', 'Rule', choices.rules, state),
    menu('owner', 'Owner', choices.owners, state),
    menu('project', 'Project', choices.projects, state),
    menu('environment', 'Environment', choices.environments, state),
    menu('state', 'State', choices.states, state),
    menu('only', 'Only keys', Object.entries(onlyWords), state),
    isFiltered(state) ? button('clear', 'Clear filters') : null,
    h('output', { role: 'status' }, `${count(shown)} of ${count(model.rows.length)} keys`),
  )
}
