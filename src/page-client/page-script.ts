// The script of a page: it draws the page anew whenever its reader chooses something, and keeps the choice in the address.
import { type PackedData, unpackData } from '../render/page/packed.ts'
import { type ExportFormat, exportFindings, exportKeys } from '../render/page/page-export.ts'
import { type PageModel, pageModel } from '../render/page/page-model.ts'
import { pageView } from '../render/page/page-view.ts'
import { select } from '../render/page/select-rows.ts'
import {
  type FilterName,
  type ViewState,
  filterNames,
  fromHash,
  initialState,
  pagedSections,
  sortKeys,
  toHash,
  withFilters,
  withPage,
  withSort,
} from '../render/page/view-state.ts'
import { download } from './download.ts'
import { hydrate, render } from './draw.mjs'
import { showLocalTimes } from './local-time.ts'
import { onNewData } from './new-data.ts'

const place = document.getElementById('page')
const source = document.getElementById('data')
const isLive = document.documentElement.dataset['live'] !== undefined

function begin(place: HTMLElement, text: string): void {
  let model: PageModel = pageModel(unpackData(JSON.parse(text) as PackedData))
  let state: ViewState = initialState
  hydrate(pageView(model, state, isLive), place)

  const draw = () => render(pageView(model, state, isLive), place)
  const show = (next: ViewState, isStep: boolean) => {
    state = next
    const hash = toHash(state)
    // What a reader types is one step of the history, not one for each letter.
    history[isStep ? 'pushState' : 'replaceState'](
      null,
      '',
      hash === '' ? location.pathname + location.search : `#${hash}`,
    )
    draw()
  }
  const focus = (id: string) => document.getElementById(id)?.focus()

  const openStory = (name: string) => {
    const { rows } = select(model, state)
    const index = rows.findIndex(row => row.name === name)
    const isHidden = index === -1
    const next = isHidden ? { ...state, filters: initialState.filters } : state
    const at = isHidden ? select(model, next).rows.findIndex(row => row.name === name) : index
    show({ ...withPage(next, 'keys', Math.floor(at / 100)), open: name }, true)
    const line = place.querySelector<HTMLElement>('#keys [aria-expanded="true"]')
    line?.scrollIntoView({ block: 'center' })
    line?.focus()
  }

  const exported = (what: string, format: ExportFormat) => {
    const { rows, findings } = select(model, state)
    const text = what === 'keys' ? exportKeys(rows, format) : exportFindings(findings, format)
    download(`fluxloop-${what}.${format}`, format === 'csv' ? 'text/csv' : 'application/json', text)
  }

  const acts: Readonly<Record<string, (first: string, second: string) => void>> = {
    sort: first => {
      const sort = sortKeys.find(key => key === first)
      if (sort !== undefined) show(withSort(state, sort), true)
    },
    page: (first, second) => {
      const section = pagedSections.find(name => name === first)
      if (section === undefined) return
      show(withPage(state, section, Number(second)), true)
      focus(`${section}-title`)
    },
    open: name => show({ ...state, open: state.open === name ? '' : name }, true),
    go: openStory,
    filter: (name, value) => {
      const known = filterNames.find(each => each === name)
      if (known !== undefined) show(withFilters(state, { [known]: value }), true)
    },
    clear: () => show(withFilters(state, initialState.filters), true),
    jump: id => {
      document.getElementById(id)?.scrollIntoView()
      focus(`${id}-title`)
    },
    export: (what, format) => exported(what, format === 'json' ? 'json' : 'csv'),
  }

  document.addEventListener('click', ({ target }) => {
    const asked = target instanceof Element ? target.closest<HTMLElement>('[data-do]') : null
    const [act = '', ...words] = (asked?.dataset['do'] ?? '').split(':')
    // Names hold what they like, so only the first words are split.
    const whole = words.join(':')
    if (act === 'open' || act === 'go') acts[act]?.(whole, '')
    else acts[act]?.(words[0] ?? '', words.slice(1).join(':'))
  })
  const filtered = ({ target }: Event) => {
    if (!(target instanceof HTMLInputElement || target instanceof HTMLSelectElement)) return
    const name = filterNames.find((each): each is FilterName => each === target.dataset['filter'])
    if (name !== undefined && state.filters[name] !== target.value)
      show(withFilters(state, { [name]: target.value }), target instanceof HTMLSelectElement)
  }
  document.addEventListener('input', filtered)
  document.addEventListener('change', filtered)
  document.addEventListener('keydown', event => {
    const isTyping = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement
    if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    focus('search')
  })
  window.addEventListener('popstate', () => {
    state = fromHash(location.hash)
    draw()
  })
  showLocalTimes()
  if (isLive)
    onNewData(data => {
      model = pageModel(data)
      draw()
    })
  if (location.hash !== '') {
    state = fromHash(location.hash)
    draw()
  }
  place.dataset['ready'] = ''
}

if (place !== null && source !== null) begin(place, source.textContent)
