import type { Scope } from '../model/scope.ts'
import { PlatformFailure } from './platform-failure.ts'
import { newKeyBody } from './to-wire.ts'
import type { Issued, NewKey, Project } from './types.ts'

/** The only project of a scope; null where it has several, or all. */
function onlyProject(scope: Scope): string | null {
  const [name, ...others] = scope === 'all' ? [] : scope
  return name !== undefined && others.length === 0 ? name : null
}

/** Did the platform refuse a create because of the project that it names, or does not name? */
function isAboutProject(error: unknown): error is PlatformFailure {
  return (
    error instanceof PlatformFailure &&
    (error.status === 400 || error.status === 422) &&
    /\bproject_id\b/.test(error.message)
  )
}

function wantsOneProject({ name, scope }: NewKey, cause: PlatformFailure): PlatformFailure {
  const what = scope === 'all' ? 'all projects' : `${scope.length} projects`
  const { message, status } = cause
  return new PlatformFailure(
    'usage',
    `The platform makes a key for one project only (project_id), and "${name}" is for ${what}\n${message}`,
    { status, hints: ['Declare a key for each project, with that project as its scope.'] },
  )
}

/**
 * Makes keys whose scope is one project with `project_id`, as the platform's own client does. Scopes have names; where the platform
 * wants the id of the project there, it is looked up once and sent from then on. `post` sends a body under an idempotency key.
 */
export function createInProject(
  post: (body: string, idempotencyKey: string, key: NewKey) => Promise<Issued>,
  projects: () => Promise<readonly Project[]>,
): (key: NewKey, idempotencyKey: string) => Promise<Issued> {
  const ids = new Map<string, string>()

  async function idOf(name: string): Promise<string | null> {
    const project = (await projects()).find(each => each.name === name)
    if (project !== undefined && project.id !== name) ids.set(name, project.id)
    return ids.get(name) ?? null
  }

  // Another body under the same idempotency key would be refused by a platform that keeps its refusals, too.
  const postAs = (key: NewKey, id: string, idempotencyKey: string) =>
    post(newKeyBody(key, id), `${idempotencyKey}-project`, key)

  return async (key, idempotencyKey) => {
    const name = onlyProject(key.scope)
    const known = name === null ? undefined : ids.get(name)
    if (known !== undefined) return await postAs(key, known, idempotencyKey)
    try {
      return await post(newKeyBody(key, name), idempotencyKey, key)
    } catch (error) {
      if (!isAboutProject(error)) throw error
      if (name === null) throw wantsOneProject(key, error)
      const id = await idOf(name)
      if (id === null) throw error
      return await postAs(key, id, idempotencyKey)
    }
  }
}
