import { type CreateOptions, runCreate } from '../../src/commands/apikeys/apikeys-create-command.ts'
import { type DeleteOptions, runDelete } from '../../src/commands/apikeys/apikeys-delete-command.ts'
import {
  type RegenerateOptions,
  runRegenerate,
} from '../../src/commands/apikeys/apikeys-regenerate-command.ts'
import { type UpdateOptions, runUpdate } from '../../src/commands/apikeys/apikeys-update-command.ts'
import type { Context } from '../../src/context.ts'
import { type TestContextOptions, runToEnd, testContext } from './context.ts'
import { type ReferencePlatform, referenceNow } from './reference.ts'

/** The commands that make, change and end keys, each with the least that it takes. */

const where = { apiUrl: null, staging: false, profile: null, verbose: false }
const newKey: CreateOptions = {
  ...where,
  name: 'Production Deployment',
  description: null,
  scope: null,
  permissions: null,
  expires: null,
  environment: null,
  stores: [],
  clipboard: true,
  allowUnmasked: false,
  json: false,
  quiet: false,
}
const nothing: UpdateOptions = {
  ...where,
  reference: 'key_abc123',
  name: null,
  description: null,
  scope: null,
  permissions: null,
  expires: null,
  json: false,
  config: [],
}
const ending = { ...where, reference: 'key_abc123', force: false, forceSelf: false, config: [] }

async function run(command: (context: Context) => Promise<number>, options: TestContextOptions) {
  const context = testContext({ now: referenceNow, ...options })
  const code = await runToEnd(context, () => command(context))
  return { ...context, code }
}
/** Somebody at a terminal, since a secret is printed nowhere else unasked. Without a clipboard, unless the test says more of the terminal. */
export const create = (asked: Partial<CreateOptions>, options: TestContextOptions) =>
  run(context => runCreate({ ...newKey, clipboard: options.terminal !== undefined, ...asked }, context), {
    terminal: true,
    ...options,
  })
export const update = (asked: Partial<UpdateOptions>, options: TestContextOptions) =>
  run(context => runUpdate({ ...nothing, ...asked }, context), options)
export const regenerate = (asked: Partial<RegenerateOptions>, options: TestContextOptions) =>
  run(
    context =>
      runRegenerate(
        { ...ending, json: false, quiet: false, allowUnmasked: false, allowPath: [], ...asked },
        context,
      ),
    {
      terminal: true,
      ...options,
    },
  )
export const remove = (asked: Partial<DeleteOptions>, options: TestContextOptions) =>
  run(context => runDelete({ ...ending, ...asked }, context), options)

/** The live keys by id, past the commands. */
export async function liveKeys(
  platform: ReferencePlatform,
): Promise<ReadonlyMap<string, Record<string, unknown>>> {
  const headers = { authorization: `Bearer ${platform.credential.reveal()}` }
  const answer = await platform.fetch(new Request('http://any.origin/api/api-keys', { headers }))
  const { api_keys: keys } = (await answer.json()) as {
    api_keys: (Record<string, unknown> & { id: string })[]
  }
  return new Map(keys.map(key => [key.id, key]))
}

/** The secrets of the page. */
export const firstSecret = 'flux_prod_abc123def456ghi789jkl012mno'
export const secondSecret = 'flux_prod_xyz789abc123def456ghi789jkl'
/** The requests that change something. */
export const writes = (requests: readonly string[]) => requests.filter(request => !request.startsWith('GET '))
