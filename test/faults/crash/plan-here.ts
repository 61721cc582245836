import { readCommandLine } from '../../../src/cli.ts'
import { hostHash } from '../../../src/host.ts'
import type { Ended } from '../../support/program.ts'
import { runToEnd, testContext } from '../../support/context.ts'
import { createStores } from '../../../src/stores/open.ts'
import type { Stage } from './stage.ts'

/** `plan --detailed-exitcode` from the sources and in this process: a process of its own for each would take most of the time. */
export async function planHere({ platform, place }: Pick<Stage, 'platform' | 'place'>): Promise<Ended> {
  const stores = createStores({ env: place.env, keychainHelper: { command: 'false', args: [] } })
  const context = testContext({
    cwd: place.work,
    env: place.env,
    now: platform.now,
    platform: { fetch: request => platform.send(request), credential: platform.administrator },
    // To another machine everything that the killed run left would be none of its business.
    with: { host: () => hostHash(place.env['HOME']), stores: async () => stores },
  })
  const invocation = readCommandLine(['plan', '--detailed-exitcode'], context.version)
  if (invocation.kind === 'answered') throw new Error('plan only prints help')
  const code = await runToEnd(context, () => invocation.run(context)).finally(() => stores.close())
  return { code, signal: null, stdout: context.out(), stderr: context.err() }
}
