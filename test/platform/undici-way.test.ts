// What a faulty wire does to answers that come through a proxy: the same as without one, though another client reads them.
import { once } from 'node:events'
import { type IncomingMessage, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { second } from '../../src/model/duration.ts'
import { Failure } from '../../src/model/failure.ts'
import { createClient } from '../../src/platform/client.ts'
import { openSandbox } from '../../src/sandbox/sandbox.ts'
import type { FaultName } from '../faults/support/fault-table.ts'
import { faults } from '../faults/support/faults.ts'
import { type Wire, openWire } from '../faults/support/wire.ts'
import { type TestProxy, connectProxy } from '../support/proxy.ts'
import type { Transport } from '../../src/platform/transport.ts'
import type { PlatformClient } from '../../src/platform/types.ts'
import { undiciWay } from '../../src/platform/undici-way.ts'

const name = 'api.fluxloop.test'

interface Scene {
  readonly wire: Wire
  readonly proxy: TestProxy
  readonly transport: Transport
  readonly client: (transport: Transport, timeoutMs?: number) => PlatformClient
}

async function scene(t: Test, { hasProxy }: { readonly hasProxy: boolean }): Promise<Scene> {
  const sandbox = openSandbox({ database: ':memory:' })
  const credential = sandbox.issueAdministrator()
  const wire = await openWire(request => sandbox.handle(request))
  t.teardown(() => wire.close())
  const proxy = await connectProxy(t, Number(new URL(wire.url).port))
  const { transport, close } = undiciWay(
    hasProxy ? { url: `http://${proxy.host}`, authorization: null, variable: 'HTTPS_PROXY' } : null,
  )
  t.teardown(() => {
    close()
    sandbox.close()
  })
  const baseUrl = hasProxy ? `http://${name}` : wire.url
  return {
    wire,
    proxy,
    transport,
    client: (transport, timeoutMs = 30 * second) =>
      createClient({
        baseUrl,
        credential,
        userAgent: 'fluxloop-keys/0.0.0-test',
        transport,
        random: () => 0,
        sleep: async () => undefined,
        now: Date.now,
        timeoutMs,
      }),
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
    const { wire, proxy, transport, client } = await scene(t, { hasProxy: true })
    await client(transport).list()
    wire.requests.length = 0
    wire.fault = () => faults[fault]
    await t.rejects(client(transport, fault === 'slow drip' ? 500 : 30 * second).list(), {
      code,
      message: said,
    })
    t.equal(wire.requests.length, tries)
    wire.fault = () => null
    await client(transport).list()
    t.strictSame([...new Set(proxy.asked)], [`CONNECT ${name}:80`], 'and to no other origin')
  })
}

for (const hasProxy of [true, false])
  t.test(
    `sends no write whose lease ends while it connects ${hasProxy ? 'through' : 'without'} a proxy`,
    async t => {
      const { wire, transport, client } = await scene(t, { hasProxy })
      let isHeld = true
      const leased = client(outgoing => {
        const sending = transport(outgoing)
        isHeld = false
        return sending
      })
      leased.underLease({
        epoch: 7,
        requireHeld: () => {
          if (!isHeld) throw new Failure('conflict', 'late')
        },
      })
      const lost = { code: 'conflict', message: /lease of this stack/, ambiguous: false }
      await t.rejects(leased.revoke('key_abc123'), lost)
      await leased.list()
      await t.rejects(leased.revoke('key_abc123'), lost, 'nor on a connection that is there')
      t.strictSame(wire.requests, ['GET /api/api-keys'])
    },
  )

for (const hasProxy of [true, false])
  t.test(
    `ends the connection of a request that is given up ${hasProxy ? 'through' : 'without'} a proxy`,
    async t => {
      const server = createServer()
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      t.teardown(() => void server.close())
      const { port } = server.address() as AddressInfo
      const { host } = await connectProxy(t, port)
      const { transport, close } = undiciWay(
        hasProxy ? { url: `http://${host}`, authorization: null, variable: 'HTTPS_PROXY' } : null,
      )
      t.teardown(close)
      const given = new AbortController()
      const url = `http://${hasProxy ? name : `127.0.0.1:${port}`}/`
      const answer = transport({ method: 'GET', url, headers: {}, body: null, signal: given.signal })
      const [request] = (await once(server, 'request')) as [IncomingMessage]
      const closed = once(request.socket, 'close')
      given.abort('over')
      await t.rejects(answer)
      const late = setTimeout(5 * second, 'it is open still', { ref: false })
      t.not(await Promise.race([closed, late]), 'it is open still')
    },
  )
