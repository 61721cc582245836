import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Row } from './rows.ts'
import { servePlatform } from './serve.ts'
import { memoryOf, milliseconds } from './targets.ts'
import { writeEnvFiles } from './world.ts'

/** How many changes `apply` works on at once. */
const parallelism = 10
/** A key is created, proven and marked as delivered, each by one request. */
const requestsOfKey = 3

const count = (value: number) => value.toLocaleString('en')

/** Creates so many keys on an empty platform, anew in each round. */
function apply(
  program: string,
  name: string,
  keys: number,
  { latency = 0, write }: { readonly latency?: number; readonly write: typeof writeEnvFiles },
  targets: Row['targets'],
): Row {
  return {
    name,
    size: 'large',
    targets,
    open: place => ({
      run: async () => {
        const cwd = await place.empty()
        const platform = await servePlatform(join(cwd, 'platform.db'), latency)
        try {
          await write(keys, join(cwd, 'fluxloop-keys.yaml'))
          await writeFile(join(cwd, '.gitignore'), 'secrets/\n')
          const args = [program, 'apply', '--auto-approve']
          return await place.subject({ args, cwd, env: platform.env }, platform).run()
        } finally {
          await platform.close()
        }
      },
    }),
  }
}

export function applyRows(program: string): readonly Row[] {
  const own = (keys: number) => `apply, ${count(keys)} keys, env-file`
  const files = { write: writeEnvFiles }
  const floor = (400 * requestsOfKey * 50) / parallelism
  return [
    apply(program, own(400), 400, files, []),
    apply(program, own(1_000), 1_000, files, []),
    apply(program, own(4_000), 4_000, files, [memoryOf(1.5, own(1_000))]),
    apply(program, 'apply, 400 keys, 50 ms a request', 400, { latency: 50, ...files }, [
      milliseconds(1.2 * floor, 'requests × latency ÷ concurrency'),
    ]),
  ]
}
