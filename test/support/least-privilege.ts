import type { Permission } from '../../src/model/permission.ts'
import { fractions } from './random.ts'

const projects = [
  'customer-support-bot',
  'sales-assistant',
  'analytics-agent',
  'billing-bot',
  'hiring-helper',
] as const

/** The permissions that work in one project at a time. */
const permissions = [
  'read_scenarios',
  'upload_results',
  'create_scenarios',
  'update_scenarios',
  'delete_scenarios',
  'read_results',
] as const satisfies readonly Permission[]

type Power = (typeof permissions)[number]

/** What one key has to do, and what somebody granted it. */
export interface Need {
  readonly keyId: string
  /** Each pair is used; its permissions and projects are all that the key needs. */
  readonly uses: readonly { readonly permission: Power; readonly project: string }[]
  readonly granted: { readonly permissions: readonly string[]; readonly scope: readonly string[] }
}

/** True needs by chance, and grants that hold them all, most of them too many. */
export function randomNeeds(count: number, seed: number): readonly Need[] {
  const next = fractions(seed)
  const some = <Of>(all: readonly Of[]) => all.filter(() => next() < 0.35)
  const atLeastOne = <Of>(all: readonly Of[]) => {
    const chosen = some(all)
    const [one] = all.slice(Math.floor(next() * all.length))
    return chosen.length > 0 || one === undefined ? chosen : [one]
  }
  return Array.from({ length: count }, (_, index) => {
    const [needed, touched] = [atLeastOne(permissions), atLeastOne(projects)]
    const pairs = needed.flatMap(permission => touched.map(project => ({ permission, project })))
    const chosen = new Set(some(pairs))
    // Each of them is used somewhere, though not everywhere.
    for (const permission of needed) {
      const own = pairs.filter(pair => pair.permission === permission)
      const pair = own[Math.floor(next() * own.length)]
      if (pair !== undefined) chosen.add(pair)
    }
    for (const project of touched) {
      const own = pairs.filter(pair => pair.project === project)
      const pair = own[Math.floor(next() * own.length)]
      if (pair !== undefined) chosen.add(pair)
    }
    return {
      keyId: `bot-${String(index).padStart(3, '0')}`,
      uses: [...chosen],
      granted: {
        permissions: permissions.filter(name => needed.includes(name) || next() < 0.5),
        scope: projects.filter(name => touched.includes(name) || next() < 0.5),
      },
    }
  })
}

export const allProjects: readonly string[] = projects

export function neededBy({ uses }: Need): Need['granted'] {
  return {
    permissions: permissions.filter(name => uses.some(({ permission }) => permission === name)),
    scope: projects.filter(name => uses.some(({ project }) => project === name)),
  }
}

/** What a call is over HTTP; `scenario` makes one of that project first and gives its id. */
export async function requestOf(
  { permission, project }: Need['uses'][number],
  scenario: (project: string) => Promise<string>,
): Promise<{ readonly method: string; readonly path: string; readonly body?: object }> {
  const project_id = project
  switch (permission) {
    case 'read_scenarios':
      return { method: 'POST', path: '/api/sync/pull', body: { project_id } }
    case 'upload_results':
      return { method: 'POST', path: '/api/sync/upload', body: { project_id, results: [1] } }
    case 'create_scenarios':
      return { method: 'POST', path: '/api/scenarios', body: { project_id, name: 'Greeting' } }
    case 'update_scenarios':
      return { method: 'PATCH', path: `/api/scenarios/${await scenario(project)}`, body: { name: 'Hello' } }
    case 'delete_scenarios':
      return { method: 'DELETE', path: `/api/scenarios/${await scenario(project)}` }
    case 'read_results':
      return { method: 'GET', path: `/api/results?project_id=${project}` }
  }
}
