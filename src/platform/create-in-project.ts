import type { Scope } from '../model/scope.ts'
import { PlatformFailure } from './platform-failure.ts'
import { newKeyBody } from './to-wire.ts'
import type { CreateRequest, Issued, NewKey, PlatformClient, Project } from './types.ts'

/** A create as it is sent. */
interface Post extends CreateRequest {
  readonly body: string
}

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
 * wants the id of the project there, it is looked up once and sent from then on. `post` sends a body under an
 * idempotency key; `next` gives both, and what they ask for, anew.
 */
export function createInProject(
  post: (post: Post, next: (() => Post) | undefined) => Promise<Issued>,
  projects: () => Promise<readonly Project[]>,
): PlatformClient['create'] {
  const ids = new Map<string, string>()

  async function idOf(name: string): Promise<string | null> {
    const project = (await projects()).find(each => each.name === name)
    if (project !== undefined && project.id !== name) ids.set(name, project.id)
    return ids.get(name) ?? null
  }

  // Another body under the same idempotency key would be refused by a platform that keeps its refusals, too.
  const withId =
    (id: string) =>
    ({ key, idempotencyKey }: CreateRequest): Post => ({
      key,
      body: newKeyBody(key, id),
      idempotencyKey: `${idempotencyKey}-project`,
    })

  return async (key, idempotencyKey, renew) => {
    const postAs = (toPost: (request: CreateRequest) => Post) =>
      post(toPost({ key, idempotencyKey }), renew === undefined ? undefined : () => toPost(renew()))
    const name = onlyProject(key.scope)
    const known = name === null ? undefined : ids.get(name)
    if (known !== undefined) return await postAs(withId(known))
    try {
      return await postAs(request => ({ ...request, body: newKeyBody(request.key, name) }))
    } catch (error) {
      if (!isAboutProject(error)) throw error
      if (name === null) throw wantsOneProject(key, error)
      const id = await idOf(name)
      if (id === null) throw error
      return await postAs(withId(id))
    }
  }
}
