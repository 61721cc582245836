// What a faulty wire does to answers that come through a proxy: the same as without one, though another fetch reads them.
import t, { type Test } from 'tap'
import { second } from '../../src/model/duration.ts'
import { Failure } from '../../src/model/failure.ts'
import { createClient } from '../../src/platform/client.ts'
import { proxiedFetch } from '../../src/platform/proxied-fetch.ts'
import { openSandbox } from '../../src/sandbox/sandbox.ts'
import type { FaultName } from '../faults/support/fault-table.ts'
import { faults } from '../faults/support/faults.ts'
import { type Wire, openWire } from '../faults/support/wire.ts'
import { type TestProxy, connectProxy } from '../support/proxy.ts'
import { overFetch } from '../../src/platform/transport.ts'

const name = 'api.fluxloop.test'

interface Scene {
  readonly wire: Wire
  readonly proxy: TestProxy
  /** Lists the keys; resolves to what that failed with. */
  readonly list: (timeoutMs: number) => Promise<Failure | null>
}

async function scene(t: Test): Promise<Scene> {
  const sandbox = openSandbox({ database: ':memory:' })
  const credential = sandbox.issueAdministrator()
  const wire = await openWire(request => sandbox.handle(request))
  t.teardown(() => wire.close())
  const proxy = await connectProxy(t, Number(new URL(wire.url).port))
  const through = proxiedFetch({ url: `http://${proxy.host}`, authorization: null, variable: 'HTTPS_PROXY' })
  t.teardown(() => {
    through.close()
    sandbox.close()
  })
  return {
    wire,
    proxy,
    list: async timeoutMs => {
      const client = createClient({
        baseUrl: `http://${name}`,
        credential,
        userAgent: 'fluxloop-keys/0.0.0-test',
        transport: overFetch(through.fetch),
        random: () => 0,
        sleep: async () => undefined,
        now: Date.now,
        timeoutMs,
      })
      return await client.list().then(
        () => null,
        (cause: unknown) => {
          if (cause instanceof Failure) return cause
          throw cause
        },
      )
    },
  }
}

for (const [fault, tries, code, said] of [
  [
    'redirect to another origin',
    1,
    'network',
    /redirects GET \/api\/api-keys elsewhere, where no key is sent/,
  ],
  ['slow drip', 5, 'network', /was not answered within 0\.5 seconds, after 5 tries/],
  ['gzip bomb', 1, 'failed', /is larger than 32 MB/],
] as const satisfies readonly (readonly [FaultName, number, string, RegExp])[]) {
  t.test(`ends with words for it, and goes on working, through a proxy: ${fault}`, async t => {
    const { wire, proxy, list } = await scene(t)
    t.equal(await list(30 * second), null)
    wire.requests.length = 0
    wire.fault = () => faults[fault]
    t.match(await list(fault === 'slow drip' ? 500 : 30 * second), { code, message: said })
    t.equal(wire.requests.length, tries)
    wire.fault = () => null
    t.equal(await list(30 * second), null)
    t.strictSame([...new Set(proxy.asked)], [`CONNECT ${name}:80`], 'and to no other origin')
  })
}
