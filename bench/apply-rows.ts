import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Row } from './rows.ts'
import { servePlatform } from './serve.ts'
import { atMost, memoryOf, milliseconds } from './targets.ts'
import { writeEnvFiles } from './world.ts'

/** How many changes `apply` works on at once. */
const parallelism = 10
/** A key is created, proven and marked as delivered, each by one request. */
const requestsOfKey = 3

const count = (value: number) => value.toLocaleString('en')

/** Creates that many keys on an empty platform, anew in each round. */
function apply(
  name: string,
  keys: number,
  { latency = 0, args }: { readonly latency?: number; readonly args: readonly string[] },
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
          await writeEnvFiles(keys, join(cwd, 'fluxloop-keys.yaml'))
          await writeFile(join(cwd, '.gitignore'), 'secrets/\n')
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
  const files = { args: [program, 'apply', '--auto-approve'] }
  const inMemory = (keys: number) => `apply alone, ${count(keys)} keys, stores in memory`
  const requests = (keys: number) => `the requests of that alone, ${count(keys)} keys`
  const script = (mode: string, keys: number) => ({
    args: [
      `--import=${import.meta.resolve('tsx')}`,
      join(import.meta.dirname, 'create-keys.ts'),
      mode,
      String(keys),
      'fluxloop-keys.yaml',
    ],
  })
  const floor = (400 * requestsOfKey * 50) / parallelism
  return [
    apply(requests(1_000), 1_000, script('alone', 1_000), []),
    apply(inMemory(1_000), 1_000, script('apply', 1_000), [atMost(2, requests(1_000))]),
    apply(inMemory(4_000), 4_000, script('apply', 4_000), [memoryOf(1.5, inMemory(1_000))]),
    apply(own(1_000), 1_000, files, [atMost(1.5, inMemory(1_000))]),
    apply('apply, 400 keys, 50 ms a request', 400, { latency: 50, ...files }, [
      milliseconds(1.2 * floor, 'requests × latency ÷ concurrency'),
    ]),
  ]
}
