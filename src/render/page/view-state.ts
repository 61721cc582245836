/** The sections that show rows by the hundred. */
export const pagedSections = [
  'keys',
  'permissions',
  'findings',
  'events',
  'changes',
  'owners',
  'projects',
] as const
export type PagedSection = (typeof pagedSections)[number]

export const sortKeys = [
  'worst',
  'key',
  'owner',
  'environment',
  'state',
  'age',
  'ends',
  'use',
  'next',
] as const
export type SortKey = (typeof sortKeys)[number]

/** What a reader may narrow the page by; an empty text: by nothing. */
export const filterNames = [
  'q',
  'stack',
  'severity',
  'rule',
  'owner',
  'project',
  'environment',
  'state',
  'only',
] as const
export type FilterName = (typeof filterNames)[number]

/** Stands for keys that nobody owns. */
export const nobody = '(none)'
/** Stands for keys that reach every project. */
export const everyProject = '(all)'

/** What `only` may be, in words. */
export const onlyWords = {
  findings: 'with findings',
  drift: 'with drift',
  changes: 'that the next apply changes',
  unmanaged: 'unmanaged',
  ownerless: 'without owner',
  old: 'past their maximum age',
  unused: 'with unused permissions',
} as const
export type Only = keyof typeof onlyWords

/** What a reader chose: everything that the address of a page keeps. */
export interface ViewState {
  readonly filters: Readonly<Record<FilterName, string>>
  readonly sort: SortKey
  readonly descending: boolean
  /** From 0. */
  readonly pages: Readonly<Record<PagedSection, number>>
  /** The row whose story is open: `stack/key`; empty: none. */
  readonly open: string
}

const noFilters = Object.fromEntries(filterNames.map(name => [name, ''])) as ViewState['filters']
const firstPages = Object.fromEntries(pagedSections.map(name => [name, 0])) as ViewState['pages']

export const initialState: ViewState = {
  filters: noFilters,
  sort: 'worst',
  descending: true,
  pages: firstPages,
  open: '',
}

export function isFiltered({ filters }: ViewState): boolean {
  return filterNames.some(name => filters[name] !== '')
}

/** Another filter begins at the first rows again. */
export function withFilters(state: ViewState, filters: Partial<ViewState['filters']>): ViewState {
  return { ...state, filters: { ...state.filters, ...filters }, pages: firstPages }
}

/** What begins with its largest value: the worst, the oldest, the most used. */
const largestFirst: readonly SortKey[] = ['worst', 'age', 'use']

export function withSort(state: ViewState, sort: SortKey): ViewState {
  const descending = state.sort === sort ? !state.descending : largestFirst.includes(sort)
  return { ...state, sort, descending, pages: firstPages }
}

export function withPage(state: ViewState, section: PagedSection, page: number): ViewState {
  return { ...state, pages: { ...state.pages, [section]: Math.max(0, page) } }
}

/** What of a state is not as at the start, as the part of an address after `#`; empty where all is. */
export function toHash(state: ViewState): string {
  const parameters: [string, string][] = filterNames.flatMap(name =>
    state.filters[name] === '' ? [] : [[name, state.filters[name]] as [string, string]],
  )
  if (state.sort !== initialState.sort || state.descending !== initialState.descending)
    parameters.push(['sort', `${state.descending ? '-' : ''}${state.sort}`])
  for (const section of pagedSections)
    if (state.pages[section] > 0) parameters.push([`page-${section}`, String(state.pages[section] + 1)])
  if (state.open !== '') parameters.push(['open', state.open])
  return parameters.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return ''
  }
}

/** The reverse; what it does not understand counts as absent. */
export function fromHash(hash: string): ViewState {
  const found = new Map(
    hash
      .replace(/^#/, '')
      .split('&')
      .map(part => {
        const [name = '', ...value] = part.split('=')
        return [name, decoded(value.join('='))] as const
      }),
  )
  const order = found.get('sort') ?? ''
  const sort = sortKeys.find(key => key === order.replace(/^-/, ''))
  return {
    filters: Object.fromEntries(
      filterNames.map(name => [name, found.get(name) ?? '']),
    ) as ViewState['filters'],
    sort: sort ?? initialState.sort,
    descending: sort === undefined ? initialState.descending : order.startsWith('-'),
    pages: Object.fromEntries(
      pagedSections.map(section => {
        const page = found.get(`page-${section}`) ?? ''
        return [section, /^\d{1,6}$/.test(page) ? Math.max(0, Number(page) - 1) : 0]
      }),
    ) as ViewState['pages'],
    open: found.get('open') ?? '',
  }
}
