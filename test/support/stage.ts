import { mkdirSync, writeFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Test } from 'tap'
import type { LiveKey } from '../../src/model/live-key.ts'
import { testClient } from './client.ts'
import type { PlatformClient } from '../../src/platform/types.ts'
import { openSandbox } from '../../src/sandbox/sandbox.ts'
import { createStores } from '../../src/stores/open.ts'
import { type Ran, type TestContextOptions, type TestPlatform, runLine } from './context.ts'
import { folder as emptyFolder } from './failed.ts'
import { type Variant, variantPlatform } from './variant-proxy.ts'

/** Whole command lines in this process: files in a folder of the test, real stores but the keychain, and a sandbox. */
export interface Stage {
  readonly folder: string
  /** Runs a command line, split at spaces. */
  readonly run: (line: string, options?: TestContextOptions) => Promise<Ran>
  /** The same, and throws what it printed where it does not exit with 0. */
  readonly succeed: (line: string, options?: TestContextOptions) => Promise<Ran>
  /** The platform that the command lines reach, as its administrator. */
  readonly platform: TestPlatform
  /** The administrator, past the commands and what their platform lacks. */
  readonly client: PlatformClient
  readonly live: () => Promise<readonly LiveKey[]>
  readonly write: (path: string, text: string) => Promise<void>
  readonly read: (path: string) => Promise<string>
  now: number
}

/** What a stage needs of a test. */
export type StageTest = Pick<Test, 'teardown'>

/** Outside of any repository: in one, git is asked about every file of a store, which takes longer than all else that a command does. */
function folderWith(t: StageTest, files: Readonly<Record<string, string>>): string {
  const root = emptyFolder(t)
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return root
}

export function stage(
  t: StageTest,
  files: Readonly<Record<string, string>>,
  variants: readonly Variant[] = [],
): Stage {
  const folder = folderWith(t, files)
  const clock = { now: Date.UTC(2026, 10, 22, 12) }
  const sandbox = openSandbox({ database: ':memory:', now: () => clock.now })
  const credential = sandbox.issueAdministrator()
  const stores = createStores({ env: process.env, keychainHelper: { command: 'false', args: [] } })
  t.teardown(async () => {
    await stores.close()
    sandbox.close()
  })
  const fetch = variantPlatform(request => sandbox.handle(request), variants)
  const client = testClient({
    credential,
    fetch: request => sandbox.handle(request),
    userAgent: 'web-page/1',
    now: () => clock.now,
  })
  let nonces = 0
  const self: Stage = {
    folder,
    platform: { fetch, credential },
    client,
    run: (line, options = {}) =>
      runLine(line, {
        cwd: folder,
        now: clock.now,
        platform: self.platform,
        // The folders of tests have long names.
        width: 400,
        ...options,
        with: {
          stores: async () => stores,
          nonce: () => `n${(nonces += 1).toString(36).padStart(9, '0')}`,
          ...options.with,
        },
      }),
    succeed: async (line, options) => {
      const ran = await self.run(line, options)
      if (ran.code !== 0)
        throw new Error(`${line} exits ${ran.code}: ${(ran.err() + ran.out()).slice(-2000)}`)
      return ran
    },
    live: async () => (await client.list()).keys,
    write: (path, text) => writeFile(join(folder, path), text, { mode: 0o600 }),
    read: path => readFile(join(folder, path), 'utf8'),
    get now() {
      return clock.now
    },
    set now(at) {
      clock.now = at
    },
  }
  return self
}
